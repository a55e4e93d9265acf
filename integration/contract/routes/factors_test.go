package routes_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// factored is a user with an authenticator app.
type factored struct {
	a       *harness.App
	u       *harness.Account
	backend string
	secret  string
}

// at is a line about a route of the backend.
func (f factored) at(route string) string { return "POST /auth/" + f.backend + route + " " }

// login returns the ticket of a login that waits for the factor.
func (f factored) login(t *testing.T) string { return f.a.PendingTicket(t, f.backend, f.u) }

// code is the next one of the app.
func (f factored) code(t *testing.T) string {
	t.Helper()
	f.a.Advance(30 * time.Second)
	code, err := totp.Code(f.secret, f.a.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// proof is what an old login is answered with.
const proof = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`

func pendingBody(pending, code string) harness.Option {
	return harness.JSONObject(harness.Object{"pending": pending, "code": code})
}

// enrolled begins with a login of a new user, who adds an app.
func enrolled(t *testing.T, a *harness.App, backend string) (factored, harness.Option) {
	t.Helper()
	f := factored{a: a, u: a.NewUser(t, harness.Verified), backend: backend}
	in := a.LogIn(t, backend, f.u)
	begun := a.Want(t, f.at("/totp/begin")+"200", in)
	f.secret = begun.Member(t, "secret").(string)
	got := a.Want(t, f.at("/totp/confirm")+harness.LoginStatus(backend), in, harness.JSONObject(harness.Object{
		"enrolment": begun.Member(t, "enrolment"), "code": f.code(t), "label": "phone",
	}))
	return f, f.renewed(t, got)
}

// renewed is the credential that a step-up answers with. The former one ends
// soon.
func (f factored) renewed(t *testing.T, got harness.Answer) harness.Option {
	t.Helper()
	if f.backend == "cookie" {
		return harness.Credential("cookie", got.Cookie(t).Value)
	}
	return harness.Credential(f.backend, got.Member(t, "access_token").(string))
}

// TestSecondFactors drives the operations of factors to each of their answers.
func TestSecondFactors(t *testing.T) {
	require := func(_ *harness.App, o *harness.Options) {
		o.RequireFactor = func(_ context.Context, u *harness.Account) (bool, error) { return u.FullName == "Careful", nil }
	}
	harness.OnEveryAdapter(t, require, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			ok := harness.LoginStatus(backend) + " "
			f, in := enrolled(t, a, backend)
			for _, route := range []string{"/login/pending", "/totp", "/recovery", "/prove/password", "/prove/totp",
				"/totp/confirm", "/login/totp/begin", "/login/totp/confirm"} {
				a.Want(t, f.at(route)+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, in, harness.Body("text/plain", "{}"))
				a.Want(t, f.at(route)+"413 BODY_TOO_LARGE", harness.Row, in, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
			}
			pending := f.login(t)
			a.Want(t, f.at("/login/pending")+"200 (what waits)", pendingBody(pending, ""))
			a.Want(t, f.at("/login/pending")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", harness.JSON(`{}`))
			f.withoutABody(t, pending)
			a.Want(t, f.at("/login/pending")+"422 body.pending string_type", harness.Row, harness.JSON(`{"pending": 1}`))
			a.Want(t, f.at("/totp")+"400 FACTOR_BAD_CODE (a wrong code)", pendingBody(pending, "000000"))
			a.Want(t, f.at("/totp")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", pendingBody("x", "000000"))
			a.Want(t, f.at("/totp")+"422 body.code missing", harness.Row, harness.JSON(`{}`))
			a.Want(t, f.at("/totp")+ok+"(a right code)", pendingBody(pending, f.code(t)))

			in = f.renewed(t, a.Want(t, f.at("/prove/password")+ok+"(the password)", in,
				harness.JSONObject(harness.Object{"password": harness.Password})))
			a.Want(t, f.at("/prove/password")+"400 LOGIN_BAD_CREDENTIALS", harness.Row, in, harness.JSON(`{"password": "x"}`))
			a.Want(t, f.at("/prove/password")+"422 body.password missing", harness.Row, in, harness.JSON(`{}`))
			a.Want(t, f.at("/prove/password")+"401", harness.Row, harness.JSON(`{"password": "x"}`))
			in = f.renewed(t, a.Want(t, f.at("/prove/totp")+ok+"(a code)", in, pendingBody("", f.code(t))))
			a.Want(t, f.at("/prove/totp")+"400 FACTOR_BAD_CODE", harness.Row, in, pendingBody("", "000000"))
			a.Want(t, f.at("/prove/totp")+"422 body.code missing", harness.Row, in, harness.JSON(`{}`))
			a.Want(t, f.at("/prove/totp")+"401", harness.Row, pendingBody("", "000000"))
			f.recovery(t, ok, in)
			in = f.enrolment(t, ok, in)
			f.outages(t, in)
			f.locks(t, in)
		}
		listed(t, a)
	})
}

func (f factored) recovery(t *testing.T, ok string, in harness.Option) {
	a := f.a
	made := a.Want(t, f.at("/recovery-codes")+"200 (ten codes)", in)
	codes := made.Member(t, "codes").([]any)
	pending := f.login(t)
	a.Want(t, f.at("/recovery")+"400 FACTOR_BAD_CODE (a wrong code)", pendingBody(pending, "0000-0000-0000-0000"))
	a.Want(t, f.at("/recovery")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", pendingBody("x", codes[0].(string)))
	a.Want(t, f.at("/recovery")+"422 body.code missing", harness.Row, harness.JSON(`{}`))
	a.Want(t, f.at("/recovery")+ok+"(a right code)", pendingBody(pending, codes[0].(string)))
	a.Want(t, f.at("/recovery-codes")+"401", harness.Row)
	a.Want(t, f.at("/recovery-codes")+"409 NO_FACTOR", harness.Row, a.LogIn(t, f.backend, a.NewUser(t)))
	stale := a.LogIn(t, f.backend, a.NewUser(t))
	a.Advance(11 * time.Minute)
	a.Want(t, f.at("/recovery-codes")+proof, harness.Row, stale)
	a.Want(t, f.at("/totp/begin")+proof, harness.Row, stale)
	a.Want(t, f.at("/totp/confirm")+proof, harness.Row, stale, harness.JSON(`{"enrolment": "x", "code": "1"}`))
}

func (f factored) enrolment(t *testing.T, ok string, in harness.Option) harness.Option {
	a := f.a
	in = f.renewed(t, a.Want(t, f.at("/prove/totp")+strings.TrimSpace(ok), in, pendingBody("", f.code(t))))
	confirmation := func(enrolment any, code string) harness.Option {
		return harness.JSONObject(harness.Object{"enrolment": enrolment, "code": code})
	}
	a.Want(t, f.at("/totp/begin")+"409 FACTOR_ALREADY_EXISTS", harness.Row, in)
	a.Want(t, f.at("/totp/begin")+"401", harness.Row)
	unverified := a.LogIn(t, f.backend, a.NewUser(t))
	a.Want(t, f.at("/totp/begin")+"403 FACTOR_NEEDS_VERIFIED_EMAIL", harness.Row, unverified)
	a.Want(t, f.at("/totp/confirm")+"401", harness.Row, confirmation("x", "1"))
	a.Want(t, f.at("/totp/confirm")+"422 body.enrolment missing, body.code missing", harness.Row, in, harness.JSON(`{}`))
	a.Want(t, f.at("/totp/confirm")+"400 FACTOR_ENROLMENT_EXPIRED", harness.Row, in, confirmation("x", "1"))

	careful := a.NewUser(t, harness.Verified, func(u *harness.Account) { u.FullName = "Careful" })
	got := a.Send(t, "POST", "/auth/"+f.backend+"/login", harness.LoginForm(careful.Email, harness.Password))
	detail, _ := got.Member(t, "detail").(harness.Object)
	pending, _ := detail["pending"].(string)
	if got.Status != 403 || detail["code"] != core.CodeLoginEnrolment {
		t.Fatalf("a login without the factor that is required: %d %s", got.Status, got.Body)
	}
	inside := func(enrolment any, code string) harness.Option {
		return harness.JSONObject(harness.Object{"pending": pending, "enrolment": enrolment, "code": code})
	}
	a.Want(t, f.at("/login/totp/begin")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", harness.JSON(`{}`))
	a.Want(t, f.at("/login/totp/begin")+"422 body.pending string_type", harness.Row, harness.JSON(`{"pending": 1}`))
	a.Want(t, f.at("/login/totp/begin")+"403 (of a user who has a factor)", pendingBody(f.login(t), ""))
	begun := a.Want(t, f.at("/login/totp/begin")+"200 (inside a login)", pendingBody(pending, ""))
	a.Want(t, f.at("/login/totp/confirm")+"400 FACTOR_BAD_CODE (inside a login)",
		inside(begun.Member(t, "enrolment"), "000000"))
	a.Want(t, f.at("/login/totp/confirm")+"400 FACTOR_ENROLMENT_EXPIRED (inside a login)",
		inside("x", "000000"))
	a.Want(t, f.at("/login/totp/confirm")+"422 body.enrolment missing, body.code missing", harness.Row, harness.JSON(`{}`))
	a.Want(t, f.at("/login/totp/confirm")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)",
		harness.JSON(`{"pending": "x", "enrolment": "x", "code": "1"}`))
	a.Want(t, f.at("/login/totp/confirm")+"403 (of a user who has a factor)",
		harness.JSONObject(harness.Object{"pending": f.login(t), "enrolment": "x", "code": "1"}))
	code, err := totp.Code(begun.Member(t, "secret").(string), a.Now())
	if err != nil {
		t.Fatal(err)
	}
	a.Want(t, f.at("/login/totp/confirm")+ok+"(inside a login)", inside(begun.Member(t, "enrolment"), code))
	return in
}

// outages are those of the stores.
func (f factored) outages(t *testing.T, in harness.Option) {
	a, pending := f.a, f.login(t)
	confirmation := harness.JSON(`{"enrolment": "x", "code": "1"}`)
	a.Break("tickets")
	a.Want(t, f.at("/login/pending")+down+"(without tickets)", pendingBody(pending, ""))
	a.Want(t, f.at("/totp")+down+"(without tickets)", pendingBody(pending, "123456"))
	a.Want(t, f.at("/recovery")+down+"(without tickets)", pendingBody(pending, "0000000000000000"))
	a.Want(t, f.at("/totp/confirm")+down+"(without tickets)", in, confirmation)
	a.Want(t, f.at("/login/totp/begin")+down+"(without tickets)", pendingBody(pending, ""))
	a.Want(t, f.at("/login/totp/confirm")+down+"(without tickets)",
		harness.JSON(`{"pending": "x", "enrolment": "x", "code": "1"}`))
	a.Break("credentials")
	a.Want(t, f.at("/totp")+down+"(without credentials)", pendingBody(pending, "123456"))
	a.Want(t, f.at("/recovery")+down+"(without credentials)", pendingBody(pending, "0000000000000000"))
	a.Want(t, f.at("/prove/totp")+down+"(without credentials)", in, pendingBody("", "123456"))
	a.Want(t, f.at("/totp/begin")+down+"(without credentials)", in)
	a.Want(t, f.at("/recovery-codes")+down+"(without credentials)", in)
	a.Want(t, "GET /auth/factors "+down+"(without credentials)", in)
	a.Want(t, "PATCH /auth/factors/{id} "+down+"(without credentials)", in, harness.PathID("x"),
		harness.JSON(`{"label": "x"}`))
	a.Want(t, "DELETE /auth/factors/{id} "+down+"(without credentials)", in, harness.PathID("x"))
	a.Break("users")
	a.Want(t, f.at("/prove/password")+down+"(without users)", in, harness.JSON(`{"password": "x"}`))
	a.Mend()
}

// locks makes a user's app answer no more.
func (f factored) locks(t *testing.T, in harness.Option) {
	a := f.a
	for range 100 {
		a.Send(t, "POST", "/auth/"+f.backend+"/prove/totp", in, pendingBody("", "000000"))
	}
	a.Want(t, f.at("/prove/totp")+"403 FACTOR_LOCKED", harness.Row, in, pendingBody("", f.code(t)))
	a.Want(t, f.at("/totp")+"403 FACTOR_LOCKED", harness.Row, pendingBody(f.login(t), f.code(t)))
}

// listed drives the list of factors.
func listed(t *testing.T, a *harness.App) {
	const one = "/auth/factors/{id} "
	f, in := enrolled(t, a, "session")
	label := harness.JSON(`{"label": "x"}`)
	list := a.Want(t, "GET /auth/factors 200 (the list)", in)
	a.Want(t, "GET /auth/factors 401", harness.Row)
	var all []struct{ ID string }
	if err := json.Unmarshal([]byte(list.Body), &all); err != nil || len(all) != 1 {
		t.Fatalf("the list is %s, %v", list.Body, err)
	}
	id := harness.PathID(all[0].ID)
	a.Want(t, "PATCH "+one+"401", harness.Row, id, label)
	a.Want(t, "PATCH "+one+"404", harness.Row, in, harness.PathID(harness.NobodyID), label)
	a.Want(t, "PATCH "+one+"422 body.label missing", harness.Row, in, id, harness.JSON(`{}`))
	a.Want(t, "PATCH "+one+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, in, id, harness.Form("label", "x"))
	a.Want(t, "PATCH "+one+"413 BODY_TOO_LARGE", harness.Row, in, id, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
	a.Want(t, "PATCH "+one+"200 (a name)", in, id, label)
	a.Want(t, "DELETE "+one+"401", harness.Row, id)
	a.Want(t, "DELETE "+one+"404", harness.Row, in, harness.PathID(harness.NobodyID))
	a.EditStored(t, f.u, func(u *harness.Account) { u.FullName = "Careful" })
	a.Want(t, "DELETE "+one+"409 FACTOR_REQUIRED", harness.Row, in, id)
	a.EditStored(t, f.u, func(u *harness.Account) { u.FullName = "Careless" })
	a.Advance(11 * time.Minute)
	a.Want(t, "PATCH "+one+proof, harness.Row, in, id, label)
	a.Want(t, "DELETE "+one+proof, harness.Row, in, id)
	fresh := a.Want(t, f.at("/prove/totp")+"200", in, pendingBody("", f.code(t)))
	a.Want(t, "DELETE "+one+"204 (the last one)", f.renewed(t, fresh), id)
}

// TestSecondFactorsInOddCompany drives what is left: limits, races, another
// project's factor, other sites, and whoever acts as the user.
func TestSecondFactorsInOddCompany(t *testing.T) {
	var races harness.PerApp[race]
	options := func(a *harness.App, o *harness.Options) {
		a.Note = races.Of(a).note
		races.Of(a).store = a.Stores.Credentials
		o.Flows = []latchkey.Flow{verify.Flow{}, reset.Flow{}, totp.Flow{}, recovery.Flow{}, harness.SecondFactor{}}
		o.RequireFactor = func(_ context.Context, u *harness.Account) (bool, error) { return u.FullName == "Careful", nil }
	}
	harness.OnOneAdapter(t, options, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			f, in := enrolled(t, a, backend)
			acting := a.Issue(t, backend, core.Session{
				UserID: f.u.ID, Epoch: 1, Actor: a.NewUser(t, harness.Superuser).ID, ActorSession: "x",
				Proofs: []core.Proof{{Method: "password", At: a.Now()}},
			})
			a.Want(t, f.at("/prove/password")+"403", harness.Row, acting, harness.JSON(`{"password": "x"}`))
			f.otherSites(t)

			codes := a.Want(t, f.at("/recovery-codes")+"200", in).Member(t, "codes").([]any)
			a.EditStored(t, f.u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
			got := a.Send(t, "POST", "/auth/"+backend+"/recovery", pendingBody(f.login(t), codes[0].(string)))
			if got.Status != 403 || !strings.Contains(got.Body, `"factors":["second"]`) {
				t.Errorf("with another project's factor: %d %s", got.Status, got.Body)
			}
			a.EditStored(t, f.u, func(u *harness.Account) { u.FullName = "" })

			for range 10 {
				a.Send(t, "POST", "/auth/"+backend+"/prove/totp", in, pendingBody("", "000000"))
			}
			a.Want(t, f.at("/prove/totp")+"429 RATE_LIMITED", harness.Row, in, pendingBody("", "000000"))
			a.Want(t, f.at("/totp")+"429 RATE_LIMITED", harness.Row, pendingBody(f.login(t), "000000"))
			for range 5 {
				a.Send(t, "POST", "/auth/"+backend+"/prove/password", in, harness.JSON(`{"password": "x"}`))
			}
			a.Want(t, f.at("/prove/password")+"429 RATE_LIMITED", harness.Row, in, harness.JSON(`{"password": "x"}`))
			races.Of(a).lost(t, a, backend)
		}
	})
}

// withoutABody asks what waits, as a page does that has only its cookie: with
// neither a body nor a Content-Type.
func (f factored) withoutABody(t *testing.T, pending string) {
	t.Helper()
	route := f.at("/login/pending")
	f.a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (neither a body nor a cookie)")
	held := harness.Header("Cookie", harness.CookieName+"-pending="+pending)
	if f.backend == "cookie" {
		f.a.Want(t, route+"200 (no body, and the cookie)", held)
	} else {
		f.a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (a cookie is nothing here)", held)
	}
	f.a.Want(t, f.at("/login/totp/begin")+"400 LOGIN_BAD_CREDENTIALS (neither a body nor a cookie)")
	untyped := harness.All(harness.JSON(`{}`), func(r *http.Request) { r.Header.Del("Content-Type") })
	f.a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE (a body without a type)", held, untyped)
}

func (f factored) otherSites(t *testing.T) {
	if f.backend != "cookie" {
		return
	}
	foreign := harness.Header("Sec-Fetch-Site", "cross-site")
	for _, route := range []string{
		"/login/pending", "/totp", "/recovery", "/prove/totp", "/totp/begin", "/recovery-codes",
	} {
		f.a.Want(t, f.at(route)+"403 CROSS_ORIGIN_REFUSED", harness.Row, foreign, harness.JSON(`{}`))
	}
}

// race is another request that enrols a user while one does.
type race struct {
	store core.CredentialStore
	user  atomic.Pointer[string]
}

func (r *race) note(call string) {
	id := r.user.Swap(nil)
	if call != "credentials.Create" || id == nil {
		r.user.CompareAndSwap(nil, id)
		return
	}
	inner, _ := r.store.(core.Unwrapper)
	_ = inner.Unwrap().(core.CredentialStore).Create(context.Background(), &core.Credential{
		Owner: *id, Kind: core.MethodTOTP, Key: *id, Data: []byte("{}"), Created: time.Now(),
	}, 0)
}

// lost is that of who confirms second.
func (r *race) lost(t *testing.T, a *harness.App, backend string) {
	f := factored{a: a, backend: backend}
	confirmed := func(route, pending string, begun harness.Answer, with ...harness.Option) {
		t.Helper()
		code, err := totp.Code(begun.Member(t, "secret").(string), a.Now())
		if err != nil {
			t.Fatal(err)
		}
		a.Want(t, f.at(route)+"409 FACTOR_ALREADY_EXISTS", append(with, harness.Row, harness.JSONObject(harness.Object{
			"pending": pending, "enrolment": begun.Member(t, "enrolment"), "code": code,
		}))...)
	}
	u := a.NewUser(t, harness.Verified)
	in := a.LogIn(t, backend, u)
	begun := a.Want(t, f.at("/totp/begin")+"200", in)
	r.user.Store(&u.ID)
	confirmed("/totp/confirm", "", begun, in)

	careful := a.NewUser(t, harness.Verified, func(u *harness.Account) { u.FullName = "Careful" })
	detail := a.Send(t, "POST", "/auth/"+backend+"/login", harness.LoginForm(careful.Email, harness.Password)).
		Member(t, "detail").(harness.Object)
	pending := detail["pending"].(string)
	begun = a.Want(t, f.at("/login/totp/begin")+"200", pendingBody(pending, ""))
	r.user.Store(&careful.ID)
	confirmed("/login/totp/confirm", pending, begun)
}
