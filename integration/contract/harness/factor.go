package harness

import (
	"context"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// SecondFactor is a flow that asks a user whose name is EnrolledName for the
// code 123456. Tried, if not nil, is called at each attempt.
type SecondFactor struct{ Tried func() }

// EnrolledName is the full name of users who have a second factor.
const EnrolledName = "Has a second factor"

// Name returns "second".
func (SecondFactor) Name() string { return "second" }

// PerBackend returns true.
func (SecondFactor) PerBackend() bool { return true }

// Method returns "second".
func (SecondFactor) Method() string { return "second" }

// Asks reports whether the user is enrolled and has not passed the factor yet.
func (SecondFactor) Asks(_ context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	return u.(*Account).FullName == EnrolledName && done[len(done)-1].Method != "second", nil
}

// Routes returns POST /second, which takes the pending ticket and the code.
func (f SecondFactor) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "second:" + svc.Backend.Name + ".prove", Method: http.MethodPost, Pattern: "/second", Public: true,
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if err != nil {
				return nil, err
			}
			pending, _ := in.Required("pending")
			admission, err := svc.Gate.Continue(ctx, pending, r, func(context.Context, core.AnyUser) (core.Proof, error) {
				if f.Tried != nil {
					f.Tried()
				}
				if code, _ := in.Required("code"); code != "123456" {
					return core.Proof{}, core.Refuse("WRONG_CODE")
				}
				return core.Proof{Method: "second", At: svc.Env.Now()}, nil
			})
			return admission.Answer, err
		},
	}}, nil
}

// WithSecondFactor adds the flow.
func WithSecondFactor(_ *App, o *Options) { o.Flows = append(o.Flows, SecondFactor{}) }

// PendingTicket logs an enrolled user in as far as the first proof goes, and
// returns the ticket of the login that waits.
func (a *App) PendingTicket(t *testing.T, backend string, u *Account) string {
	t.Helper()
	got := a.Send(t, "POST", "/auth/"+backend+"/login", LoginForm(u.Email, Password))
	detail, _ := got.Member(t, "detail").(Object)
	ticket, _ := detail["pending"].(string)
	if got.Status != 403 || detail["code"] != core.CodeLoginFactorRequired || len(ticket) != core.SecretLen {
		t.Fatalf("got %d %s, want a pending ticket", got.Status, got.Body)
	}
	return ticket
}
