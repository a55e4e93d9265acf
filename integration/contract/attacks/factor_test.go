package attacks_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/long"
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

// won counts the answers that are logins.
func won(t *testing.T, answers <-chan harness.Answer) (n int) {
	t.Helper()
	for got := range answers {
		switch {
		case got.Status == 200:
			n++
		case got.Status != 400 || got.Words() != core.CodeFactorBadCode && got.Words() != core.CodeLoginBadCredentials:
			t.Errorf("one of the others: %d %s", got.Status, got.Body)
		}
	}
	return n
}

// Of any number of uses of one code one is a login: of as many pending logins,
// and of one.
func TestAttackOneUseOfACode(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		g, _ := withApp(t, a)
		const at = "/auth/session"
		t.Run("M01 a code of the app", func(t *testing.T) {
			for range long.Count(3, 100) {
				code, pending := g.code(t), make([]string, 64)
				for i := range pending {
					pending[i] = a.PendingTicket(t, "session", g.u)
				}
				answers := a.SendAtOnce(t, len(pending), "POST", at+"/totp",
					func(i int) harness.Option { return body(pending[i], code) })
				if n := won(t, answers); n != 1 {
					t.Errorf("%d logins by one code", n)
				}
			}
		})
		t.Run("M07 a recovery code", func(t *testing.T) {
			for _, code := range g.codes[:long.Count(3, 9)] {
				pending := make([]string, 64)
				for i := range pending {
					pending[i] = a.PendingTicket(t, "session", g.u)
				}
				answers := a.SendAtOnce(t, len(pending), "POST", at+"/recovery",
					func(i int) harness.Option { return body(pending[i], code) })
				if n := won(t, answers); n != 1 {
					t.Errorf("%d logins by one code", n)
				}
			}
		})
		t.Run("M25 one enrolment", func(t *testing.T) {
			for range long.Count(3, 100) {
				u := a.NewUser(t, harness.Verified)
				in := a.LogIn(t, "session", u)
				begun := a.Want(t, "POST /auth/session/totp/begin 200", in)
				code, err := totp.Code(begun.Member(t, "secret").(string), a.Now())
				if err != nil {
					t.Fatal(err)
				}
				confirm := harness.JSONObject(harness.Object{"enrolment": begun.Member(t, "enrolment"), "code": code})
				enrolled := 0
				for got := range a.SendAtOnce(t, 16, "POST", at+"/totp/confirm",
					func(int) harness.Option { return harness.All(in, confirm) }) {
					switch got.Status {
					case 200:
						enrolled++
					case 400, 401, 403, 409: // 403: the login lacks the factor that another has added
					default:
						t.Errorf("%d %s", got.Status, got.Body)
					}
				}
				if rows, err := a.Stores.Credentials.List(t.Context(), "totp", u.ID); err != nil || len(rows) != 1 || enrolled > 1 {
					t.Errorf("%d rows, %d answers of success, %v", len(rows), enrolled, err)
				}
			}
		})
	})
}

// What a login waits with is nothing else, and opens nothing.
func TestAttackPendingIsNoCredential(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		g, in := withApp(t, a)
		pending := a.PendingTicket(t, "session", g.u)
		a.Want(t, "GET /users/me 401", harness.Case("M08 as a token"), harness.Bearer(pending))
		a.Want(t, "POST /auth/session/prove/totp 401", harness.Case("M08 as a token for a step-up"), harness.Bearer(pending),
			body("", "000000"))
		a.Want(t, "POST /auth/verify 400 VERIFY_USER_BAD_TOKEN", harness.Case("M08 as a mail's token"),
			harness.JSONObject(harness.Object{"token": pending}))
		a.Want(t, "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN", harness.Case("M08 as a reset's token"),
			harness.JSONObject(harness.Object{"token": pending, "password": harness.OtherPassword}))
		a.Want(t, "POST /auth/session/totp/confirm 400 FACTOR_ENROLMENT_EXPIRED", harness.Case("M08 as an enrolment"), in,
			harness.JSONObject(harness.Object{"enrolment": pending, "code": "000000"}))
		a.Want(t, "POST /auth/cookie/totp 400 LOGIN_BAD_CREDENTIALS", harness.Case("M08 at another backend"),
			body(pending, g.code(t)))
		a.Want(t, "POST /auth/session/totp 200 (M08 the twin)", body(pending, g.code(t)))
	})
}

