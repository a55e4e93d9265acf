package proofs_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/scratchcard"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Full names of users who are treated in another way than most.
const (
	// careful are the users who must have a second factor.
	careful = "Careful"
	// mailed are those whose password is followed by a mail.
	mailed = "By mail"
)

var plenty = core.Limit{Events: 100_000, Window: time.Minute}

// app is an application with every proof that there is.
type app struct {
	*harness.App
	log harness.Journal
	// meanwhile passes while a browser is being trusted.
	meanwhile harness.Moment
}

// newApp makes one at a place. change, if not nil, changes
// the options; the routes are to be served then.
func newApp(t *testing.T, p harness.Place, change func(*harness.App, *harness.Options)) *app {
	t.Helper()
	a := &app{}
	social := harness.WithOAuth(t, func(o *oauth.Options) { o.Providers[0].AssociateByEmail = true })
	a.App = harness.NewApp(t, p.Adapter, p.Open, func(inner *harness.App, o *harness.Options) {
		social(inner, o)
		keys, err := passkey.New(passkey.Options{Secret: harness.Secret, Requests: plenty})
		if err != nil {
			t.Fatal(err)
		}
		mails := maillogin.Flow{SignUp: true, SecondFactor: true,
			Options: mailtoken.Options{RequestLimit: plenty, AttemptLimit: plenty}}
		o.Flows = append(o.Flows, keys, mailFactor{mails}, &scratchcard.Flow{}, secrets{}, meanwhile{&a.meanwhile})
		o.RequireFactor = func(_ context.Context, u *harness.Account) (bool, error) { return u.FullName == careful, nil }
		o.Log = a.log.Logger()
		if change != nil {
			change(inner, o)
		}
	})
	if change == nil {
		a.serve(t)
	}
	return a
}

// serve mounts the routes of the providers and the test's own beside those of
// every application.
func (a *app) serve(t *testing.T) {
	t.Helper()
	a.Serve(t, func(r harness.Router) {
		for _, backend := range harness.Backends {
			r.Mount("/auth/"+backend+"/acme", a.OAuth("acme", backend))
			r.Mount("/auth/"+backend, a.Exchange(backend))
		}
		r.Mount("", a.Flow("secrets"))
	})
}

// mailFactor asks only those who are called so, since every user has an
// address.
type mailFactor struct{ maillogin.Flow }

func (f mailFactor) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	if u.(*harness.Account).FullName != mailed {
		return false, nil
	}
	return f.Flow.Asks(ctx, u, done)
}

func (f mailFactor) WithLink(path string) core.Flow {
	return mailFactor{f.Flow.WithLink(path).(maillogin.Flow)}
}

// secrets has routes that want more than a login.
type secrets struct{}

func (secrets) Name() string     { return "secrets" }
func (secrets) PerBackend() bool { return false }

func (secrets) Routes(*core.Services) ([]core.Route, error) {
	route := func(path string, guards ...core.Guard) core.Route {
		return core.Route{
			Name: "secrets:" + path, Method: http.MethodGet, Pattern: "/" + path, Guards: guards,
			Doc: core.Doc{Status: http.StatusOK},
			Handle: func(context.Context, *core.Request) (*core.Response, error) {
				return core.JSON(http.StatusOK, map[string]any{})
			},
		}
	}
	return []core.Route{
		route("strong", latchkey.Factor(0)), route("passkey-now", latchkey.Factor(5*time.Minute, core.MethodPasskey)),
	}, nil
}
