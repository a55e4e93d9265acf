package features_test

import (
	"context"
	"encoding/base32"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// with is the handler of a route that reads JSON and ends in an admission.
func with(
	handle func(context.Context, *core.Request, core.Object) (core.Admission, error),
) func(context.Context, *core.Request) (*core.Response, error) {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadJSON(r)
		if err != nil {
			return nil, err
		}
		admission, err := handle(ctx, r, in)
		if refusal := (*core.Error)(nil); err != nil && !errors.As(err, &refusal) {
			err = core.Unavailable(err) // a store's
		}
		return admission.Answer, err
	}
}

// text returns a member of a body, "" where there is none.
func text(in core.Object, name string) string {
	s, _, _ := in.String(name)
	return s
}

// withFactors replaces TOTP and recovery codes.
func withFactors(a *harness.App, o *harness.Options) {
	o.Flows = slices.DeleteFunc(o.Flows, func(f core.Flow) bool {
		return f.Name() == core.MethodTOTP || f.Name() == core.MethodRecovery
	})
	o.Flows = append(o.Flows, &totp{}, &recovery{})
	o.Credentials = memstore.NewCredentials(a.Now)
}

// phone is what a user enrols.
type phone struct{ secret []byte }

func (p phone) code(a *harness.App) string {
	return codeOf(p.secret, uint64(a.Now().Unix())/30) // after 1970
}

// scan reads the answer of a begun enrolment.
func scan(t *testing.T, got harness.Answer) (p phone, enrolment string) {
	t.Helper()
	secret, err := base32.StdEncoding.DecodeString(got.Member(t, "secret").(string))
	if err != nil {
		t.Fatal(err)
	}
	return phone{secret}, got.Member(t, "enrolment").(string)
}

// token returns the credential that a login answer of a bearer backend carries.
func token(t *testing.T, backend string, got harness.Answer) harness.Option {
	t.Helper()
	return harness.Credential(backend, got.Member(t, "access_token").(string))
}

// enrol gets a user a phone and ten codes, in a login of the backend.
func enrol(
	t *testing.T, a *harness.App, backend string, u *harness.Account,
) (p phone, codes []any, mine harness.Option) {
	t.Helper()
	mine = a.LogIn(t, backend, u)
	prefix := "POST /auth/" + backend
	p, enrolment := scan(t, a.Want(t, prefix+"/totp/begin 200", mine))
	mine = token(t, backend, a.Want(t, prefix+"/totp/confirm 200", mine,
		harness.JSONObject(harness.Object{"enrolment": enrolment, "code": p.code(a)})))
	codes = a.Want(t, prefix+"/recovery-codes 200", mine).Member(t, "codes").([]any)
	a.Advance(30 * time.Second)
	return p, codes, mine
}

// pending returns the ticket of a login that waits for a factor, and the
// answer.
func pending(t *testing.T, a *harness.App, backend string, u *harness.Account) (string, harness.Object) {
	t.Helper()
	got := a.Send(t, "POST", "/auth/"+backend+"/login", harness.LoginForm(u.Email, harness.Password))
	detail, _ := got.Member(t, "detail").(harness.Object)
	ticket, _ := detail["pending"].(string)
	if got.Status != 403 || ticket == "" {
		t.Fatalf("got %d %s, want a pending login", got.Status, got.Body)
	}
	return ticket, detail
}

func TestFactorsOfAnotherProject(t *testing.T) {
	harness.OnOneAdapter(t, withFactors, func(t *testing.T, a *harness.App) {
		a.Serve(t, nil)
		for _, backend := range []string{"jwt", "session"} {
			u := a.NewUser(t)
			other := a.LogIn(t, "session", u)
			prefix := "POST /auth/" + backend
			p, codes, mine := enrol(t, a, backend, u)
			a.Want(t, "GET /users/me 200 (the login that enrolled goes on, "+backend+")", mine).WantUser(t, u)
			a.Want(t, "GET /users/me 401 (others end, "+backend+")", other)

			ticket, detail := pending(t, a, backend, u)
			if got, ok := detail["factors"].([]any); !ok || len(got) != 2 || got[0] != "totp" || got[1] != "recovery" {
				t.Errorf("the login may go on by %v, want totp and recovery", detail["factors"])
			}
			try := func(code any) harness.Option {
				return harness.JSONObject(harness.Object{"pending": ticket, "code": code})
			}
			a.Want(t, prefix+"/totp 400 FACTOR_BAD_CODE (wrong)", try("000000"))
			a.Want(t, prefix+"/login/totp/begin 403 (M32: one who has a factor gets no other)", try(""))
			good := p.code(a)
			a.Want(t, prefix+"/totp 200 (one factor is enough)", try(good))
			ticket, _ = pending(t, a, backend, u)
			a.Want(t, prefix+"/totp 400 FACTOR_BAD_CODE (the code was used)", try(good))
			a.Want(t, prefix+"/recovery 200 (a recovery code in place of it)", try(codes[0]))
			ticket, _ = pending(t, a, backend, u)
			a.Want(t, prefix+"/recovery 400 FACTOR_BAD_CODE (it was used)", try(codes[0]))
			a.Want(t, prefix+"/recovery 200 (another one)", try(codes[1]))
		}
	})
}

