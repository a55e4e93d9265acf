package latchkey_test

import (
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
