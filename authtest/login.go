package authtest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// maxProofs is how many proofs As vouches for at most.
const maxProofs = 8

// As logs a user in at a backend and returns a client that sends what a client
// of that backend would. A user without an ID is created first, as
// Manager.Create does without a password, hooks included; any other one must
// exist.
//
// The login goes through the gate, so it is refused to a user who is inactive,
// suspended or, where that is required, not verified, and by BeforeLogin; then
// the test ends. As vouches for a password, or for the proofs that are given,
// and beside them for the factors that the gate asks for, so that nothing has
// to be enrolled. A proof without a time is of now; a factor is as old as the
// last proof that is given:
//
//	hourAgo := time.Now().Add(-time.Hour)
//	client := authtest.As(t, auth, "web", ada,
//		core.Proof{Method: "oauth:google", At: hourAgo})
func As[U any, PU core.Model[U]](
	t testing.TB, auth *latchkey.Auth[U], backend string, u *U, proofs ...core.Proof,
) *Client {
	t.Helper()
	b := created[U, PU](t, "As", auth, u)
	return clientOf(t, auth, backend, logIn(t, auth, backend, b, proofs))
}

// created is a user who exists: one without an ID is created.
func created[U any, PU core.Model[U]](t testing.TB, caller string, auth *latchkey.Auth[U], u *U) *core.User {
	t.Helper()
	if u == nil {
		t.Fatalf("authtest: %s: the user is nil; pass one, such as authtest.User[Account]()", caller)
	}
	b := PU(u).Base()
	if b.ID == "" {
		if err := auth.Manager().Create(t.Context(), u, ""); err != nil {
			t.Fatalf("authtest: %s: the user %q cannot be created: %v", caller, b.Email, err)
		}
	}
	return b
}

// logIn lets a user in, by proofs or by a password.
func logIn[U any](
	t testing.TB, auth *latchkey.Auth[U], backend string, b *core.User, proofs []core.Proof,
) core.Admission {
	t.Helper()
	if len(proofs) == 0 {
		proofs = []core.Proof{{Method: core.MethodPassword}}
	}
	admission, err := admit(slices.Clone(proofs), func(proofs []core.Proof) (core.Admission, error) {
		return auth.Manager().Login(t.Context(), b.ID, backend, loginRequest(t), proofs...)
	})
	if err != nil {
		t.Fatalf("authtest: As: user %q cannot be logged in at backend %q: %v%s", b.Email, backend, err, advice(err, b))
	}
	if admission.Pending != "" {
		t.Fatalf("authtest: As: user %q is asked for %q whatever has been proved: does the factor's Asks look at done?",
			b.Email, slices.Concat(admission.Factors, admission.Enrol))
	}
	return admission
}

// clientOf sends what a client of a backend does that was let in.
func clientOf[U any](t testing.TB, auth *latchkey.Auth[U], backend string, admission core.Admission) *Client {
	t.Helper()
	c := NewClient(t)
	if base := auth.Services().Env.BaseURL; base != nil {
		c.host = base.Host
	}
	c.Token = admission.Token.Raw
	c.keep(admission.Answer.Header)
	c.take(admission.Answer.Body)
	c.login = backend
	return c
}

// admit logs in with proofs, and with one more as long as the gate asks for it.
func admit(proofs []core.Proof, login func([]core.Proof) (core.Admission, error)) (core.Admission, error) {
	for {
		admission, err := login(proofs)
		if err != nil || admission.Pending == "" || len(proofs) == maxProofs {
			return admission, err
		}
		more := core.Proof{At: proofs[len(proofs)-1].At}
		// A passkey is enough where no method is named.
		for _, method := range slices.Concat(admission.Factors, admission.Enrol, []string{core.MethodPasskey}) {
			if !slices.ContainsFunc(proofs, func(p core.Proof) bool { return p.Method == method }) {
				more.Method = method
				break
			}
		}
		if more.Method == "" {
			return admission, nil
		}
		proofs = append(proofs, more)
	}
}

// loginRequest is the request that the login is for. Hooks and lists of
// sessions see it.
func loginRequest(t testing.TB) *core.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.Header.Set("User-Agent", "authtest")
	return httpauth.Request(r)
}

// advice says what to do about a refusal.
func advice(err error, u *core.User) string {
	var refusal *core.Error
	switch {
	case errors.Is(err, core.ErrNotFound):
		return "; no user has the ID " + u.ID + " in this application: leave ID empty, and As creates the user"
	case !errors.As(err, &refusal):
		return ""
	case refusal.Code == core.CodeLoginBadCredentials:
		return "; the gate admits no user who is inactive: set IsActive, as authtest.User does"
	case refusal.Code == core.CodeLoginUserSuspended:
		return "; the gate admits no user who is suspended: reinstate them, or let the clock reach SuspendedUntil"
	case refusal.Code == core.CodeLoginUserNotVerified:
		return "; Options.RequireVerified is set: set IsVerified, as authtest.User does"
	}
	return ""
}
