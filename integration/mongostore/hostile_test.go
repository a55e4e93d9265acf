package mongostore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// operators look like MongoDB's.
var operators = []string{`{"$ne":""}`, `{"$gt":""}`, "$ne", "$where", `{"$regex":".*"}`, "[$ne]",
	"this.email_key != ''", "$$ROOT", "a.b", ".*", "^"}

func TestOperatorsAreText(t *testing.T) {
	t.Run("P17 what looks like an operator finds only itself", func(t *testing.T) {
		ctx := t.Context()
		for name, ids := range idTypes {
			t.Run(name, func(t *testing.T) {
				_, _, us := open[core.User](t, mongostore.Options{IDs: ids})
				victim := ada()
				if err := us.Create(ctx, victim); err != nil {
					t.Fatal(err)
				}
				for _, text := range operators {
					for _, key := range []core.Key{core.ByEmail(text), core.ByID(text), {Kind: text, Value: victim.ID}} {
						if _, err := us.Find(ctx, key); err != core.ErrNotFound {
							t.Errorf("Find by %q: %v", key, err)
						}
					}
					if err := us.Delete(ctx, text); err != core.ErrNotFound {
						t.Errorf("Delete of %s: %v", text, err)
					}
					if page, _, err := us.List(ctx, core.Query{Email: text, Limit: 10}); len(page) != 0 || err != nil {
						t.Errorf("List of %s returned %d users, %v", text, len(page), err)
					}
				}
				// The legitimate twin: such text is a value
				// like any other.
				for _, text := range operators {
					u := &core.User{Email: text, EmailKey: text, HashedPassword: core.PasswordHash(text)}
					if err := us.Create(ctx, u); err != nil {
						t.Fatal(err)
					}
					found, err := us.Find(ctx, core.ByEmail(text))
					if err != nil || *found != *u {
						t.Errorf("Find by %s returned %+v, %v", text, found, err)
					}
				}
				if _, err := us.Find(ctx, core.ByID(victim.ID)); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

func TestOperatorsInOtherStores(t *testing.T) {
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	_, store, _ := open[core.User](t, mongostore.Options{IDs: mongostore.Text})
	sessions, tickets, accounts := store.Sessions(), store.Tickets(), store.OAuthAccounts()
	credentials, passkey := store.Credentials(), &core.Credential{Owner: "ada", Kind: "passkey", Key: "one"}
	for _, err := range []error{
		credentials.Create(ctx, passkey, 1),
		sessions.Create(ctx, [32]byte{1}, core.Session{UserID: "ada", Expires: later}),
		tickets.Put(ctx, core.Ticket{Purpose: "reset", UserID: "ada", Expires: later}, false),
		accounts.Create(ctx, &core.OAuthAccount{UserID: "ada", Provider: "github", Subject: "one"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range operators {
		_, byProvider := accounts.Find(ctx, text, "one")
		_, bySubject := accounts.Find(ctx, "github", text)
		_, byPurpose := tickets.Find(ctx, text, [32]byte{})
		_, byKind := credentials.Find(ctx, text, "one")
		_, byKey := credentials.Find(ctx, "passkey", text)
		for _, err := range []error{byProvider, bySubject, byPurpose, byKind, byKey,
			credentials.Delete(ctx, "passkey", text, passkey.ID), credentials.Delete(ctx, text, "ada", passkey.ID),
			credentials.Delete(ctx, "passkey", "ada", text)} {
			if err != core.ErrNotFound {
				t.Errorf("%s finds something: %v", text, err)
			}
		}
		if err := errors.Join(
			sessions.DeleteAll(ctx, text, 9, [32]byte{}),
			tickets.Put(ctx, core.Ticket{Purpose: text, UserID: text, Digest: [32]byte{2}, Expires: later}, true),
		); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, session := sessions.Find(ctx, [32]byte{1})
	_, ticket := tickets.Find(ctx, "reset", [32]byte{})
	if err := errors.Join(session, ticket, second(credentials.Find(ctx, "passkey", "one"))); err != nil {
		t.Errorf("ada has lost something: %v", err)
	}
}

func TestDeleteOfAUserEndsTheirSessions(t *testing.T) {
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	_, store, us := open[core.User](t, mongostore.Options{})
	u, grace := ada(), bson.NewObjectID().Hex()
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	of := func(userID string) core.Session { return core.Session{UserID: userID, Epoch: 5, Expires: later} }
	sessions, tickets, accounts := store.Sessions(), store.Tickets(), store.OAuthAccounts()
	for _, err := range []error{
		sessions.Create(ctx, [32]byte{1}, of(u.ID)), sessions.Create(ctx, [32]byte{2}, of(grace)),
		tickets.Put(ctx, core.Ticket{Digest: [32]byte{1}, Purpose: "reset", UserID: u.ID, Expires: later}, false),
		accounts.Create(ctx, &core.OAuthAccount{UserID: u.ID, Provider: "github", Subject: "one"}),
		accounts.Create(ctx, &core.OAuthAccount{UserID: grace, Provider: "github", Subject: "two"}),
		us.Delete(ctx, u.ID),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	gone := func(what string, err error) {
		t.Helper()
		if err != core.ErrNotFound {
			t.Errorf("the deleted user's %s: %v", what, err)
		}
	}
	gone("session", second(sessions.Find(ctx, [32]byte{1})))
	gone("ticket", second(tickets.Find(ctx, "reset", [32]byte{1})))
	gone("account", second(accounts.Find(ctx, "github", "one")))
	if err := errors.Join(second(sessions.Find(ctx, [32]byte{2})),
		second(accounts.Find(ctx, "github", "two"))); err != nil {
		t.Errorf("somebody else has lost something: %v", err)
	}
	// A login that was admitted before the deletion comes too late.
	if err := sessions.Create(ctx, [32]byte{3}, of(u.ID)); err != core.ErrInvalid {
		t.Errorf("S05 a late session: %v", err)
	}
	gone("late session", second(sessions.Find(ctx, [32]byte{3})))
	// The same user comes back from a backup.
	if err := errors.Join(us.Create(ctx, u), sessions.Create(ctx, [32]byte{4}, of(u.ID))); err != nil {
		t.Errorf("a session of the restored user: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestUpdateEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	db, _, us := open[core.User](t, mongostore.Options{})
	u := ada()
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	runs := 0
	_, err := us.Update(ctx, u.ID, func(u *core.User) error {
		// Somebody else is always faster.
		if runs++; runs == 20 {
			cancel()
		}
		_, err := db.Collection("latchkey_users").UpdateOne(t.Context(), bson.D{},
			bson.D{{Key: "$inc", Value: bson.D{{Key: "_revision", Value: 1}}}})
		u.TokenEpoch = 77
		return err
	})
	if !errors.Is(err, context.Canceled) || runs != 20 {
		t.Errorf("Update returned %v after %d runs", err, runs)
	}
	if epoch, err := us.Epoch(t.Context(), u.ID); epoch != 0 || err != nil {
		t.Errorf("the epoch is %d, %v", epoch, err)
	}
}
