package latchkey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// The functions of this file are blocks of docs/guides/second-factors.md.

func withFactors(o latchkey.Options[Member], credentials core.CredentialStore, secret []byte) latchkey.Options[Member] {
	o.Flows = append(o.Flows, totp.Flow{Issuer: "Shop"}, recovery.Flow{})
	o.Credentials = credentials // store.Credentials() of sqlstore, bunstore, gormstore or mongostore
	o.Vault = []core.VaultKey{{ID: "2026", Secret: secret}}
	return o
}

func trustBrowsers(o latchkey.Options[Member]) latchkey.Options[Member] {
	o.Flows = append(o.Flows, trusted.Flow{}) // beside totp.Flow and recovery.Flow
	return o
}

func requireOfStaff(o latchkey.Options[Member]) latchkey.Options[Member] {
	o.RequireFactor = func(_ context.Context, m *Member) (bool, error) { return m.IsSuperuser, nil }
	return o
}

func guardedByFactors(mux *http.ServeMux, auth *latchkey.Auth[Member], h http.Handler) {
	// Two proofs, at any time in this login.
	mux.Handle("/payroll", httpauth.Require(auth, latchkey.Factor(0))(h))
	// A code of the last five minutes.
	mux.Handle("/transfer", httpauth.Require(auth, latchkey.Factor(5*time.Minute, "totp"))(h))
	// Any proof of the last ten.
	mux.Handle("/address", httpauth.Require(auth, latchkey.Fresh(10*time.Minute))(h))
}

func helpSomebody(ctx context.Context, auth *latchkey.Auth[Member], id string) error {
	if _, err := auth.Manager().RemoveFactors(ctx, id); err != nil { // the phone is lost, and so are the codes
		return err
	}
	return auth.Manager().EndSessions(ctx, id)
}

// A user adds an authenticator app, and logs in with its code.
func ExampleAuth_Factors() {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	auth, err := latchkey.New(memstore.NewUsers[Member](), withFactors(latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Tickets: memstore.NewTickets(clock), Hashers: cheap(), Now: clock,
	}, memstore.NewCredentials(clock), []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"), auth.Factors("web"), auth.Account())
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}
	post := func(route, token, body string, answer any) (status string) {
		status, body, _ = strings.Cut(exchange(mux, "POST "+route, token, body), " ")
		_ = json.Unmarshal([]byte(body), answer)
		return status
	}

	token := logIn(mux, "ada@example.org", "analytical engine")
	var begun struct{ Enrolment, Secret, URI string } // the page shows URI as a QR code
	post("/auth/totp/begin", token, "", &begun)
	code, _ := totp.Code(begun.Secret, now) // as the app does that has scanned it
	fmt.Println("confirmed:", post("/auth/totp/confirm", token,
		fmt.Sprintf(`{"enrolment": %q, "code": %q, "label": "my phone"}`, begun.Enrolment, code), nil))

	var refused struct {
		Detail struct {
			Code, Pending string
			Factors       []string
		}
	}
	status := post("/auth/login", "", `{"email": "ada@example.org", "password": "analytical engine"}`, &refused)
	fmt.Println("the password alone:", status, refused.Detail.Code, refused.Detail.Factors)
	now = now.Add(30 * time.Second) // each code works once
	code, _ = totp.Code(begun.Secret, now)
	fmt.Println("and the code:", post("/auth/totp", "",
		fmt.Sprintf(`{"pending": %q, "code": %q}`, refused.Detail.Pending, code), nil))
	// Output:
	// confirmed: 200
	// the password alone: 403 LOGIN_FACTOR_REQUIRED [totp]
	// and the code: 200
}

// Of a user without a factor, a fresh login opens what needs no more.
func ExampleFactor() {
	o := latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Tickets: memstore.NewTickets(time.Now), Hashers: cheap(),
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), withFactors(trustBrowsers(requireOfStaff(o)),
		memstore.NewCredentials(time.Now), []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"), auth.Factors("web"), auth.Account())
	guardedByFactors(mux, auth, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "done") }))
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}
	token := logIn(mux, "ada@example.org", "analytical engine")
	fmt.Println(exchange(mux, "POST /address", token, ""))
	fmt.Println(exchange(mux, "POST /payroll", token, ""))
	fmt.Println(helpSomebody(context.Background(), auth, ada.ID)) // and her logins are over
	fmt.Println(exchange(mux, "POST /address", token, ""))
	// Output:
	// 200 done
	// 403 {"detail":{"code":"PROOF_REQUIRED","max_age":0,"methods":[]}}
	// <nil>
	// 401 {"detail":"Unauthorized"}
}
