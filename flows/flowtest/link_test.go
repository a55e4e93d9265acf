package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Account is the application's user.
type Account struct{ latchkey.User }

// linkLogin is the flow of POST /link, which mails a link, and POST /link/use,
// which logs in with its token.
type linkLogin struct{ kind mailtoken.Kind }

// newLinkLogin returns the flow. "link" is the purpose of its tickets and the
// kind of its mails, for which the sender has templates.
func newLinkLogin() linkLogin {
	return linkLogin{mailtoken.New("link", mailtoken.Options{
		Lifetime: 15 * time.Minute, Link: "/login/link#token={token}",
	})}
}

// Name names the group of routes: auth.Flow("link", "web").
func (linkLogin) Name() string { return "link" }

// PerBackend is true for what ends in a login: each backend has its routes.
func (linkLogin) PerBackend() bool { return true }

// Routes returns the routes of a backend, or what the flow misses.
func (f linkLogin) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{
		{
			Name: "link:" + svc.Backend.Name + ".request", Method: http.MethodPost, Pattern: "/link", Public: true,
			Doc: core.Doc{
				Summary: "Ask for a mail with a link that logs in", Status: http.StatusAccepted,
				Body: struct {
					Email string `json:"email"`
				}{},
				Codes: []string{core.CodeRateLimited},
			},
			Handle: f.kind.Request(svc, mayLogIn(svc), "link.requested"),
		},
		{
			Name: "link:" + svc.Backend.Name + ".use", Method: http.MethodPost, Pattern: "/link/use", Public: true,
			Doc: core.Doc{
				Summary: "Log in with the token of the link",
				Body: struct {
					Token string `json:"token"`
				}{},
				Codes: []string{"LINK_BAD_TOKEN", core.CodeRateLimited, core.CodeLoginFactorRequired},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				in, err := core.ReadStrings(r, "token") // 422
				if err != nil {
					return nil, err
				}
				if err := f.kind.Admit(ctx, svc, r); err != nil { // 429
					return nil, err
				}
				return f.use(ctx, svc, in[0], r)
			},
		},
	}, f.kind.Check(svc)
}

// use spends a token, and hands the proof of the mailbox to the gate.
func (f linkLogin) use(ctx context.Context, svc *core.Services, token string, r *core.Request) (*core.Response, error) {
	t, u, used, err := f.kind.Find(ctx, svc, token)
	if err != nil {
		return nil, err
	}
	holds := func(u *core.User) bool {
		return mayLogIn(svc)(u) && u.EmailKey == t.Email && u.TokenEpoch == t.Epoch
	}
	if u == nil || used || !holds(u.Base()) {
		return nil, core.Refuse("LINK_BAD_TOKEN")
	}
	e := &core.Event{Kind: "link.used", User: u, Request: r}
	_, err = mailtoken.Spend(ctx, svc, t, e, mailtoken.Effect{
		Holds: holds, // looked at again, under the row's lock
		// Who proves a mailbox that nobody had proved gets the account
		// without what an earlier holder may have left in it.
		TakesOver: func(u *core.User) bool { return !u.IsVerified },
		Change: func(u *core.User, _ int) {
			if !u.IsVerified {
				u.IsVerified, u.HashedPassword = true, ""
				u.TokenEpoch++ // whoever is logged in there is not the owner
			}
		},
	})
	if errors.Is(err, core.ErrUsed) {
		return nil, core.Refuse("LINK_BAD_TOKEN")
	}
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	admission, err := svc.Gate.Admit(ctx, core.Attempt{
		User: e.User, Backend: svc.Backend.Name, Request: r,
		Proof: core.Proof{Method: core.MethodEmail, At: svc.Env.Now()},
	})
	return admission.Answer, err
}

func mayLogIn(svc *core.Services) func(*core.User) bool {
	return func(u *core.User) bool { return !u.Blocked(svc.Env.Now()) }
}

func TestLinkLogin(t *testing.T) {
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return newLinkLogin() },
		New: func(t *testing.T, f core.Flow) core.Group {
			return authtest.New(t, latchkey.Options[Account]{Flows: []latchkey.Flow{f}}).Flow(f.Name(), "web")
		},
		Ask: func(address string) flowtest.Request {
			return flowtest.Request{Route: "POST /link", JSON: fmt.Sprintf(`{"email": %q}`, address)}
		},
		Use: func(token string) flowtest.Request {
			return flowtest.Request{Route: "POST /link/use", JSON: fmt.Sprintf(`{"token": %q}`, token)}
		},
		Lifetime: 15 * time.Minute,
	})
}
