package latchkey_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// diary notes the moments of hooks.
type diary struct {
	mu    sync.Mutex
	notes []string
}

func (d *diary) after(e latchkey.Event[Member]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	who := "nobody"
	if e.User != nil {
		who = e.User.Email
	}
	d.notes = append(d.notes, "after "+string(e.Kind)+" "+who)
}

func (d *diary) before(e *latchkey.Event[Member]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, "before "+string(e.Kind))
}

func (d *diary) hooks() latchkey.Hooks[Member] {
	before := func(_ context.Context, e *latchkey.Event[Member]) error { d.before(e); return nil }
	after := func(_ context.Context, e latchkey.Event[Member]) { d.after(e) }
	return latchkey.Hooks[Member]{
		BeforeRegister: before, BeforeLogin: before, BeforeUpdate: before, BeforeDelete: before,
		AfterRegister: after, AfterLogin: after, AfterFailedLogin: after, AfterLogout: after, AfterUpdate: after,
		AfterRequestVerify: after, AfterVerify: after, AfterForgotPassword: after, AfterResetPassword: after,
		AfterDelete: after,
	}
}

func TestHooksHearEverythingInOrder(t *testing.T) {
	d := &diary{}
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Hooks, o.SelfDelete = d.hooks(), true })
	id := a.register("ada@example.org").member("id")
	a.login("ada@example.org", "wrong")
	a.login("nobody@example.org", "wrong")
	token := a.login("ada@example.org", password).member("token")
	a.want("PATCH", "/users/me", token, `{"nick": "countess"}`, 200, "countess")
	a.want("POST", "/auth/web/logout", token, "", 204, "")
	a.edit(id, func(m *Member) { m.IsSuperuser = true })
	stays := &Member{User: latchkey.User{Email: "root@example.org", EmailKey: "root@example.org", IsActive: true,
		IsSuperuser: true}}
	if err := a.users.Create(t.Context(), stays); err != nil {
		t.Fatal(err)
	}
	token = a.login("ada@example.org", password).member("token")
	a.want("DELETE", "/users/me", token, "", 204, "")
	want := []string{
		"before register", "after register ada@example.org",
		"after login.refused ada@example.org", "after login.refused nobody",
		"before login", "after login ada@example.org",
		"before user.updated", "after user.updated ada@example.org",
		"after logout ada@example.org",
		"before login", "after login ada@example.org",
		"before user.deleted", "after user.deleted ada@example.org",
	}
	if !slices.Equal(d.notes, want) {
		t.Errorf("hooks heard\n%s\nwant\n%s", strings.Join(d.notes, "\n"), strings.Join(want, "\n"))
	}
}

func TestHooksHearMailsAndTokens(t *testing.T) {
	d := &diary{}
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Hooks = d.hooks() })
	a.register("ada@example.org")
	a.want("POST", "/auth/request-verify-token", "", `{"email": "ada@example.org"}`, 202, "null")
	a.want("POST", "/auth/forgot-password", "", `{"email": "ada@example.org"}`, 202, "null")
	a.want("POST", "/auth/forgot-password", "", `{"email": "nobody@example.org"}`, 202, "null")
	verify, reset := a.lastMail("verify"), a.lastMail("reset")
	a.want("POST", "/auth/verify", "", `{"token": "`+verify.Token+`"}`, 200, "ada")
	a.want("POST", "/auth/reset-password", "", `{"token": "`+reset.Token+`", "password": "an entirely new one"}`, 200,
		"null")
	got := slices.Clone(d.notes[2:4])
	slices.Sort(got) // the two mails are made side by side
	got = append(got, d.notes[4:]...)
	want := []string{
		"after password.reset_requested ada@example.org", "after verify.requested ada@example.org",
		"after verified ada@example.org", "after password.reset ada@example.org",
	}
	if !slices.Equal(got, want) {
		t.Errorf("hooks heard %q, want %q", got, want)
	}
}

func TestBeforeHooksMayRefuseAndEdit(t *testing.T) {
	refuse := map[string]error{}
	hook := func(_ context.Context, e *latchkey.Event[Member]) error {
		for _, name := range []string{"password", "current_password"} {
			if _, there := e.Input[name]; there {
				t.Errorf("a hook saw the %s", name)
			}
		}
		if e.Kind == core.EventRegistered {
			e.User.Credits = 10
		}
		return refuse[string(e.Kind)]
	}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Hooks = latchkey.Hooks[Member]{BeforeRegister: hook, BeforeLogin: hook, BeforeUpdate: hook, BeforeDelete: hook}
	})
	a.register("ada@example.org")
	bob := a.register("bob@example.net").member("id")
	token := a.login("ada@example.org", password).member("token")
	me := a.want("GET", "/users/me", token, "", 200, `"credits":10`)
	a.edit(me.member("id"), func(m *Member) { m.IsSuperuser = true })

	a.want("PATCH", "/users/"+me.member("id"), token, `{"nick": "", "current_password": "`+password+`"}`, 200, "ada")
	for _, kind := range []string{"register", "login", "user.updated", "user.deleted"} {
		refuse[kind] = latchkey.Refuse("NOT_ON_SUNDAYS")
	}
	a.want("POST", "/auth/register", "", `{"email": "bob@example.org", "password": "`+password+`"}`, 400, "NOT_ON_SUNDAYS")
	a.want("PATCH", "/users/me", token, `{"nick": "x"}`, 400, "NOT_ON_SUNDAYS")
	a.want("DELETE", "/users/"+bob, token, "", 400, "NOT_ON_SUNDAYS")
	if got := a.login("ada@example.org", password); got.status != 400 || !strings.Contains(got.body, "NOT_ON_SUNDAYS") {
		t.Errorf("login: got %d %s", got.status, got.body)
	}
	refuse["user.updated"] = errors.New("dial tcp 10.0.0.1: refused")
	if got := a.want("PATCH", "/users/me", token, `{"nick": "x"}`, 503, "SERVICE_UNAVAILABLE"); strings.Contains(got.body,
		"10.0.0.1") {
		t.Errorf("the cause of a 503 reached the client: %s", got.body)
	}
	a.want("GET", "/users/me", token, "", 200, `"nick":""`)
}

// G20: what an After hook does cannot undo what happened.
func TestG20AfterHooksCannotFailTheRequest(t *testing.T) {
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Hooks.AfterRegister = func(ctx context.Context, e latchkey.Event[Member]) {
			if ctx.Err() != nil {
				t.Error("an After hook was given a cancelled context")
			}
			panic("the newsletter's password is hunter2")
		}
	})
	a.register("ada@example.org")
	if got := a.login("ada@example.org", password); got.status != 200 {
		t.Errorf("the account whose hook failed must be kept: login returned %d %s", got.status, got.body)
	}
	if log := a.log.String(); !strings.Contains(log, "a hook panicked") || strings.Contains(log, "hunter2") {
		t.Errorf("the log must tell of the panic, without its value:\n%s", log)
	}
}
