package latchkey_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// TestFindings414OneRuleForEveryAddress: BeforeUpdate has the user as they will
// be stored, as BeforeRegister has, by every route.
func TestFindings414OneRuleForEveryAddress(t *testing.T) {
	noSpam := func(_ context.Context, e *latchkey.Event[Member]) error {
		if strings.HasSuffix(e.User.Email, "@spam.example") || strings.HasSuffix(e.User.EmailKey, "@spam.example") {
			return latchkey.Refuse("NO_SPAM")
		}
		return nil
	}
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Hooks.BeforeRegister, o.Hooks.BeforeUpdate = noSpam, noSpam })
	ctx, m := t.Context(), a.Manager()
	id := a.register("ada@example.org").member("id")
	boss := &Member{User: latchkey.User{Email: "boss@example.org", IsActive: true, IsSuperuser: true}}
	check(t, m.Create(ctx, boss, password), nil)
	mine := a.login("ada@example.org", password).member("token")
	admin := a.login("boss@example.org", password).member("token")
	spam, upper, good := "z@spam.example", " Z@SPAM.example ", "ada@example.net"

	a.want("POST", "/auth/register", "", `{"email": "`+spam+`", "password": "`+password+`"}`, 400, "NO_SPAM")
	for _, address := range []string{spam, upper} {
		body := `{"email": "` + address + `", "current_password": "` + password + `"}`
		a.want("PATCH", "/users/me", mine, body, 400, "NO_SPAM")
		a.want("PATCH", "/users/"+id, admin, body, 400, "NO_SPAM")
		_, err := m.Update(ctx, id, latchkey.Changes[Member]{Email: &address})
		check(t, err, latchkey.Refuse("NO_SPAM"))
	}
	if u, err := m.Find(ctx, id); err != nil || u.Email != "ada@example.org" {
		t.Errorf("refused, but stored %+v, %v", u, err)
	}
	body := `{"email": "a@example.net", "current_password": "` + password + `"}`
	a.want("PATCH", "/users/me", mine, body, 200, "a@example.net")
	a.want("PATCH", "/users/"+id, admin, `{"email": "b@example.net"}`, 200, "b@example.net")
	u, err := m.Update(ctx, id, latchkey.Changes[Member]{Email: &good})
	check(t, err, nil)
	if u.Email != good {
		t.Errorf("the address is %s", u.Email)
	}
}

func TestFindings414BeforeUpdateSeesTheChange(t *testing.T) {
	var seen *latchkey.Event[Member]
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Hooks.BeforeUpdate = func(_ context.Context, e *latchkey.Event[Member]) error {
			u := *e.User
			seen = e
			seen.User = &u
			return nil
		}
	})
	ctx, m := t.Context(), a.Manager()
	id := a.register("ada@example.org").member("id")
	yes, no, address, next := true, false, "Countess@example.org", "a completely new password"
	_, err := m.Update(ctx, id, latchkey.Changes[Member]{
		Email: &address, Password: &next, IsActive: &no, IsSuperuser: &yes,
		Edit: func(u *Member) error { u.Nick = "amazing"; return nil },
	})
	check(t, err, nil)
	stored, err := m.Find(ctx, id)
	check(t, err, nil)
	will := *seen.User
	if will.HashedPassword == stored.HashedPassword || string(will.HashedPassword) == "" {
		t.Error("the hook saw the new hash, or none")
	}
	will.HashedPassword, will.UpdatedAt = stored.HashedPassword, stored.UpdatedAt
	if will != *stored {
		t.Errorf("the hook saw %+v, stored is %+v", will, stored)
	}
	if seen.Was.Email != "ada@example.org" || !seen.Was.IsActive || seen.Was.IsSuperuser {
		t.Errorf("the user was %+v", seen.Was)
	}
	if want := []string{"email", "is_active", "is_superuser", "nick", "password"}; !slices.Equal(seen.Fields, want) {
		t.Errorf("the fields are %q, want %q", seen.Fields, want)
	}
	refused := errors.New("the edit failed")
	seen = nil
	_, err = m.Update(ctx, id, latchkey.Changes[Member]{Edit: func(*Member) error { return refused }})
	if !errors.Is(err, refused) || seen != nil {
		t.Errorf("an edit that fails: %v, and the hook was called: %v", err, seen != nil)
	}
}

// TestA11BeforeUpdateEdits: what it edits is stored, an address with its
// canonical form.
func TestA11BeforeUpdateEdits(t *testing.T) {
	edit := func(*Member) {}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Hooks.BeforeUpdate = func(_ context.Context, e *latchkey.Event[Member]) error {
			edit(e.User)
			return nil
		}
	})
	ctx, m := t.Context(), a.Manager()
	id := a.register("ada@example.org").member("id")
	a.register("bob@example.org")
	yes := true
	_, err := m.Update(ctx, id, latchkey.Changes[Member]{IsVerified: &yes})
	check(t, err, nil)

	update := func(c latchkey.Changes[Member]) (*Member, error) {
		t.Helper()
		got, err := m.Update(ctx, id, c)
		stored, _ := m.Find(ctx, id)
		if err == nil && *got != *stored {
			t.Errorf("returned %+v, stored %+v", got, stored)
		}
		return stored, err
	}
	address := "ada+shop@Example.net"
	edit = func(u *Member) { u.Email = strings.Replace(u.Email, "+shop", "", 1) }
	u, err := update(latchkey.Changes[Member]{Email: &address})
	check(t, err, nil)
	if u.Email != "ada@Example.net" || u.EmailKey != "ada@example.net" || u.IsVerified {
		t.Errorf("with an edited address: %+v", u)
	}
	edit = func(u *Member) {
		u.Nick, u.Credits, u.IsSuperuser, u.ID, u.HashedPassword = "countess", 7, true, "x", ""
	}
	u, err = update(latchkey.Changes[Member]{IsVerified: &yes})
	check(t, err, nil)
	if u == nil || u.Nick != "countess" || u.Credits != 7 || u.IsSuperuser || u.HashedPassword == "" || !u.IsVerified {
		t.Errorf("with edited columns: %+v", u)
	}
	edit = func(u *Member) { u.Email = "Bob@example.org" }
	_, err = update(latchkey.Changes[Member]{})
	check(t, err, latchkey.Refuse(core.CodeUpdateEmailExists))
	edit = func(u *Member) { u.Email = "no address" }
	_, err = update(latchkey.Changes[Member]{})
	check(t, err, core.Invalid())
	edit = func(u *Member) { u.EmailKey = "bob@example.org" }
	if u, err = update(latchkey.Changes[Member]{}); err != nil || u.EmailKey != "ada@example.net" {
		t.Errorf("with an edited key: %+v, %v", u, err)
	}
}
