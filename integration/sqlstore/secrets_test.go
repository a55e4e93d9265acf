package sqlstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

func TestDump(t *testing.T) {
	t.Run("S14 L04 a dump of the database has no secret, and nothing in it is a token", func(t *testing.T) {
		ctx, dir := t.Context(), t.TempDir()
		store, us := users[core.User](t, onSQLite.open(t, sqlstore.SQLiteDSN(filepath.Join(dir, "latchkey.db"))),
			sqlstore.Options{})
		u := ada()
		if err := us.Create(ctx, u); err != nil {
			t.Fatal(err)
		}
		session, d1, _ := core.NewSecret(rand.Reader)
		ticket, d2, _ := core.NewSecret(rand.Reader)
		state, d3, _ := core.NewSecret(rand.Reader)
		later := time.Now().Add(time.Hour)
		limitKey := "login:ada@private.example"
		_, err := store.Limiter().Allow(ctx, limitKey, core.Limit{Events: 3, Window: time.Hour})
		for _, err := range []error{
			err,
			store.Sessions().Create(ctx, d1, core.Session{ID: "visible to its owner", UserID: u.ID, Expires: later}),
			store.Tickets().Put(ctx, core.Ticket{Digest: d2, Purpose: "reset", UserID: u.ID, Expires: later}, true),
			store.Tickets().Burn(ctx, "oauth", d3, later),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		dump := files(t, dir)
		if !bytes.Contains(dump, d1[:]) || !bytes.Contains(dump, []byte("visible to its owner")) {
			t.Fatal("the dump has not even the digest: the test reads the wrong files")
		}
		for name, raw := range map[string]string{"session": session, "ticket": ticket, "state": state} {
			decoded, _ := base64.RawURLEncoding.DecodeString(raw)
			if bytes.Contains(dump, []byte(raw)) || bytes.Contains(dump, decoded) ||
				bytes.Contains(dump, []byte(hex.EncodeToString(decoded))) {
				t.Errorf("the %s's secret is in the dump", name)
			}
		}
		if bytes.Contains(dump, []byte(limitKey)) {
			t.Error("a limiter's key is in the dump")
		}
		// What was stolen is presented as a token.
		for _, stolen := range []string{string(d1[:]), hex.EncodeToString(d1[:]),
			base64.RawURLEncoding.EncodeToString(d1[:])} {
			if _, err := store.Sessions().Find(ctx, core.Digest(stolen)); err != core.ErrNotFound {
				t.Errorf("a digest as a token: %v", err)
			}
		}
		if _, err := store.Sessions().Find(ctx, core.Digest(session)); err != nil {
			t.Errorf("the session itself: %v", err)
		}
	})
}

// files returns everything in a folder: the database and its write-ahead log.
func files(t *testing.T, dir string) (all []byte) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

func TestErrorsCarryNoArguments(t *testing.T) { everywhere(t, errorsWithoutArguments) }

func errorsWithoutArguments(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	type account struct {
		core.User
		Credits int
		Born    *string `db:"born,type:DATE"`
	}
	store, us := users[account](t, db, sqlstore.Options{})
	const canary = "canary7f3a"
	u := &account{User: core.User{Email: canary, EmailKey: canary, HashedPassword: canary}}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	session := core.Session{ID: canary, UserID: canary, Label: canary, Expires: time.Now().Add(time.Hour)}
	if err := store.Sessions().Create(ctx, [32]byte{1}, session); err != nil {
		t.Fatal(err)
	}
	check := func(step string, err error) {
		t.Helper()
		if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "sqlstore: ") {
			t.Errorf("%s: %v", step, err)
		}
	}
	if d.driver == "sqlite" { // SQLite lets a numeric column hold text
		run(t, db, "UPDATE latchkey_users SET credits = ?", canary)
		_, err := us.Find(ctx, core.ByID(u.ID))
		check("a user that cannot be read", err)
	} else {
		_, err := us.Update(ctx, u.ID, func(u *account) error { u.Born = new(canary); return nil })
		check("a date that is none", err)
	}
	run(t, db, "UPDATE latchkey_sessions SET proofs = ?", canary)
	_, err := store.Sessions().Find(ctx, [32]byte{1})
	check("a session that cannot be read", err)
	run(t, db, "DROP TABLE latchkey_users")
	run(t, db, "DROP TABLE latchkey_sessions")
	_, err = us.Find(ctx, core.ByEmail(canary))
	check("Find without a table", err)
	check("Create without a table", us.Create(ctx, &account{User: core.User{Email: canary, EmailKey: canary}}))
	check("a session without a table", store.Sessions().Create(ctx, [32]byte{2}, session))
	accounts := store.OAuthAccounts()
	link := &core.OAuthAccount{UserID: u.ID, Provider: canary, Subject: canary, Email: canary, AccessToken: canary,
		RefreshToken: canary}
	check("an account's ID that is none", accounts.Create(ctx, &core.OAuthAccount{ID: canary}))
	run(t, db, "DROP TABLE latchkey_oauth_accounts")
	check("Create of an account without a table", accounts.Create(ctx, link))
	_, err = accounts.Find(ctx, canary, canary)
	check("Find of an account without a table", err)
	credentials := store.Credentials()
	passkey := &core.Credential{Owner: u.ID, Kind: canary, Key: canary, Label: canary, Data: []byte(canary)}
	check("a credential's ID that is none", credentials.Create(ctx, &core.Credential{
		ID: canary, Owner: u.ID, Kind: canary, Key: canary,
	}, 0))
	check("a credential's Owner that is none",
		credentials.Create(ctx, &core.Credential{Owner: canary, Kind: canary, Key: canary}, 0))
	check("a credential over its limits", credentials.Create(ctx, &core.Credential{
		Owner: u.ID, Kind: canary, Key: canary + "\x00", Label: canary + "\xff",
	}, 0))
	run(t, db, "DROP TABLE latchkey_credentials")
	check("Create of a credential without a table", credentials.Create(ctx, passkey, 1))
	_, err = credentials.Find(ctx, canary, canary)
	check("Find of a credential without a table", err)
}

