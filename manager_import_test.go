package latchkey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
)

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

// TestManagerImportKeepsTimes: a user who comes from elsewhere is as old as
// they were there, and as suspended; a user who is made here is new.
func TestManagerImportKeepsTimes(t *testing.T) {
	a := newApp(t, nil)
	m, ctx := a.Manager(), t.Context()
	born := time.Date(2019, 5, 1, 10, 0, 0, 123456789, time.FixedZone("", 3600))
	u := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, CreatedAt: born, SuspendedFor: "spam",
		SuspendedUntil: born.AddDate(100, 0, 0)}}
	check(t, m.Import(ctx, u, "old$"+password), nil)
	found, err := m.Find(ctx, u.ID)
	check(t, err, nil)
	if want := born.UTC().Truncate(time.Microsecond); !found.CreatedAt.Equal(want) || found.UpdatedAt.Equal(want) {
		t.Errorf("created at %v and updated at %v, want the former at %v", found.CreatedAt, found.UpdatedAt, want)
	}
	if found.SuspendedFor != "spam" || a.login("ada@example.org", password).status != 400 {
		t.Errorf("the suspension is lost: %+v", found)
	}
	u = &Member{User: latchkey.User{Email: "bob@example.org", CreatedAt: born}}
	check(t, m.Create(ctx, u, password), nil)
	if u.CreatedAt.Equal(born) {
		t.Error("Create keeps a time that somebody has set")
	}
}

// examined is a hasher of hashes that begin with "x$", and finds those bad that
// end in "bad".
type examined struct{ fast }

func (examined) CheckHash(h core.PasswordHash) error {
	if strings.HasSuffix(string(h), "bad") {
		return errors.New("the hash is malformed")
	}
	return nil
}

func TestManagerChecksHashes(t *testing.T) {
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Hashers = []core.Hasher{fast("new"), examined{"x"}} })
	m := a.Manager()
	for hash, good := range map[core.PasswordHash]bool{
		"new$anything": true, "x$anything": true, "x$bad": false, "other$": false, "": false,
	} {
		if err := m.CheckHash(hash); (err == nil) != good {
			t.Errorf("CheckHash(%q) = %v", string(hash), err)
		}
	}
	if m.Import(t.Context(), &Member{User: latchkey.User{Email: "a@example.org"}}, "x$bad") == nil {
		t.Error("a hash that never verifies was imported")
	}
}

func TestManagerCanonicalEmail(t *testing.T) {
	m := newApp(t, nil).Manager()
	key, err := m.CanonicalEmail(" Ada@Example.ORG\n")
	check(t, err, nil)
	if key != "ada@example.org" {
		t.Errorf("the canonical form is %q", key)
	}
	if _, err := m.CanonicalEmail("ada@example.org\x00"); err == nil || strings.Contains(err.Error(), "ada") {
		t.Errorf("the error is %v", err)
	}
}

// rolling is a store with transactions: an error undoes what was created.
type rolling struct {
	core.UserStore[Member]
	t *testing.T
}

func (s rolling) Transact(ctx context.Context, do func(context.Context) error) error {
	before, _, err := s.UserStore.List(ctx, core.Query{Limit: 100})
	check(s.t, err, nil)
	err = do(ctx)
	if err == nil {
		return nil
	}
	after, _, listed := s.UserStore.List(ctx, core.Query{Limit: 100})
	check(s.t, listed, nil)
	for _, u := range after[len(before):] {
		check(s.t, s.UserStore.Delete(ctx, u.ID), nil)
	}
	return err
}

