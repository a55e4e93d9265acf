package importers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/hashers/pbkdf2"
	"github.com/latchkey-go/latchkey/hashers/scrypt"
	"github.com/latchkey-go/latchkey/importers"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// Account is the application's user.
type Account struct {
	latchkey.User
	FullName string `json:"full_name" auth:"register,update"`
	Name     string `json:"name"`
	Username string `json:"username"`
	Plan     string `json:"plan"`
}

type provider string

func (p provider) Name() string { return string(p) }
func (p provider) Begin(context.Context, core.OAuthBegin) (string, error) {
	return "https://accounts.example", nil
}
func (p provider) Finish(context.Context, core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	return core.OAuthIdentity{}, core.OAuthTokens{}, nil
}

// app is an application over a new database, which verifies the hashes of all
// systems.
type app struct {
	*testing.T
	*latchkey.Auth[Account]
	social  *oauth.OAuth
	store   *sqlstore.Store
	handler http.Handler
}

func newApp(t *testing.T, d database, pepper string) *app {
	t.Helper()
	store, err1 := sqlstore.New(d.open(t, d.address(t)), d.dialect, sqlstore.Options{})
	users, err2 := sqlstore.Users[Account](store)
	if err := errors.Join(err1, err2, store.Migrate(t.Context())); err != nil {
		t.Fatal(err)
	}
	ours, err1 := argon2id.New(argon2id.Options{Memory: 7 << 10, Time: 5})
	b, err2 := bcrypt.New(bcrypt.Options{Pepper: pepper})
	s, err3 := scrypt.New(scrypt.Options{})
	p, err4 := pbkdf2.New(pbkdf2.Options{})
	sessions, err5 := session.New(users.Sessions(), session.Options{})
	social, err6 := oauth.New(oauth.Options{
		Accounts: store.OAuthAccounts(), Tickets: store.Tickets(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: provider("google")}, {Provider: provider("github")},
			{Provider: provider("fake")}},
		Vault: []oauth.Key{{ID: "k1", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}},
	})
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(users, latchkey.Options[Account]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Hashers:  []core.Hasher{ours, b, s, p}, Flows: social.Flows(), Tickets: store.Tickets(),
		BaseURL: "https://app.example.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/api", auth.Login("api"))
	return &app{t, auth, social, store, mux}
}

// run runs a dry run, the run, and a second one, which must say the same and
// change nothing.
func (a *app) run(from importers.Source, o importers.Options) importers.Report {
	a.Helper()
	o.DryRun = true
	dry := a.once(from, o)
	o.DryRun = false
	report := a.once(from, o)
	dry.DryRun = false
	if dry.String() != report.String() {
		a.Errorf("the dry run says\n%s\nand the run\n%s", dry, report)
	}
	again := a.once(from, o)
	if again.Same != report.Imported || again.Imported != 0 || again.Refused != report.Refused ||
		again.Skipped != report.Skipped {
		a.Errorf("the run says\n%s\nand a second one\n%s", report, again)
	}
	return report
}

func (a *app) once(from importers.Source, o importers.Options) importers.Report {
	a.Helper()
	report, err := importers.Run(a.Context(), a.Manager(), from, o)
	if err != nil {
		a.Fatal(err)
	}
	return report
}

// login is the status of POST /login.
func (a *app) login(address, password string) int {
	a.Helper()
	form := url.Values{"username": {address}, "password": {password}}.Encode()
	r := httptest.NewRequestWithContext(a.Context(), "POST", "https://app.example.org/auth/api/login",
		strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w.Code
}

// wantLogin checks that a wrong password does not open an account, the old one
// does, and that it does so again once the hash is one of ours.
func (a *app) wantLogin(address, password string) {
	a.Helper()
	for _, c := range []struct {
		password string
		status   int
	}{{password + "x", 400}, {password, 200}, {password, 200}} {
		if status := a.login(address, c.password); status != c.status {
			a.Errorf("%s logs in with %q: %d, want %d", address, c.password, status, c.status)
		}
	}
	if hash := a.user(address).HashedPassword; !strings.HasPrefix(string(hash), "$argon2id$") {
		a.Errorf("%s still has a hash %.8s…", address, string(hash))
	}
}

// user returns the user of an address.
func (a *app) user(address string) *Account {
	a.Helper()
	u, err := a.Manager().FindByEmail(a.Context(), address)
	if err != nil {
		a.Fatalf("%s: %v", address, err)
	}
	return u
}

// token checks the token that the application has at a provider for a user.
func (a *app) token(address, provider, want string) {
	a.Helper()
	if token, err := a.social.Token(a.Context(), a.user(address).ID, provider); token != want || err != nil {
		a.Errorf("the token of %s is %q, %v; want %q", address, token, err, want)
	}
}

// linked checks to which accounts a user is linked, "google/1".
func (a *app) linked(address string, want ...string) {
	a.Helper()
	links, err := a.store.OAuthAccounts().List(a.Context(), a.user(address).ID)
	if err != nil {
		a.Fatal(err)
	}
	got := map[string]bool{}
	for _, l := range links {
		got[l.Provider+"/"+l.Subject] = true
		if l.AccessToken != "" && strings.Contains(l.AccessToken, "token-of") {
			a.Errorf("the token of %s is stored in clear", l.Provider)
		}
	}
	for _, l := range want {
		if !got[l] {
			a.Errorf("%s is not linked to %s but to %v", address, l, got)
		}
	}
	if len(got) != len(want) {
		a.Errorf("%s is linked to %v, want %v", address, got, want)
	}
}

// wantReport compares the counts of a report.
func (a *app) wantReport(got, want importers.Report) {
	a.Helper()
	counts := func(r importers.Report) string {
		return fmt.Sprint("imported ", r.Imported, ", taken ", r.Taken, ", doubled ", r.Doubled, ", refused ", r.Refused,
			", skipped ", r.Skipped, ", superusers ", r.Superusers, ", without password ", r.WithoutPassword, ", links ", r.Links,
			", left ", r.Left, ", unknown ", r.Unknown)
	}
	for _, m := range []*map[string]int{&want.Left, &want.Unknown} {
		if *m == nil {
			*m = map[string]int{}
		}
	}
	if counts(got) != counts(want) {
		a.Errorf("the report is\n%s\nwant\n%s\n%s", counts(got), counts(want), got)
	}
}
