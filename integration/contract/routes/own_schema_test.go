package routes_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// ruled is a store whose database has rules of the application's own, by which
// a user's name is refused.
type ruled struct {
	core.UserStore[harness.Account]
}

func (s ruled) Unwrap() any { return s.UserStore }

var errDriver = errors.New("the driver quotes secret@example.org")

func (ruled) judge(u *harness.Account) error {
	switch u.FullName {
	case "long":
		return &core.RefusedError{Field: "FullName", Cause: errDriver}
	case "trigger":
		return &core.RefusedError{Cause: errDriver}
	case "address":
		return &core.RefusedError{Field: "EmailKey", Cause: errDriver}
	case "hidden":
		return &core.RefusedError{Field: "Credits", Cause: errDriver}
	case "unknown":
		return &core.RefusedError{Field: "tenant_id", Cause: errDriver}
	case "another's":
		return errors.Join(core.ErrConflict, errDriver)
	case "superuser":
		if u.IsSuperuser {
			return &core.RefusedError{Field: "IsSuperuser", Cause: errDriver}
		}
	}
	return nil
}

func (s ruled) Create(ctx context.Context, u *harness.Account) error {
	if err := s.judge(u); err != nil {
		return err
	}
	return s.UserStore.Create(ctx, u)
}

func (s ruled) Update(
	ctx context.Context, id string, change func(*harness.Account) error,
) (*harness.Account, error) {
	return s.UserStore.Update(ctx, id, func(u *harness.Account) error {
		if err := change(u); err != nil {
			return err
		}
		return s.judge(u)
	})
}

func (s ruled) Delete(ctx context.Context, id string) error {
	u, err := s.Find(ctx, core.ByID(id))
	switch {
	case err != nil:
		return err
	case u.FullName == "has invoices":
		return errors.Join(core.ErrConflict, errDriver)
	case u.FullName == "has deferred invoices":
		return &core.RefusedError{Cause: errDriver}
	}
	return s.UserStore.Delete(ctx, id)
}

// withRules puts the rules before the application's store. A first login at a
// provider takes its name from the address.
func withRules(a *harness.App, o *harness.Options) {
	a.Stores.Users = ruled{a.Stores.Users}
	o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
		if e.Identity != nil {
			e.User.FullName, _, _ = strings.Cut(e.User.Email, "@")
		}
		return nil
	}
}

func TestAttackF29OwnSchemaRefuses(t *testing.T) {
	harness.OnEveryAdapter(t, withRules, func(t *testing.T, a *harness.App) {
		u, admin := a.NewUser(t), a.NewUser(t, harness.Superuser)
		mine, theirs, target := a.LogIn(t, "cookie", u), a.LogIn(t, "jwt", admin), harness.PathID(a.NewUser(t).ID)
		quiet := func(got harness.Answer) {
			t.Helper()
			if strings.Contains(got.Body, "secret@") || strings.Contains(got.Body, "driver") {
				t.Errorf("the answer has the driver's words: %s", got.Body)
			}
		}
		before := a.StoredState(t)
		for name, want := range map[string]struct{ register, update string }{
			"long":      {"422 body.full_name value_error", "422 body.full_name value_error"},
			"trigger":   {"422 body value_error", "422 body value_error"},
			"address":   {"422 body.email value_error", "422 body.email value_error"},
			"hidden":    {"500", "500"},
			"unknown":   {"500", "500"},
			"another's": {"400 REGISTER_USER_CONFLICT", "400 UPDATE_USER_CONFLICT"},
		} {
			o := harness.Object{"email": "new@example.org", "password": harness.Password, "full_name": name}
			quiet(a.Want(t, "POST /auth/register "+want.register+" (field F14, "+name+")", harness.JSONObject(o)))
			change := harness.JSONObject(harness.Object{"full_name": name})
			quiet(a.Want(t, "PATCH /users/me "+want.update+" (field F14, "+name+")", mine, change))
			quiet(a.Want(t, "PATCH /users/{id} "+want.update+" (field F14, "+name+")", theirs, target, change))
		}
		a.Want(t, "PATCH /users/{id} 422 body.is_superuser value_error (field F14, a flag)", theirs, target,
			harness.JSONObject(harness.Object{"full_name": "superuser", "is_superuser": true}))
		if a.StoredState(t) != before {
			t.Error("what was refused has changed something")
		}
		a.Want(t, "POST /auth/register 400 REGISTER_USER_ALREADY_EXISTS (field F14, the address decides first)",
			harness.JSONObject(harness.Object{"email": u.Email, "password": harness.Password, "full_name": "another's"}))
		a.Want(t, "POST /auth/register 201 (field F14, a value that is taken in)",
			harness.JSONObject(harness.Object{"email": "new@example.org", "password": harness.Password, "full_name": "fine"}))
		a.Want(t, "PATCH /users/me 200 (field F14, a value that is taken in)", mine, harness.JSON(`{"full_name": "fine"}`))
	})
}

func TestAttackF29OwnSchemaKeepsAUser(t *testing.T) {
	harness.OnEveryAdapter(t, withRules, func(t *testing.T, a *harness.App) {
		admin := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		for _, name := range []string{"has invoices", "has deferred invoices"} {
			kept := a.NewUser(t, func(u *harness.Account) { u.FullName = name })
			theirs := a.LogIn(t, "cookie", kept)
			a.Want(t, "DELETE /users/{id} 409 DELETE_USER_CONFLICT (field F14, "+name+")", admin, harness.PathID(kept.ID))
			a.Want(t, "GET /users/me 200", theirs).WantUser(t, kept)
		}
		a.Want(t, "DELETE /users/{id} 204 (field F14, nothing keeps them)", admin, harness.PathID(a.NewUser(t).ID))
	})
}

func TestAttackF29OwnSchemaAtAFirstLogin(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, nil, withRules), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		users := a.StoredState(t)
		for name, want := range map[string]struct{ answer, code string }{
			"long":      {"422 body.full_name value_error", "Unprocessable+Entity"},
			"trigger":   {"422 body value_error", "Unprocessable+Entity"},
			"another's": {"400 REGISTER_USER_CONFLICT", "REGISTER_USER_CONFLICT"},
			"hidden":    {"500", "Internal+Server+Error"},
		} {
			group := harness.AcmeByJWT
			who := harness.Identity(name, name+"@example.org")
			a.Want(t, "GET "+group+"/callback "+want.answer+" (field F14, "+name+")", a.Consent(t, group, who))
			if _, err := a.Stores.Accounts.Find(t.Context(), "acme", name); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("%s: the link is %v", name, err)
			}
			visit := a.Authorize(t, group, "?redirect_to=/app")
			got := a.Want(t, "GET "+group+"/callback 303", visit.As(who))
			if to := got.Header.Get("Location"); to != "/app?error="+want.code {
				t.Errorf("%s: the browser goes to %s", name, to)
			}
		}
		if a.StoredState(t) != users {
			t.Error("what was refused has changed something")
		}
		a.LogInByAcme(t, harness.Identity("fine", "fine@example.org"))
	})
}
