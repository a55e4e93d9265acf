package attacks_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// guarded is a user with an authenticator app and recovery codes.
type guarded struct {
	a      *harness.App
	u      *harness.Account
	secret string
	codes  []string
}

// withApp makes a user who has enrolled by the backend session. in is the login
// that did.
func withApp(t *testing.T, a *harness.App) (g guarded, in harness.Option) {
	t.Helper()
	g = guarded{a: a, u: a.NewUser(t, harness.Verified)}
	in = a.LogIn(t, "session", g.u)
	begun := a.Want(t, "POST /auth/session/totp/begin 200", in)
	g.secret = begun.Member(t, "secret").(string)
	got := a.Want(t, "POST /auth/session/totp/confirm 200", in,
		harness.JSONObject(harness.Object{"enrolment": begun.Member(t, "enrolment"), "code": g.code(t)}))
	in = harness.Bearer(got.Member(t, "access_token").(string))
	for _, code := range a.Want(t, "POST /auth/session/recovery-codes 200", in).Member(t, "codes").([]any) {
		g.codes = append(g.codes, code.(string))
	}
	return g, in
}

// code is the next one.
func (g guarded) code(t *testing.T) string {
	t.Helper()
	g.a.Advance(30 * time.Second)
	code, err := totp.Code(g.secret, g.a.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// body is that of a factor's route.
func body(pending, code string) harness.Option {
	return harness.JSONObject(harness.Object{"pending": pending, "code": code})
}