func TestDeleteOfAUserEndsTheirSessions(t *testing.T) { everywhere(t, deleteEndsSessions) }

func deleteEndsSessions(t *testing.T, d database) {
	ctx := t.Context()
	store, us := users[core.User](t, d.new(t), sqlstore.Options{})
	u := ada()
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	of := func(userID string) core.Session { return core.Session{UserID: userID, Epoch: 5, Expires: later} }
	sessions, tickets := store.Sessions(), store.Tickets()
	for _, err := range []error{
		sessions.Create(ctx, [32]byte{1}, of(u.ID)), sessions.Create(ctx, [32]byte{2}, of("grace")),
		tickets.Put(ctx, core.Ticket{Digest: [32]byte{1}, Purpose: "reset", UserID: u.ID, Expires: later}, false),
		us.Delete(ctx, strings.ToUpper(u.ID)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sessions.Find(ctx, [32]byte{1}); err != core.ErrNotFound {
		t.Errorf("S05 the deleted user's session: %v", err)
	}
	if _, err := tickets.Find(ctx, "reset", [32]byte{1}); err != core.ErrNotFound {
		t.Errorf("the deleted user's ticket: %v", err)
	}
	if _, err := sessions.Find(ctx, [32]byte{2}); err != nil {
		t.Errorf("somebody else's session: %v", err)
	}
	// A login that was admitted before the deletion comes too late.
	if err := sessions.Create(ctx, [32]byte{3}, of(u.ID)); err != core.ErrInvalid {
		t.Errorf("a late session: %v", err)
	}
	// The same user comes back from a backup.
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	if err := sessions.Create(ctx, [32]byte{4}, of(u.ID)); err != nil {
		t.Errorf("a session of the restored user: %v", err)
	}
}

// TestRefusedCreateKeepsTheFloor: inside a transaction that goes on after
// ErrTaken.
func TestRefusedCreateKeepsTheFloor(t *testing.T) { everywhere(t, refusedCreate) }

func refusedCreate(t *testing.T, d database) {
	ctx := t.Context()
	store, us := users[core.User](t, d.new(t), sqlstore.Options{})
	u := ada()
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	if err := store.Sessions().DeleteAll(ctx, u.ID, 5, [32]byte{}); err != nil {
		t.Fatal(err)
	}
	err := store.Transact(ctx, func(ctx context.Context) error {
		again := ada()
		again.ID = u.ID
		if err := us.Create(ctx, again); err != core.ErrTaken {
			t.Errorf("Create returned %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Sessions().Create(ctx, [32]byte{1}, core.Session{UserID: u.ID, Epoch: 4}); err != core.ErrInvalid {
		t.Errorf("a session under the floor: %v", err)
	}
}

func TestSweepOfEverything(t *testing.T) { everywhere(t, sweepEverything) }

func sweepEverything(t *testing.T, d database) {
	now := time.Now()
	store, _ := users[core.User](t, d.new(t), sqlstore.Options{Now: func() time.Time { return now }})
	ctx := t.Context()
	err := store.Transact(ctx, func(ctx context.Context) error {
		for i := range 2500 { // more than one batch
			if err := store.Tickets().Burn(ctx, "state", [32]byte{byte(i), byte(i >> 8), 1}, now.Add(time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Sessions().Create(ctx, [32]byte{1},
		core.Session{UserID: "ada", Expires: now.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Limiter().Allow(ctx, "key", core.Limit{Events: 1, Window: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if n, err := store.Sweep(ctx); n != 0 || err != nil {
		t.Errorf("Sweep of living rows: %d, %v", n, err)
	}
	now = now.Add(time.Minute)
	if n, err := store.Sweep(ctx); n != 2502 || err != nil {
		t.Errorf("Sweep returned %d, %v; want 2502", n, err)
	}
	if n, err := store.Sweep(ctx); n != 0 || err != nil {
		t.Errorf("Sweep of what is left: %d, %v", n, err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store.Sweep(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("Sweep after its context has ended: %v", err)
	}
}
