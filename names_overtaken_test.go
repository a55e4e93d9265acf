package latchkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Two confirm one sign-up, whose user a hook names. The second one hears that
// the mail is used, and not that somebody has the name.
func TestASignUpInTheMiddleOfAnother(t *testing.T) {
	t.Parallel()
	name, meanwhile := aName, func() {}
	a := newNameApp(t, func(o *latchkey.Options[Handled]) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Handled]) error {
			do := meanwhile
			meanwhile = func() {}
			do()
			e.User.Username = name
			return nil
		}
	})
	mailed := func(address string) (confirmation string) {
		var asked struct{ Flow string }
		answer := a.want("POST /auth/api/mail-login", "", members("email", address), 202, "")
		check(t, json.Unmarshal([]byte(answer), &asked), nil)
		sent := len(a.sent())
		return members("flow", asked.Flow, "code", a.mails.mails[sent-1].Code)
	}
	const confirm = "POST /auth/api/mail-login/confirm"
	first := mailed(anEmail)
	meanwhile = func() { a.want(confirm, "", first, 200, "access_token") }
	a.want(confirm, "", first, 400, core.CodeMailLoginBadCode)

	other := mailed("eve@example.org") // the twin: somebody has it
	a.want(confirm, "", other, 400, core.CodeRegisterNameExists)
	name = "eve"
	a.want(confirm, "", other, 200, "access_token")
}

// contended is a user store that takes no change.
type contended struct{ *memstore.Users[Handled] }

func (contended) Update(context.Context, string, func(*Handled) error) (*Handled, error) {
	return nil, core.ErrTaken
}

// What the store does not take is refused for what was to change, also where
// whoever had it has left it since.
func TestTakenForAMoment(t *testing.T) {
	t.Parallel()
	auth, err := latchkey.New[Handled](contended{memstore.NewUsers[Handled]()}, options[Handled]())
	check(t, err, nil)
	u := &Handled{User: latchkey.User{Email: anEmail, IsActive: true}, Named: latchkey.Named{Username: aName}}
	check(t, auth.Manager().Create(t.Context(), u, ""), nil)
	for code, c := range map[string]latchkey.Changes[Handled]{
		core.CodeUpdateNameExists:  {Username: new("grace")},
		core.CodeUpdateEmailExists: {Email: new("grace@example.org")},
	} {
		if _, err := auth.Manager().Update(t.Context(), u.ID, c); !errors.Is(err, core.Refuse(code)) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
}
