package maillogin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/flows/maillogin"
)

// handled is a user with a name beside the address.
type handled struct {
	latchkey.User
	latchkey.Named
}

// posted is the head of a request.
type posted struct{}

func (posted) Method() string { return http.MethodPost }
func (posted) Host() string   { return "app.example.org" }
func (posted) Lines(name string) []string {
	if name == "Content-Type" {
		return []string{"application/json"}
	}
	return nil
}

// atOnce runs jobs, and keeps the last mail.
type atOnce struct {
	ctx  context.Context
	mail core.Mail
	err  error
}

func (a *atOnce) Enqueue(_ string, do func(context.Context) error)     { a.err = do(a.ctx) }
func (a *atOnce) EnqueueMail(_ string, do func(context.Context) error) { a.err = do(a.ctx) }
func (a *atOnce) Send(_ context.Context, m core.Mail) error {
	a.mail = m
	return nil
}

// granted asks for a mail to u by a route, and returns the flow's secret and
// what pick takes of the mail, with a blank between.
func granted(
	ctx context.Context, f core.Flow, svc *core.Services, route string, u core.AnyUser, pick func(core.Mail) string,
) (string, error) {
	own, now := *svc, &atOnce{ctx: ctx}
	own.Jobs, own.Mail = now, now
	routes, err := f.Routes(&own)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(routes, func(r core.Route) bool { return r.Pattern == route })
	session := &core.Session{UserID: u.Base().ID, Proofs: []core.Proof{{Method: core.MethodPassword}}}
	resp, err := routes[i].Handle(core.WithCurrent(ctx, core.Current{User: u, Session: session}), &core.Request{
		Head: posted{}, Remote: netip.MustParseAddr("192.0.2.1"),
		Body: strings.NewReader(fmt.Sprintf(`{"email": %q}`, u.Base().Email)),
	})
	if err != nil || now.err != nil {
		return "", errors.Join(err, now.err)
	}
	var begun struct{ Flow string }
	err = json.Unmarshal(resp.Body, &begun)
	return begun.Flow + " " + pick(now.mail), err
}

func token(m core.Mail) string { return m.Token }
func code(m core.Mail) string  { return m.Code }

// otherDigits is another code.
func otherDigits(value string) string {
	last := value[len(value)-1]
	return value[:len(value)-1] + string('0'+(last-'0'+1)%10)
}

// otherLetters is another token.
func otherLetters(value string) string {
	if strings.HasSuffix(value, "AAAA") {
		return value[:len(value)-4] + "BBBB"
	}
	return value[:len(value)-4] + "AAAA"
}

func TestConformance(t *testing.T) {
	t.Parallel()
	confirm := maillogin.Flow{OtherBrowser: maillogin.Confirm}
	for name, c := range map[string]struct {
		flow   maillogin.Flow
		member string // of the body
		pick   func(core.Mail) string
		guess  func(string) string
	}{
		"link":                   {maillogin.Flow{}, "token", token, otherLetters},
		"code":                   {maillogin.Flow{}, "code", code, otherDigits},
		"link in another window": {confirm, "token", token, otherLetters},
		"code in another window": {confirm, "code", code, otherDigits},
	} {
		for _, backend := range []string{"web", "api"} {
			t.Run(name+" "+backend, func(t *testing.T) {
				t.Parallel()
				flowtest.Run(t, flowtest.Harness{
					Flow: func() core.Flow { return c.flow }, New: newGroup(backend), Backend: backend,
					Ask: func(address string) flowtest.Request {
						return flowtest.Request{Route: "POST /mail-login", JSON: fmt.Sprintf(`{"email": %q}`, address)}
					},
					Use: use("POST /mail-login/confirm", c.member),
					Grant: func(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
						return granted(ctx, c.flow, svc, "/mail-login", u, c.pick)
					},
					Guess: c.guess, Lifetime: 10 * time.Minute,
				})
			})
		}
	}
}

// A step-up is of the caller.
func TestConformanceOfTheStepUp(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			request := use("POST /prove/mail/confirm", "code")
			flowtest.Run(t, flowtest.Harness{
				Flow: func() core.Flow { return maillogin.Flow{} }, New: newGroup(backend), Backend: backend,
				Use: func(value string) flowtest.Request {
					r := request(value)
					r.Caller = true
					return r
				},
				Grant: func(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
					return granted(ctx, maillogin.Flow{}, svc, "/prove/mail", u, code)
				},
				Guess: otherDigits, Lifetime: 10 * time.Minute,
			})
		})
	}
}

func newGroup(backend string) func(*testing.T, core.Flow) core.Group {
	return func(t *testing.T, f core.Flow) core.Group {
		return authtest.New(t, latchkey.Options[handled]{Flows: []latchkey.Flow{f}}).Flow(f.Name(), backend)
	}
}

func use(route, member string) func(string) flowtest.Request {
	return func(value string) flowtest.Request {
		flow, secret, _ := strings.Cut(value, " ")
		return flowtest.Request{Route: route, JSON: fmt.Sprintf(`{"flow": %q, %q: %q}`, flow, member, secret)}
	}
}