// What is sensitive needs two kinds of proofs of a user who has a second
// factor, however fresh the one is.
func TestAttackOneProofOfTwo(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		g, _ := withApp(t, a)
		// A login of before the factor that was carried over, as by a
		// strategy that knows no epochs.
		stored, err := a.Stores.Users.Find(t.Context(), core.ByID(g.u.ID))
		if err != nil {
			t.Fatal(err)
		}
		one := a.Issue(t, "session", core.Session{
			UserID: g.u.ID, Epoch: stored.TokenEpoch, Proofs: []core.Proof{{Method: core.MethodPassword, At: a.Now()}},
		})
		rows, err := a.Stores.Credentials.List(t.Context(), "totp", g.u.ID)
		if err != nil {
			t.Fatal(err)
		}
		id := harness.PathID(rows[0].ID)
		const refused = ` 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp","recovery"]}}`
		a.Want(t, "DELETE /auth/factors/{id}"+refused, harness.Case("M31 removes the factor"), one, id)
		a.Want(t, "PATCH /auth/factors/{id}"+refused, harness.Case("M31 names it"), one, id, harness.JSON(`{"label": "x"}`))
		a.Want(t, "POST /auth/session/recovery-codes"+refused, harness.Case("M31 makes codes"), one)
		a.Want(t, "POST /auth/session/totp/begin"+refused, harness.Case("M31 begins another"), one)
		a.Want(t, "PATCH /users/me"+refused, harness.Case("M31 changes the password"), one,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": harness.Password}))
		a.Want(t, "PATCH /users/me 200 (M31 what is not sensitive)", one, harness.JSON(`{"full_name": "Ada"}`))
		got := a.Want(t, "POST /auth/session/prove/totp 200 (M31 the twin)", one, body("", g.code(t)))
		a.Want(t, "DELETE /auth/factors/{id} 204", harness.Bearer(got.Member(t, "access_token").(string)), id)
	})
}

// A factor is its owner's, and of any number of removals one finds it.
func TestAttackRemovalOfFactors(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		g, in := withApp(t, a)
		_, eve := withApp(t, a)
		rows, err := a.Stores.Credentials.List(t.Context(), "totp", g.u.ID)
		if err != nil {
			t.Fatal(err)
		}
		id := harness.PathID(rows[0].ID)
		a.Want(t, "DELETE /auth/factors/{id} 404", harness.Case("M20 another user's"), eve, id)
		a.Want(t, "PATCH /auth/factors/{id} 404", harness.Case("M20 another user's name"), eve, id,
			harness.JSON(`{"label": "x"}`))
		t.Run("M20 many at once", func(t *testing.T) {
			removed := 0
			for got := range a.SendAtOnce(t, 16, "DELETE", "/auth/factors/{id}",
				func(int) harness.Option { return harness.All(in, id) }) {
				switch got.Status {
				case 204:
					removed++
				case 404, 401: // 401: checked while the removal ended other logins
				default:
					t.Errorf("%d %s", got.Status, got.Body)
				}
			}
			if removed != 1 {
				t.Errorf("%d removals of one factor", removed)
			}
		})
		var left []any
		if err := json.Unmarshal([]byte(a.Want(t, "GET /auth/factors 200", in).Body), &left); err != nil || len(left) != 0 {
			t.Errorf("left are %v, %v: codes that stand in for nothing", left, err)
		}
		a.Want(t, "POST /auth/session/login 200 (M20 the twin)", harness.LoginForm(g.u.Email, harness.Password))
	})
}
