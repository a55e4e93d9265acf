package sqlstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// TestSchemaIsAllThatMigrateMakes: in a database that the SQL has made Migrate
// defines nothing.
func TestSchemaIsAllThatMigrateMakes(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db, statements := d.recorded(t, d.address(t))
		for name, ids := range idTypes {
			t.Run(name, func(t *testing.T) {
				opts := sqlstore.Options{IDs: ids, Prefix: strings.ToLower(name) + "_"}
				store := newStore(t, db, opts)
				if _, err := sqlstore.Users[late](store); err != nil {
					t.Fatal(err)
				}
				for _, statement := range store.Schema() {
					if _, err := db.DB.ExecContext(t.Context(), statement); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				}
				statements.Texts()
				_, us := users[late](t, db, opts)
				for _, text := range statements.Texts() {
					if strings.Contains(text, "CREATE ") || strings.Contains(text, "ALTER ") {
						t.Errorf("Migrate still ran %s", text)
					}
				}
				u := &late{User: *ada(), Credits: 3, Plan: "free"}
				if err := us.Create(t.Context(), u); err != nil {
					t.Fatal(err)
				}
				if found, err := us.Find(t.Context(), core.ByID(u.ID)); err != nil || found.Credits != 3 || found.Plan != "free" {
					t.Errorf("Find returned %+v, %v", found, err)
				}
			})
		}
	})
}

// TestStatementTexts: arguments travel apart from the text, which is the same
// whatever they are.
func TestStatementTexts(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db, statements := d.recorded(t, d.address(t))
		for name, ids := range idTypes {
			t.Run("L05 "+name, func(t *testing.T) {
				store, us := users[late](t, db, sqlstore.Options{IDs: ids, Prefix: strings.ToLower(name) + "_"})
				statements.Texts()
				everyStatement(t, store, us, "7001", "canary-one")
				first := statements.Texts()
				everyStatement(t, store, us, "7002", "canary-two")
				for _, text := range statements.Texts() { // without what is already prepared
					if !slices.Contains(first, text) {
						t.Errorf("with other arguments there is %s", text)
					}
				}
				if len(first) < 30 {
					t.Errorf("there are only %d statements:\n%s", len(first), strings.Join(first, "\n"))
				}
				for _, text := range first {
					if strings.Contains(text, "canary") || strings.Contains(text, "700") {
						t.Errorf("an argument is in %s", text)
					}
				}
			})
		}
	})
}

// everyStatement uses all that the stores have, with the canary in each text
// and the number in each id.
func everyStatement(t *testing.T, store *sqlstore.Store, us *sqlstore.UserStore[late], number, canary string) {
	t.Helper()
	ctx, soon, d := t.Context(), time.Now().Add(time.Hour), core.Digest(canary)
	u := &late{User: core.User{Email: canary, EmailKey: canary, HashedPassword: core.PasswordHash(canary)},
		Profile: Profile{FullName: canary}, Plan: canary, Settings: settings{canary: canary}}
	given := &late{User: core.User{ID: number}}
	if err := us.Create(ctx, given); err != nil {
		given.ID = "00000000-0000-4000-8000-00000000" + number
		if err := us.Create(ctx, given); err != nil {
			t.Fatal(err)
		}
	}
	link := core.OAuthAccount{Provider: canary, Subject: canary, Email: canary, AccessToken: canary, RefreshToken: canary,
		Expires: soon}
	refused := func(err error) error {
		if err == nil {
			return errors.New("it was not refused")
		}
		return nil
	}
	limit := core.Limit{Events: 1, Window: time.Hour}
	session := core.Session{ID: canary, UserID: canary, Backend: canary, Label: canary,
		Proofs: []core.Proof{{Method: canary}}, Expires: soon}
	ticket := core.Ticket{Digest: d, Purpose: canary, UserID: canary, Email: canary, Data: []byte(canary), Expires: soon}
	for i, step := range []func() error{
		func() error { return us.Create(ctx, u) },
		func() error { return refused(us.Create(ctx, &late{User: core.User{EmailKey: canary}})) },
		func() error { _, err := us.Find(ctx, core.ByEmail(canary)); return err },
		func() error { _, err := us.Find(ctx, core.ByID(u.ID)); return err },
		func() error { _, err := us.Epoch(ctx, u.ID); return err },
		func() error { _, _, err := us.List(ctx, core.Query{Limit: 10}); return err },
		func() error { _, _, err := us.List(ctx, core.Query{Email: canary, Limit: 10}); return err },
		func() error {
			return store.Transact(ctx, func(ctx context.Context) error {
				_, err := us.Update(ctx, u.ID, func(u *late) error { u.FullName = canary + "2"; return nil })
				return err
			})
		},
		func() error { link.UserID = u.ID; return store.OAuthAccounts().Create(ctx, &link) },
		func() error { _, err := store.OAuthAccounts().Find(ctx, canary, canary); return err },
		func() error { _, err := store.OAuthAccounts().List(ctx, u.ID); return err },
		func() error {
			_, err := store.OAuthAccounts().Update(ctx, link.ID,
				func(a *core.OAuthAccount) error { a.Email = canary + "2"; return nil })
			return err
		},
		func() error { return store.OAuthAccounts().Delete(ctx, link.ID) },
		func() error { return store.Sessions().Create(ctx, d, session) },
		func() error { _, err := store.Sessions().Find(ctx, d); return err },
		func() error { _, err := store.Sessions().List(ctx, canary); return err },
		func() error { return store.Sessions().Touch(ctx, d, soon, soon.Add(time.Minute)) },
		func() error { return store.Sessions().DeleteAll(ctx, canary, 5, d) },
		func() error { return store.Sessions().Delete(ctx, d) },
		func() error { return refused(store.Sessions().Touch(ctx, d, soon, soon)) },
		func() error { return store.Tickets().Put(ctx, ticket, true) },
		func() error { return refused(store.Tickets().Put(ctx, ticket, true)) },
		func() error { _, err := store.Tickets().Find(ctx, canary, d); return err },
		func() error { return store.Tickets().Fail(ctx, canary, d, 5) },
		func() error { _, err := store.Tickets().Consume(ctx, canary, d); return err },
		func() error { return refused(store.Tickets().Burn(ctx, canary, d, soon)) },
		func() error { _, err := store.Limiter().Allow(ctx, canary, limit); return err },
		func() error { _, err := store.Limiter().Allow(ctx, canary, limit); return err },
		func() error {
			_, err := store.Limiter().Allow(ctx, canary, core.Limit{Events: 1, Window: time.Minute})
			return err
		},
		func() error { return store.Limiter().Refund(ctx, canary) },
		func() error { return store.Limiter().Reset(ctx, canary) },
		func() error { _, err := store.Sweep(ctx); return err },
		func() error { return us.Delete(ctx, u.ID) },
		func() error { return us.Delete(ctx, given.ID) },
	} {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
}
