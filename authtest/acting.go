package authtest

import (
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// Acting returns a client of a backend by which an administrator acts as a
// user, as after POST /impersonate of flows/impersonation: latchkey.Actor
// returns the administrator, and what needs the user in person is refused. Both
// are created first if they have no ID, and the administrator is logged in, as
// by As. They must be an active superuser, and the user neither one nor
// blocked; else the test ends. The flow need not be among the Options.
func Acting[U any, PU core.Model[U]](t testing.TB, auth *latchkey.Auth[U], backend string, admin, u *U) *Client {
	t.Helper()
	by, as := created[U, PU](t, "Acting", auth, admin), created[U, PU](t, "Acting", auth, u)
	own := logIn(t, auth, backend, by, nil)
	admission, err := auth.Services().Gate.Admit(t.Context(), core.Attempt{
		User: PU(u), Backend: backend, Request: loginRequest(t), Reason: "authtest",
		Actor: &core.Session{ID: own.Token.SessionID, UserID: by.ID, Backend: backend, Epoch: by.TokenEpoch},
	})
	if err != nil {
		t.Fatalf("authtest: Acting: %q cannot act as %q: %v; the administrator must have IsSuperuser, and the user must "+
			"be active, somebody else and no superuser", by.Email, as.Email, err)
	}
	return clientOf(t, auth, backend, admission)
}