// M07: of 64 logins with one recovery code, one succeeds.
func TestARecoveryCodeWorksOnce(t *testing.T) {
	harness.OnOneAdapter(t, withFactors, func(t *testing.T, a *harness.App) {
		a.Serve(t, nil)
		u := a.NewUser(t)
		_, codes, _ := enrol(t, a, "session", u)
		tickets := make([]string, 64)
		for i := range tickets {
			tickets[i], _ = pending(t, a, "session", u)
		}
		in := 0
		for got := range a.SendAtOnce(t, 64, "POST", "/auth/session/recovery", func(i int) harness.Option {
			return harness.JSONObject(harness.Object{"pending": tickets[i], "code": codes[0]})
		}) {
			switch got.Outcome() {
			case "200":
				in++
			case "400 FACTOR_BAD_CODE":
			default:
				t.Errorf("got %s", got.Outcome())
			}
		}
		if in != 1 {
			t.Errorf("%d of 64 got in by one recovery code", in)
		}
	})
}

func TestStepUp(t *testing.T) {
	harness.OnOneAdapter(t, withFactors, func(t *testing.T, a *harness.App) {
		a.Serve(t, nil)
		for _, backend := range []string{"jwt", "session"} {
			u := a.NewUser(t)
			p, _, mine := enrol(t, a, backend, u)
			prefix := "POST /auth/" + backend
			a.Want(t, prefix+"/recovery-codes 200 (recent)", mine)
			a.Advance(10 * time.Minute)
			refused := prefix + `/recovery-codes 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}} `
			a.Want(t, refused+"(not recent, "+backend+")", mine)
			code := harness.JSONObject(harness.Object{"code": p.code(a)})
			fresh := token(t, backend, a.Want(t, prefix+"/prove/totp 200 ("+backend+")", mine, code))
			a.Want(t, prefix+"/prove/totp 400 FACTOR_BAD_CODE (again, "+backend+")", mine, code)
			a.Want(t, prefix+"/recovery-codes 200 (proved now, "+backend+")", fresh)
			a.Want(t, refused+"(the old token is as weak as before, "+backend+")", mine)
			if err := a.Wait(t.Context()); err != nil { // the grace is over
				t.Fatal(err)
			}
			a.Want(t, "GET /users/me 401 (the old token, after the grace, "+backend+")", mine)
			a.Want(t, "GET /users/me 200 (the new one, "+backend+")", fresh)
			other := map[string]string{"jwt": "session", "session": "jwt"}[backend]
			a.Advance(time.Minute)
			a.Want(t, "POST /auth/"+other+"/prove/totp 401 (another backend's route, "+backend+")", fresh,
				harness.JSONObject(harness.Object{"code": p.code(a)}))
		}
	})
}

// M61: step-ups do not renew a login for ever (S08).
func TestStepUpsRenewNoLogin(t *testing.T) {
	harness.OnOneAdapter(t, withFactors, func(t *testing.T, a *harness.App) {
		a.Serve(t, nil)
		for backend, life := range map[string]time.Duration{"jwt": time.Hour, "session": 30 * 24 * time.Hour} {
			u := a.NewUser(t)
			p, _, mine := enrol(t, a, backend, u)
			for range 10 {
				a.Advance(life / 11)
				mine = token(t, backend, a.Want(t, "POST /auth/"+backend+"/prove/totp 200", mine,
					harness.JSONObject(harness.Object{"code": p.code(a)})))
			}
			a.Want(t, "GET /users/me 200 (within its lifetime, "+backend+")", mine)
			a.Advance(life / 11)
			a.Want(t, "GET /users/me 401 (after it, "+backend+")", mine)
		}
	})
}

// M38: one who must have a factor gets it inside the login.
func TestEnrolmentInAPendingLogin(t *testing.T) {
	required := func(a *harness.App, o *harness.Options) {
		withFactors(a, o)
		o.RequireFactor = func(_ context.Context, u *harness.Account) (bool, error) { return u.IsSuperuser, nil }
	}
	harness.OnOneAdapter(t, required, func(t *testing.T, a *harness.App) {
		a.Serve(t, nil)
		for _, backend := range []string{"jwt", "session"} {
			a.LogIn(t, backend, a.NewUser(t)) // twin: who need none
			u := a.NewUser(t, harness.Superuser)
			prefix := "POST /auth/" + backend
			ticket, detail := pending(t, a, backend, u)
			if got, ok := detail["enrol"].([]any); detail["code"] != core.CodeLoginEnrolment || !ok || len(got) != 1 ||
				got[0] != "totp" {
				t.Errorf("got %v, want the enrolment of totp", detail)
			}
			with := func(in harness.Object) harness.Option {
				in["pending"] = ticket
				return harness.JSONObject(in)
			}
			a.Want(t, prefix+"/recovery 400 FACTOR_BAD_CODE (nothing to prove with yet)", with(harness.Object{"code": "x"}))
			p, enrolment := scan(t, a.Want(t, prefix+"/login/totp/begin 200", with(harness.Object{})))
			mine := token(t, backend, a.Want(t, prefix+"/login/totp/confirm 200 (in)",
				with(harness.Object{"enrolment": enrolment, "code": p.code(a)})))
			a.Want(t, prefix+"/recovery-codes 200 (and secure)", mine)
			a.Advance(30 * time.Second)
			ticket, detail = pending(t, a, backend, u)
			if detail["code"] != core.CodeLoginFactorRequired {
				t.Errorf("got %v, want the factor", detail)
			}
			a.Want(t, prefix+"/totp 200 (from now on by the factor)", with(harness.Object{"code": p.code(a)}))
		}
	})
}
