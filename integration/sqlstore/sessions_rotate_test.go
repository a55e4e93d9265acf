package sqlstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// turn makes next the secret in place of from, "" for none.
func turn(from, next string) core.Turn {
	now := time.Now().UTC().Truncate(time.Microsecond)
	t := core.Turn{
		Next:   core.Rotation{Secret: core.Digest(next), Sealed: core.Digest("sealed " + next), At: now},
		Before: now, Seen: now, Expires: now.Add(time.Hour),
	}
	if from != "" {
		t.From = core.Digest(from)
	}
	t.Next.Replaced = t.From
	return t
}

// rotates is a Rotate that must be made.
func rotates(t testing.TB, sessions *sqlstore.Sessions, digest [32]byte, turn core.Turn) {
	t.Helper()
	got, err := sessions.Rotate(t.Context(), digest, turn)
	if err != nil || got.Secret != turn.Next.Secret {
		t.Fatalf("Rotate returned %+v, %v", got, err)
	}
}

// processes are two over one database, which take turns.
type processes struct {
	*sqlstore.Sessions
	other *sqlstore.Sessions
	calls atomic.Uint64
}

func (p *processes) next() *sqlstore.Sessions {
	if p.calls.Add(1)%2 == 0 {
		return p.other
	}
	return p.Sessions
}

func (p *processes) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	return p.next().Rotate(ctx, d, t)
}

func (p *processes) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	return p.next().Find(ctx, d)
}

// TestAttackT02RacesOfProcesses: the kit's races of Rotate, also with Delete
// and DeleteAll, each with 64 calls from two processes; 300 rounds of each in
// full.
func TestAttackT02RacesOfProcesses(t *testing.T) {
	race := regexp.MustCompile("^(T02|T17|S02 no Rotate|S04 no Rotate)")
	everywhere(t, func(t *testing.T, d database) {
		address, clock := d.address(t), storetest.NewClock()
		opts := sqlstore.Options{Patience: crowded, Now: clock.Now}
		db := d.open(t, address)
		one, _ := users[core.User](t, db, opts)
		both := &processes{Sessions: one.Sessions(), other: newStore(t, d.open(t, address), opts).Sessions()}
		for range long.Count(1, 60) { // of five rounds each
			for _, c := range storetest.SessionCases() {
				if !race.MatchString(c.Rule) {
					continue
				}
				run(t, db, "DELETE FROM latchkey_sessions")
				run(t, db, "DELETE FROM latchkey_floors")
				if err := c.Check(t.Context(), storetest.Clocked[core.SessionStore]{Store: both, Clock: clock}); err != nil {
					t.Fatalf("%s: %v", c.Rule, err)
				}
			}
		}
	})
}

// TestRotateBelowTheFloor: a row that a Create and a DeleteAll have left in a
// race is nobody's session.
func TestRotateBelowTheFloor(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		store, _ := users[core.User](t, db, sqlstore.Options{})
		sessions, fresh, old := store.Sessions(), core.Digest("fresh"), core.Digest("old")
		for _, digest := range [][32]byte{fresh, old} {
			if err := sessions.Create(t.Context(), digest, adas("id", time.Now())); err != nil {
				t.Fatal(err)
			}
		}
		rotates(t, sessions, old, turn("", "one"))
		run(t, db, "INSERT INTO latchkey_floors (user_id, epoch) VALUES ('ada', 2)")
		for digest, from := range map[[32]byte]string{fresh: "", old: "one"} {
			for _, from := range []string{from, "another"} {
				if got, err := sessions.Rotate(t.Context(), digest, turn(from, "two")); !errors.Is(err, core.ErrNotFound) {
					t.Errorf("S07 from %q: got %+v, %v, want core.ErrNotFound", from, got, err)
				}
			}
		}
		run(t, db, "UPDATE latchkey_floors SET epoch = 1")
		rotates(t, sessions, fresh, turn("", "one"))
		rotates(t, sessions, old, turn("one", "two"))
	})
}

