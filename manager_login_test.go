package latchkey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

func TestManagerLogsIn(t *testing.T) {
	a := newApp(t, withSecondFactor)
	ctx, m := t.Context(), a.Manager()
	id := a.register("ada@example.org").member("id")
	first := core.Proof{Method: "handshake"}
	admission, err := m.Login(ctx, id, "web", nil, first)
	check(t, err, nil)
	if admission.Pending == "" || admission.Token.Raw != "" {
		t.Errorf("one proof where a factor asks: %+v", admission)
	}
	admission, err = m.Login(ctx, id, "web", nil, first, core.Proof{Method: "second", At: time.Now()})
	check(t, err, nil)
	a.want("GET", "/users/me", admission.Token.Raw, "", 200, "ada")
	a.want("GET", "/fresh", admission.Token.Raw, "", 200, "ada")
	if !strings.Contains(string(admission.Answer.Body), admission.Token.Raw) {
		t.Errorf("the answer is %s", admission.Answer.Body)
	}

	_, err = m.Login(ctx, "nobody", "web", nil, first)
	check(t, err, core.ErrNotFound)
	if _, err = m.Login(ctx, id, "web", nil); err == nil {
		t.Error("a login without a proof")
	}
	a.edit(id, func(u *Member) { u.IsActive = false })
	_, err = m.Login(ctx, id, "web", nil, first)
	check(t, err, latchkey.Refuse(core.CodeLoginBadCredentials))
}

func TestManagerLists(t *testing.T) {
	a := newApp(t, nil)
	for _, email := range []string{"ada@example.org", "bob@example.org", "adele@example.org"} {
		a.register(email)
	}
	users, next, err := a.Manager().List(t.Context(), core.Query{Email: "ad", Limit: 1})
	check(t, err, nil)
	if len(users) != 1 || users[0].Email != "ada@example.org" || next == "" {
		t.Errorf("%+v, %q", users, next)
	}
	_, _, err = a.Manager().List(t.Context(), core.Query{Cursor: "made up", Limit: 1})
	check(t, err, core.ErrInvalid)
}

func TestManagerMails(t *testing.T) {
	a := newApp(t, nil)
	id := a.register("ada@example.org").member("id")
	check(t, a.Manager().Mail(t.Context(), id, latchkey.Mail{Kind: "welcome", To: "somebody@else.example"}), nil)
	check(t, a.Wait(t.Context()), nil)
	if mail := a.lastMail("welcome"); mail.To != "ada@example.org" || mail.User.Base().ID != id {
		t.Errorf("%+v", mail)
	}
	check(t, a.Manager().Mail(t.Context(), "nobody", latchkey.Mail{Kind: "welcome"}), core.ErrNotFound)
	silent, err := latchkey.New(a.users, latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: static{}}},
		Hashers:  []core.Hasher{fast("new")},
	})
	check(t, err, nil)
	if err := silent.Manager().Mail(t.Context(), id, latchkey.Mail{}); err == nil {
		t.Error("a mail without a sender")
	}
}

func TestManagerImports(t *testing.T) {
	hooks := 0
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Hooks.BeforeRegister = func(context.Context, *latchkey.Event[Member]) error { hooks++; return nil }
	})
	m := a.Manager()
	u := &Member{User: latchkey.User{ID: "0190a4c8-7b6f-7c3e-9f53-0b1c2d3e4f5a", Email: "Ada@Example.org", IsActive: true}}
	check(t, m.Import(t.Context(), u, "old$"+password), nil)
	if u.EmailKey != "ada@example.org" || hooks != 0 {
		t.Errorf("imported %+v with %d hooks", u, hooks)
	}
	if a.login("ada@example.org", password).status != 200 {
		t.Error("the old password is lost")
	}
	check(t, m.Import(t.Context(), &Member{User: latchkey.User{Email: "ADA@example.org"}}, ""), core.ErrTaken)
	check(t, m.Import(t.Context(), &Member{User: latchkey.User{Email: "no address"}}, ""), core.Invalid())
	for name, err := range map[string]error{
		"a hash that nobody can check": m.Import(t.Context(), &Member{User: latchkey.User{Email: "b@example.org"}}, "{SSHA}x"),
		"a link without a flow for it": m.Import(t.Context(), &Member{User: latchkey.User{Email: "b@example.org"}}, "",
			core.OAuthAccount{Provider: "acme", Subject: "1"}),
	} {
		if err == nil {
			t.Errorf("%s was imported", name)
		}
	}
	if _, err := m.FindByEmail(t.Context(), "b@example.org"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("half a user: %v", err)
	}
}

func TestManagerImportsLinks(t *testing.T) {
	o := newOAuthApp(t, nil)
	m := o.Manager()
	u := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
	link := core.OAuthAccount{Provider: "acme", Subject: "1", Email: "ada@example.org"}
	check(t, m.Import(t.Context(), u, "", link), nil)
	found, err := m.OAuthCallback(t.Context(), "acme", core.OAuthIdentity{Subject: "1"}, core.OAuthTokens{})
	check(t, err, nil)
	if found.ID != u.ID {
		t.Errorf("the account at acme opens %s, want %s", found.ID, u.ID)
	}
}
