package sqlstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// service is an application beside the FastAPI Users service.
type service struct {
	db    *handle
	us    *sqlstore.UserStore[early]
	store *sqlstore.Store
	auth  *latchkey.Auth[early]
}

func beside(t *testing.T, db *handle) service {
	t.Helper()
	store, us := users[early](t, db, adopting)
	strategy, err1 := session.New(store.Sessions(), session.Options{})
	social, err2 := oauth.New(oauth.Options{
		Accounts: store.OAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: named("acme"), VerifiedByDefault: true}},
	})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(us, latchkey.Options[early]{
		Backends:         []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		InsecureNoLimits: true, Tickets: store.Tickets(), BaseURL: "https://app.example.org", Flows: social.Flows(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return service{db, us, store, auth}
}

// hash is what the service reads.
func (s service) hash(t *testing.T, id string) (hash core.PasswordHash) {
	t.Helper()
	query := s.db.placed(`SELECT hashed_password FROM "user" WHERE id = ?`)
	err := s.db.QueryRowContext(t.Context(), query, id).Scan(&hash)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// ways is how many ways in a user has.
func (s service) ways(t *testing.T, id string) int {
	t.Helper()
	u, err := s.auth.Services().Users.Find(t.Context(), core.ByID(id))
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.auth.Services().Security.Ways(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFindingD1UsersWithoutAPassword: the service can read their hash, and no
// password opens it; here they have none.
func TestFindingD1UsersWithoutAPassword(t *testing.T) {
	takeovers(t, func(t *testing.T, fixture func(t *testing.T) *handle) {
		ctx, s := t.Context(), beside(t, fixture(t))
		vouched := true
		login := func(name string) string {
			t.Helper()
			u, err := s.auth.Manager().OAuthCallback(ctx, "acme",
				core.OAuthIdentity{Subject: name, Email: name + "@example.org", EmailVerified: &vouched}, core.OAuthTokens{})
			if err != nil {
				t.Fatal(err)
			}
			if u.HashedPassword != "" {
				t.Errorf("the user has the hash %s", string(u.HashedPassword))
			}
			return u.ID
		}
		one, two := login("new1"), login("new2")
		hash := s.hash(t, one)
		hasher, err := argon2id.New(argon2id.Options{Memory: 65536, Time: 3, Threads: 4}) // pwdlib's
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := hasher.Verify(hash, ""); ok || err != nil || hasher.Outdated(hash) {
			t.Errorf("the service finds %s: verified %v, %v", string(hash), ok, err)
		}
		if hash == s.hash(t, two) {
			t.Error("two users have one hash")
		}
		if n := s.ways(t, one); n != 1 {
			t.Errorf("the user has %d ways in, want the account at the provider alone", n)
		}
		if _, err := s.us.Update(ctx, one, func(u *early) error { u.TokenEpoch++; return nil }); err != nil {
			t.Fatal(err)
		}
		if s.hash(t, one) != hash {
			t.Error("an update made another hash, and the service's reset tokens bad")
		}
		if again := login("new1"); again != one || s.hash(t, one) != hash {
			t.Error("the next login made another user, or another hash")
		}

		t.Run("a password that the service sets is one", func(t *testing.T) {
			run(t, s.db, `UPDATE "user" SET hashed_password = ? WHERE id = ?`,
				"$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", two)
			if n := s.ways(t, two); n != 2 {
				t.Errorf("the user has %d ways in, want 2", n)
			}
		})
		t.Run("a password that is set here is one", func(t *testing.T) {
			changes := latchkey.Changes[early]{Password: new("correct horse 17 battery")}
			if _, err := s.auth.Manager().Update(ctx, one, changes); err != nil {
				t.Fatal(err)
			}
			if n := s.ways(t, one); n != 2 || s.hash(t, one) == hash {
				t.Errorf("the user has %d ways in, want 2", n)
			}
		})
	})
}

// TestFindingD1AnEarlierRelease has left empty hashes.
func TestFindingD1AnEarlierRelease(t *testing.T) {
	takeovers(t, func(t *testing.T, fixture func(t *testing.T) *handle) {
		s := beside(t, fixture(t))
		before := s.hash(t, galID)
		run(t, s.db, `UPDATE "user" SET hashed_password = '' WHERE id = ?`, adaID)
		if err := s.store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if hash := s.hash(t, adaID); hash == "" || s.hash(t, galID) != before {
			t.Errorf("the hash is %q, and another's %q", string(hash), string(s.hash(t, galID)))
		}
		u, err := s.us.Find(t.Context(), core.ByID(adaID))
		if err != nil || u.HashedPassword != "" {
			t.Errorf("the user is %+v, %v", u, err)
		}
	})
}

// TestFindingD1NumberedUsers have no ID when their hash is made.
func TestFindingD1NumberedUsers(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), onSQLite.new(t)
	run(t, db, `CREATE TABLE "user" (id INTEGER PRIMARY KEY, email VARCHAR(320) NOT NULL UNIQUE, hashed_password VARCHAR(1024) NOT NULL,
		is_active BOOLEAN NOT NULL, is_superuser BOOLEAN NOT NULL, is_verified BOOLEAN NOT NULL)`)
	opts := adopting
	opts.IDs = sqlstore.BigInt
	_, us := users[core.User](t, db, opts)
	one, two := ada(), &core.User{Email: "eve@example.org", EmailKey: "eve@example.org"}
	if err := errors.Join(us.Create(ctx, one), us.Create(ctx, two)); err != nil {
		t.Fatal(err)
	}
	if n, err := db.count(ctx, `(SELECT DISTINCT hashed_password FROM "user" WHERE hashed_password LIKE '$argon2id$%')`); n != 2 || err != nil {
		t.Errorf("%d hashes, %v; want 2", n, err)
	}
	if u, err := us.Find(ctx, core.ByID(one.ID)); err != nil || u.HashedPassword != "" {
		t.Errorf("the user is %+v, %v", u, err)
	}
}