// TestRotationsThatCannotBeRead: their sessions are none, as Find says of those
// that it cannot read.
func TestRotationsThatCannotBeRead(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		var log bytes.Buffer
		db := d.new(t)
		store, _ := users[core.User](t, db, sqlstore.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		sessions, bad, good := store.Sessions(), core.Digest("bad"), core.Digest("good")
		changes := map[string]string{
			"no secret before": "replaced = NULL", "nothing sealed": "sealed = NULL", "no time": "rotated = NULL",
		}
		if d.driver != "mysql" { // whose columns are of 32 bytes
			changes["half a digest"] = "sealed = substr(sealed, 1, 16)"
			changes["an empty digest"] = "secret = substr(secret, 1, 0)"
		}
		if d.driver == "sqlite" {
			changes["a time that is none"] = "rotated = 'secret'"
		}
		if err := sessions.Create(t.Context(), good, adas("good", time.Now())); err != nil {
			t.Fatal(err)
		}
		rotates(t, sessions, good, turn("", "one"))
		for name, change := range changes {
			t.Run("S24 "+name, func(t *testing.T) {
				if err := sessions.Create(t.Context(), bad, adas("bad", time.Now())); err != nil {
					t.Fatal(err)
				}
				rotates(t, sessions, bad, turn("", "one"))
				run(t, db, "UPDATE latchkey_sessions SET "+change+" WHERE digest = ?", bad[:])
				log.Reset()
				if _, err := sessions.Rotate(t.Context(), bad, turn("none", "two")); !errors.Is(err, core.ErrNotFound) {
					t.Errorf("got %v, want core.ErrNotFound", err)
				}
				if text := log.String(); strings.Count(text, "\n") != 1 || strings.Contains(text, "secret") {
					t.Errorf("the log is %q, want a line without what was stored", text)
				}
				if n := count(t, db, "SELECT COUNT(*) FROM latchkey_sessions"); n != 1 {
					t.Errorf("%d sessions are left, want the good one", n)
				}
			})
		}
		rotates(t, sessions, good, turn("one", "two"))
	})
}

// TestRotateThatChangesNothing: MySQL may count a row only if it changes.
func TestRotateThatChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		store, _ := users[core.User](t, d.new(t), sqlstore.Options{})
		digest := core.Digest("id")
		if err := store.Sessions().Create(t.Context(), digest, adas("id", time.Now())); err != nil {
			t.Fatal(err)
		}
		rotates(t, store.Sessions(), digest, turn("", "one"))
		same := turn("one", "one")
		for range 2 {
			rotates(t, store.Sessions(), digest, same)
		}
		if found, err := store.Sessions().Find(t.Context(), digest); err != nil || !found.Expires.Equal(same.Expires) {
			t.Errorf("got %+v, %v", found.Session, err)
		}
	})
}

// TestRotateIsOneStatement: by the primary key, and another one only where it
// was refused.
func TestRotateIsOneStatement(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		const many = 2000
		ctx := t.Context()
		db, statements := d.recorded(t, d.address(t))
		store, _ := users[core.User](t, db, sqlstore.Options{})
		sessions, digest := store.Sessions(), core.Digest("7")
		err := store.Transact(ctx, func(ctx context.Context) error {
			for i := range many {
				name := fmt.Sprint(i)
				if err := sessions.Create(ctx, core.Digest(name), adas(name, time.Now())); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if d.driver == "mysql" {
			run(t, db, "ANALYZE TABLE latchkey_sessions")
		} else {
			run(t, db, "ANALYZE")
		}
		for i, step := range []struct {
			core.Turn
			made bool
		}{{turn("", "one"), true}, {turn("one", "two"), true}, {turn("one", "three"), false}} {
			statements.Texts()
			if got, err := sessions.Rotate(ctx, digest, step.Turn); err != nil || (got.Secret == step.Next.Secret) != step.made {
				t.Fatalf("step %d: got %+v, %v", i, got, err)
			}
			texts := statements.Texts()
			if want := map[bool]int{true: 1, false: 2}[step.made]; len(texts) != want {
				t.Fatalf("step %d: the statements are %q, want %d", i, texts, want)
			}
			at := step.Next.At.UnixMicro()
			for _, text := range texts {
				args := []any{make([]byte, 32), make([]byte, 32), make([]byte, 32), at, at, at, digest[:], make([]byte, 32), at, at}
				switch {
				case strings.HasPrefix(text, "SELECT"):
					args = []any{digest[:], at}
				case step.From == [32]byte{}:
					args = append(args[:7], at)
				}
				if plan := explain(t, d, db, text, args); !usesPrimaryKey(d, plan) {
					t.Errorf("the plan of %s is\n%s", text, plan)
				}
			}
		}
	})
}

// usesPrimaryKey reports whether a plan finds the session, and not only its
// floor, by the primary key.
func usesPrimaryKey(d database, plan string) bool {
	return regexp.MustCompile(map[string]string{
		"sqlite": `SEARCH latchkey_sessions USING INDEX sqlite_autoindex_latchkey_sessions_1 \(digest=\?\)`,
		"pgx":    `Index Scan using latchkey_sessions_pkey on latchkey_sessions`,
		"mysql":  `latchkey_sessions (const|range) \S+ PRIMARY 32 `,
	}[d.driver]).MatchString(plan)
}