func TestManagerTriesImports(t *testing.T) {
	a := newApp(t, nil)
	auth, err := latchkey.New[Member](rolling{a.users, t}, latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: static{}}},
		Hashers:  []core.Hasher{fast("new")},
	})
	check(t, err, nil)
	id := a.register("ada@example.org").member("id")
	for name, m := range map[string]*latchkey.Manager[Member]{"transactions": auth.Manager(),
		"no transactions": a.Manager()} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			fresh := func() *Member { return &Member{User: latchkey.User{Email: "new@example.org"}} }
			u := fresh()
			check(t, m.TryImport(ctx, u, "new$x"), nil)
			if u.ID != "" {
				t.Errorf("it left the ID %s", u.ID)
			}
			if _, err := m.FindByEmail(ctx, "new@example.org"); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("the user is stored: %v", err)
			}
			taken := func(err error, what string) {
				t.Helper()
				if !errors.Is(err, core.ErrTaken) || !strings.Contains(err.Error(), what) {
					t.Errorf("got %v; want that %s is taken", err, what)
				}
			}
			for _, try := range []func(context.Context, *Member, core.PasswordHash,
				...core.OAuthAccount) error{m.TryImport, m.Import} {
				taken(try(ctx, &Member{User: latchkey.User{Email: "ADA@example.org"}}, ""), "the address")
				u := fresh()
				u.ID = id
				taken(try(ctx, u, ""), "the ID")
				check(t, try(ctx, &Member{User: latchkey.User{Email: "no address"}}, ""), core.Invalid())
				if try(ctx, fresh(), "{SSHA}x") == nil ||
					try(ctx, fresh(), "", core.OAuthAccount{Provider: "acme", Subject: "1"}) == nil {
					t.Error("an unknown hash, or a link that nobody keeps, was imported")
				}
			}
		})
	}
}

func TestManagerTriesLinks(t *testing.T) {
	o := newOAuthApp(t, nil)
	m, ctx := o.Manager(), t.Context()
	link := core.OAuthAccount{Provider: "acme", Subject: "1"}
	check(t, m.Import(ctx, &Member{User: latchkey.User{Email: "ada@example.org"}}, "", link), nil)
	err := m.TryImport(ctx, &Member{User: latchkey.User{Email: "bob@example.org"}}, "", link)
	if !errors.Is(err, core.ErrTaken) || !strings.Contains(err.Error(), "acme") {
		t.Errorf("the account of another user: %v", err)
	}
	link.Subject = "2"
	check(t, m.TryImport(ctx, &Member{User: latchkey.User{Email: "bob@example.org"}}, "", link), nil)
}

// TestManagerImportSealsTokens: what another system has in clear is not stored
// in clear, and the application can use it.
func TestManagerImportSealsTokens(t *testing.T) {
	o := newOAuthApp(t, nil)
	ctx, ada := t.Context(), &Member{User: latchkey.User{Email: "ada@example.org"}}
	ends := time.Now().Add(time.Hour)
	check(t, o.Manager().Import(ctx, ada, "",
		core.OAuthAccount{Provider: "acme", Subject: "1", AccessToken: "in clear",
			RefreshToken: "as well", Expires: ends}), nil)
	link, err := o.accounts.Find(ctx, "acme", "1")
	check(t, err, nil)
	if stored := link.AccessToken + link.RefreshToken; strings.Contains(stored, "clear") ||
		strings.Contains(stored, "well") {
		t.Errorf("stored are %s", stored)
	}
	token, err := o.social.Token(ctx, ada.ID, "acme")
	check(t, err, nil)
	if token != "in clear" {
		t.Errorf("the application gets %q", token)
	}
}

// TestManagerImportLeavesTokensOut: where nothing seals them, and of an account
// that has no access token.
func TestManagerImportLeavesTokensOut(t *testing.T) {
	for name, settings := range map[string]func(*oauth.Options){
		"without a vault": func(o *oauth.Options) { o.Vault = nil }, "with one": func(*oauth.Options) {},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOAuthAppBy(t, nil, nil, settings)
			links := []core.OAuthAccount{{Provider: "acme", Subject: "1", RefreshToken: "in clear"}}
			if name == "without a vault" {
				links = append(links, core.OAuthAccount{Provider: "other", Subject: "2", AccessToken: "in clear"})
			}
			check(t, o.Manager().Import(t.Context(), &Member{User: latchkey.User{Email: "ada@example.org"}}, "", links...), nil)
			for _, l := range links {
				stored, err := o.accounts.Find(t.Context(), l.Provider, l.Subject)
				check(t, err, nil)
				if stored.AccessToken+stored.RefreshToken != "" {
					t.Errorf("stored are %q and %q", stored.AccessToken, stored.RefreshToken)
				}
			}
		})
	}
}
