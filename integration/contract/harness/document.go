package harness

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/impersonation"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/openapi"
)

// The OpenAPI document of the application is compared with every answer of the
// contract run: the checker is around the handler of every server, and around
// the client where a server is no http.Handler.

// checker returns the one checker of the test binary.
var checker = sync.OnceValue(func() *openapi.Checker {
	auth, err := documented()
	if err != nil {
		panic(err)
	}
	doc, err := openapi.New(openapi.Options{
		Servers: []string{"/", Prefix},
		RouteCodes: map[string][]string{
			// Of /{id}, where users may not delete themselves.
			"users:delete_current_user": {"404 Not Found"},
			// Of the hooks of tests.
			"oauth:acme.jwt.callback": {"429 SLOW_DOWN"}, "oauth:acme.cookie.callback": {"429 SLOW_DOWN"},
		},
	}, AccountRoutes(auth), OAuthRoutes(auth), auth.APIKeys().At("/auth"), RefreshRoutes(auth))
	if err != nil {
		panic(err)
	}
	return doc.Checker()
})

// documented is an application with everything that tests add to theirs.
func documented() (*latchkey.Auth[Account], error) {
	kept := Memory(nil, time.Now)
	backends, err := newBackends(kept, time.Now)
	if err != nil {
		return nil, err
	}
	renewing, err := newRenewing(kept, time.Now)
	if err != nil {
		return nil, err
	}
	social, err := oauth.New(oauth.Options{
		Accounts: kept.Accounts, Secret: Secret, Tickets: kept.Tickets,
		Providers: []oauth.Provider{{Provider: &Acme{ID: "acme"}}},
	})
	if err != nil {
		return nil, err
	}
	keys, err := passkey.New(passkey.Options{Secret: Secret})
	if err != nil {
		return nil, err
	}
	o := Options{
		Backends: append(backends, renewing...),
		Flows: append(social.Flows(), verify.Flow{}, reset.Flow{}, totp.Flow{}, recovery.Flow{},
			trusted.Flow{}, emailchange.Flow{Confirm: true}, maillogin.Flow{}, keys,
			audit.Flow{Store: kept.Audit, Own: true}, impersonation.Flow{}, devicegrant.Flow{}, leaving.Flow{}),
		SelfDelete: true, SelfExport: true, Captcha: unsolved{},
		Tickets: kept.Tickets, Credentials: kept.Credentials, Vault: Vault, Sender: make(Mailbox, 1), BaseURL: BaseURL,
	}
	if err := addKeys(&o, keyOptions()); err != nil {
		return nil, err
	}
	return latchkey.New(kept.Users, o)
}

// unsolved is a riddle that nobody solves.
type unsolved struct{}

func (unsolved) Check(context.Context, *core.Request, string) (bool, error) { return false, nil }

// AccountRoutes are the routes that every application under test has, where
// App.Serve mounts them.
func AccountRoutes(auth *latchkey.Auth[Account]) core.Group {
	all := slices.Concat(auth.Register(), auth.Verify(), auth.Reset(), auth.Sessions(), auth.Keys(),
		auth.Account()).At("/auth")
	for _, b := range Backends {
		own := slices.Concat(auth.Login(b), auth.Factors(b), auth.Impersonation(b), auth.Device(b))
		all = append(all, own.At("/auth/"+b)...)
	}
	return slices.Concat(all, auth.Users().At("/users"), auditRoutes(auth))
}

// auditRoutes are those of the audit log; none where a test has its own flows.
func auditRoutes(auth *latchkey.Auth[Account]) core.Group {
	return slices.DeleteFunc(auth.API(), func(e core.Endpoint) bool { return !strings.HasPrefix(e.Name, "audit:") })
}

// OAuthRoutes are the routes of acme that tests use, where App.ServeOAuth
// mounts them.
func OAuthRoutes(auth *latchkey.Auth[Account]) core.Group {
	return slices.Concat(
		auth.OAuth("acme", "jwt").At(AcmeByJWT), auth.OAuth("acme", "cookie").At(AcmeByCookie),
		auth.Associate("acme").At(AcmeLinked), auth.Exchange("jwt").At("/auth/jwt"), auth.Accounts().At("/auth"),
	)
}

// Main runs the tests of a package. They fail if none of them drives one of the
// operations to one of its documented statuses, unless only some tests run.
func Main(m *testing.M) {
	code := m.Run()
	if code != 0 || !whole() {
		os.Exit(code)
	}
	for _, line := range checker().Missing() {
		if line == never {
			continue
		}
		fmt.Println("no test drives", line, "which is in the OpenAPI document")
		code = 1
	}
	os.Exit(code)
}

// atOnce is the success of who leaves at once: the document has that of who
// leaves after a while.
const atOnce = "/users/me answers 204: the status"

// report returns what hears of answers that are not in the document.
func report(t *testing.T) func(error) {
	return func(err error) {
		if !strings.Contains(err.Error(), atOnce) {
			t.Error(err)
		}
	}
}

// never is a success that a JWT does not have: its actor's login is in no list.
const never = "POST /auth/jwt/impersonate/end 200"

// whole reports whether all tests of the package run.
func whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}
