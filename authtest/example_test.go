package authtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// test stands for the *testing.T that an example does not have.
type test struct{ testing.TB }

func (test) Helper()                       {}
func (test) Cleanup(func())                {}
func (test) Context() context.Context      { return context.Background() }
func (test) Output() io.Writer             { return io.Discard }
func (test) Fatalf(text string, of ...any) { panic(fmt.Sprintf(text, of...)) }

// hello is the application under test: GET /hello for verified users.
func hello(auth *latchkey.Auth[Member]) *http.ServeMux {
	mux := http.NewServeMux()
	verified := httpauth.Require(auth, latchkey.Verified)
	mux.Handle("GET /hello", verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		member, _ := httpauth.CurrentUser[Member](r)
		_, _ = io.WriteString(w, "Hello "+member.Nick)
	})))
	return mux
}

func ExampleAs() {
	t := test{} // of func TestHello(t *testing.T)
	app := authtest.New(t, latchkey.Options[Member]{})
	mux := hello(app.Auth)

	ada := authtest.User(func(m *Member) { m.Nick = "Ada" })
	client := authtest.As(t, app.Auth, "web", ada)
	w := client.Do(mux, "GET", "/hello", "")
	fmt.Println(w.Code, w.Body)

	unverified := authtest.User(func(m *Member) { m.IsVerified = false })
	w = authtest.As(t, app.Auth, "api", unverified).Do(mux, "GET", "/hello", "")
	fmt.Println(w.Code, w.Body)

	w = authtest.NewClient(t).Do(mux, "GET", "/hello", "") // nobody
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 Hello Ada
	// 403 {"detail":"Forbidden"}
	// 401 {"detail":"Unauthorized"}
}

// A login of an hour ago, at a provider.
func ExampleAs_proofs() {
	t := test{}
	app := authtest.New(t, latchkey.Options[Member]{})
	mux := http.NewServeMux()
	mux.Handle("POST /payout", httpauth.Require(app, latchkey.Fresh(10*time.Minute))(http.NotFoundHandler()))

	hourAgo := core.Proof{Method: "oauth:acme", At: time.Now().Add(-time.Hour)}
	client := authtest.As(t, app.Auth, "web", authtest.User[Member](), hourAgo)
	fmt.Println(client.Do(mux, "POST", "/payout", "").Body)
	// Output: {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}
}

// Any fields of the options that production has; the others are those of tests.
func ExampleNew() {
	t := test{}
	app := authtest.New(t, latchkey.Options[Member]{
		Hooks: latchkey.Hooks[Member]{
			BeforeRegister: func(_ context.Context, e *latchkey.Event[Member]) error {
				if !strings.HasSuffix(e.User.EmailKey, "@example.org") {
					return latchkey.Refuse("MEMBERS_ONLY")
				}
				return nil
			},
		},
	})
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", app.Register(), app.Login("web"))

	client := authtest.NewClient(t)
	w := client.Do(mux, "POST", "/auth/register", `{"email": "eve@example.com", "password": "a long secret"}`)
	fmt.Println(w.Code, w.Body)
	w = client.Do(mux, "POST", "/auth/register", `{"email": "ada@example.org", "password": "analytical engine"}`)
	fmt.Println(w.Code)
	w = client.Do(mux, "POST", "/auth/login", "username=ada@example.org&password=analytical+engine")
	fmt.Println(w.Code)
	// Output:
	// 400 {"detail":"MEMBERS_ONLY"}
	// 201
	// 204
}

func ExampleMail() {
	t := test{}
	app := authtest.New(t, latchkey.Options[Member]{Flows: []latchkey.Flow{reset.Flow{}}})
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", app.Reset(), app.Login("web"))
	ada := authtest.User[Member]()
	authtest.As(t, app.Auth, "web", ada) // stores her

	client := authtest.NewClient(t)
	client.Do(mux, "POST", "/auth/forgot-password", `{"email": "`+ada.Email+`"}`)
	mail := authtest.Mail(t, app.Auth, app.Outbox, ada.Email, core.MailReset)
	w := client.Do(mux, "POST", "/auth/reset-password", `{"token": "`+mail.Token+`", "password": "analytical engine"}`)
	fmt.Println(mail.Subject, w.Code)
	w = client.Do(mux, "POST", "/auth/login", "username="+ada.Email+"&password=analytical+engine")
	fmt.Println(w.Code)
	// Output:
	// Choose a new password 200
	// 204
}

func ExampleProvider() {
	t := test{}
	verified := true
	acme := authtest.Provider("acme", core.OAuthIdentity{Subject: "7", Email: "ada@example.org", EmailVerified: &verified})
	social, err := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: authtest.Secret(),
		Providers: []oauth.Provider{{Provider: acme, VerifiedByDefault: true}},
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	app := authtest.New(t, latchkey.Options[Member]{Flows: social.Flows()})
	mux := hello(app.Auth)
	httpauth.Mount(mux, "/auth/acme", app.OAuth("acme", "web"))

	client := authtest.NewClient(t)
	w := client.LogIn(mux, "/auth/acme/authorize?redirect_to=/hello", "")
	fmt.Println(w.Code, w.Header().Get("Location"))
	fmt.Println(client.Do(mux, "GET", "/hello", "").Code)

	w = authtest.NewClient(t).Decline(mux, "/auth/acme/authorize?redirect_to=/hello")
	fmt.Println(w.Header().Get("Location"))
	// Output:
	// 303 /hello
	// 200
	// /hello?error=access_denied
}

// What a handler does while an administrator acts as a user.
func ExampleActing() {
	t := test{}
	app := authtest.New(t, latchkey.Options[Member]{})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", httpauth.Require(app)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, acts := latchkey.Actor(r.Context())
		_, _ = fmt.Fprintf(w, "somebody acts: %t", acts)
	})))
	mux.Handle("POST /orders", httpauth.Require(app, latchkey.InPerson)(http.NotFoundHandler()))
	root := authtest.User(func(m *Member) { m.IsSuperuser = true })
	ada := authtest.User[Member]()

	client := authtest.Acting(t, app.Auth, "web", root, ada)
	fmt.Println(client.Do(mux, "GET", "/orders", "").Body)
	fmt.Println(client.Do(mux, "POST", "/orders", "").Code)
	// Output:
	// somebody acts: true
	// 403
}
