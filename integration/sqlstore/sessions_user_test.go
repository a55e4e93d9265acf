package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// TestSessionsBesideUsers: the sessions of a UserStore pass the whole kit,
// whose users exist nowhere.
func TestSessionsBesideUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		s := d.shared(t, sqlstore.BigInt)
		storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore {
			s.empty(t, now)
			return s.users.Sessions()
		})
	})
}

// TestFindGivesTheUser: Find returns the current user in the same statement,
// for IDs of every type.
func TestFindGivesTheUser(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range idTypes {
			t.Run(name, func(t *testing.T) { findsUser(t, d, ids) })
		}
	})
}

func findsUser(t *testing.T, d database, ids sqlstore.IDType) {
	ctx, address := t.Context(), d.address(t)
	db, statements := d.recorded(t, address)
	store, us := users[storetest.Account](t, db, sqlstore.Options{IDs: ids})
	u := &storetest.Account{User: core.User{Email: "Ada@example.org", EmailKey: "ada@example.org", IsActive: true}}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	digest := [32]byte{1}
	if err := us.Sessions().Create(ctx, digest,
		core.Session{UserID: u.ID, Created: now, LastSeen: now, Expires: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	find := func() core.Found {
		found, err := us.Sessions().Find(ctx, digest)
		if err != nil {
			t.Fatal(err)
		}
		if found.UserID != u.ID {
			t.Fatalf("the session is %s's, want %s's", found.UserID, u.ID)
		}
		return found
	}
	find()
	statements.Texts()
	found := find()
	// the other one reads the floor
	if texts := statements.Texts(); len(texts) > 1 || len(texts) == 1 && strings.Count(texts[0], "SELECT") != 2 {
		t.Errorf("it took %d statements: %s", len(texts), texts)
	}
	if got := found.User.(*storetest.Account); got.ID != u.ID || got.Email != u.Email || got.EmailKey != u.EmailKey ||
		!got.IsActive {
		t.Errorf("the user is %+v, want %+v", got, u)
	}
	if _, err := us.Update(ctx, u.ID, func(u *storetest.Account) error { u.IsActive = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if find().User.Base().IsActive {
		t.Error("the user is as they were before")
	}
	if plain, err := store.Sessions().Find(ctx, digest); err != nil || plain.User != nil {
		t.Errorf("the store's own sessions returned the user %v, %v", plain.User, err)
	}
	run(t, db, "DELETE FROM latchkey_users") // by another program
	if u := find().User; u != nil {
		t.Errorf("the user is gone, and %+v was found", u)
	}
}

// TestFindGivesTheUserOfAnyCollation: IDs in a table created by another program
// have its collation.
func TestFindGivesTheUserOfAnyCollation(t *testing.T) {
	d := onPostgres
	d.address = func(t testing.TB) string {
		address := server.Postgres(t)
		run(t, onPostgres.open(t, address), `CREATE TABLE latchkey_users (id TEXT COLLATE "POSIX" NOT NULL PRIMARY KEY, email TEXT NOT NULL,
			hashed_password TEXT NOT NULL, is_active BOOLEAN NOT NULL, is_superuser BOOLEAN NOT NULL, is_verified BOOLEAN NOT NULL)`)
		return address
	}
	findsUser(t, d, sqlstore.Text)
}

// TestFindGivesTheUserOfALongNumber: snowflakes have 19 digits.
func TestFindGivesTheUserOfALongNumber(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		_, us := users[storetest.Account](t, d.new(t), sqlstore.Options{IDs: sqlstore.BigInt})
		u := &storetest.Account{User: core.User{ID: "1800000000000000001", Email: "ada@example.org",
			EmailKey: "ada@example.org"}}
		if err := us.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		if err := us.Sessions().Create(t.Context(), [32]byte{1},
			core.Session{UserID: u.ID, Expires: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if found, err := us.Sessions().Find(t.Context(), [32]byte{1}); err != nil || found.User == nil ||
			found.User.Base().ID != u.ID {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}
