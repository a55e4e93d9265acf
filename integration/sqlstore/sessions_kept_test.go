package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// adas returns a session of ada's that lives for an hour.
func adas(name string, created time.Time) core.Session {
	created = created.UTC().Truncate(time.Microsecond)
	return core.Session{
		ID: name, UserID: "ada", Backend: "web", Label: "secret label", Epoch: 1,
		Proofs:  []core.Proof{{Method: "password", At: created}},
		Created: created, LastSeen: created, Expires: created.Add(time.Hour),
	}
}

func count(t testing.TB, db *handle, query string, args ...any) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSessionsThatCannotBeRead(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		var log bytes.Buffer
		db := d.new(t)
		store, _ := users[core.User](t, db, sqlstore.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		sessions := store.Sessions()
		changes := map[string]string{
			"proofs that are no JSON": "proofs = '{'", "proofs that are no list": "proofs = '{}'", "proofs of another form": "proofs = '[1]'",
			"no proofs": "proofs = ''", "an address that is none": "ip = 'x'", "half an address": "ip = '192.0.2'",
			"marks that are no JSON": "marks = '{'", "scopes that are no list": `marks = '{"scopes": "read"}'`,
		}
		if d.driver == "sqlite" { // SQLite lets a numeric column hold text
			changes["a time that is none"] = "created = 'x'"
			changes["an epoch that is none"] = "epoch = x'00ff'"
			changes["a last use that is none"] = "last_seen = 1.5"
		}
		for name, change := range changes {
			t.Run("S24 "+name, func(t *testing.T) {
				good, bad := core.Digest("good"), core.Digest("bad")
				for _, step := range []string{"Find", "List"} {
					for _, digest := range [][32]byte{good, bad} {
						if err := errors.Join(sessions.Delete(t.Context(), digest),
							sessions.Create(t.Context(), digest, adas("id", time.Now()))); err != nil {
							t.Fatal(err)
						}
					}
					run(t, db, "UPDATE latchkey_sessions SET "+change+" WHERE digest = ?", bad[:])
					log.Reset()
					if step == "Find" {
						if _, err := sessions.Find(t.Context(), bad); !errors.Is(err, core.ErrNotFound) {
							t.Errorf("Find: got %v, want core.ErrNotFound", err)
						}
					} else if all, err := sessions.List(t.Context(), "ada"); err != nil || len(all) != 1 {
						t.Errorf("List: got %d sessions, %v, want the good one", len(all), err)
					}
					if text := log.String(); strings.Count(text, "\n") != 1 || strings.Contains(text, "secret") {
						t.Errorf("%s: the log is %q, want a line without what was stored", step, text)
					}
					if n := count(t, db, "SELECT COUNT(*) FROM latchkey_sessions"); n != 1 {
						t.Errorf("%s: %d sessions are left, want the good one", step, n)
					}
					if _, err := sessions.Find(t.Context(), good); err != nil {
						t.Errorf("twin: %v", err)
					}
				}
			})
		}
	})
}

// TestSessionsOfALaterRelease: what they may is unknown, so they are neither
// let in nor deleted.
func TestSessionsOfALaterRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		var log bytes.Buffer
		db := d.new(t)
		store, _ := users[core.User](t, db, sqlstore.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		sessions, digest := store.Sessions(), core.Digest("later")
		one := adas("id", time.Now())
		one.Scopes = []string{"read"}
		if err := sessions.Create(t.Context(), digest, one); err != nil {
			t.Fatal(err)
		}
		run(t, db, `UPDATE latchkey_sessions SET marks = '{"scopes": ["read"], "hours": "9-17"}'`)
		for range 3 {
			if _, err := sessions.Find(t.Context(), digest); err == nil || errors.Is(err, core.ErrNotFound) {
				t.Errorf("Find: got %v, want an outage", err)
			}
			if _, err := sessions.List(t.Context(), "ada"); err == nil {
				t.Error("List does not notice it")
			}
		}
		if n := count(t, db, "SELECT COUNT(*) FROM latchkey_sessions"); n != 1 {
			t.Errorf("%d sessions are left, want it", n)
		}
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "later release") {
			t.Errorf("the log is %q, want one line", text)
		}
		run(t, db, `UPDATE latchkey_sessions SET marks = '{"scopes": ["read"]}'`)
		if found, err := sessions.Find(t.Context(), digest); err != nil || len(found.Scopes) != 1 {
			t.Errorf("twin: %+v, %v", found, err)
		}
	})
}

func TestFloorsEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db, now := d.new(t), time.Now()
		store, us := users[core.User](t, db, sqlstore.Options{Now: func() time.Time { return now }})
		sessions := store.Sessions()
		late := func(userID string) error {
			one := adas("late", now)
			one.UserID = userID
			err := sessions.Create(t.Context(), core.Digest(fmt.Sprint("late ", userID)), one)
			return errors.Join(err, sessions.Delete(t.Context(), core.Digest(fmt.Sprint("late ", userID))))
		}
		swept := func(want int) {
			t.Helper()
			if _, err := store.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db, "SELECT COUNT(*) FROM latchkey_floors"); n != want {
				t.Errorf("%d floors are left, want %d", n, want)
			}
		}
		u := &core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}
		if err := errors.Join(sessions.DeleteAll(t.Context(), "ada", 5, [32]byte{}), us.Create(t.Context(), u),
			us.Delete(t.Context(), u.ID)); err != nil {
			t.Fatal(err)
		}
		run(t, db, "INSERT INTO latchkey_floors (user_id, epoch) VALUES ('earlier', 5)") // as an earlier release does
		const day = 24 * time.Hour
		now = now.Add(399 * day)
		swept(3)
		for _, id := range []string{"ada", "earlier", u.ID} {
			if err := late(id); !errors.Is(err, core.ErrInvalid) {
				t.Errorf("a login below the floor of %q: got %v, want core.ErrInvalid", id, err)
			}
		}
		if err := sessions.DeleteAll(t.Context(), "ada", 3, [32]byte{}); err != nil { // which lowers nothing
			t.Fatal(err)
		}
		if err := late("ada"); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("a login below the highest floor: got %v, want core.ErrInvalid", err)
		}
		now = now.Add(2 * day)
		swept(2) // the deleted user's is gone
		now = now.Add(400 * day)
		swept(0)
		for _, id := range []string{"ada", "earlier"} {
			if err := late(id); err != nil {
				t.Errorf("a login without a floor: %v", err)
			}
		}
	})
}

// TestAUsersSessionsAreFoundByAnIndex: among 10^4, as a login and their list
// find them.
func TestAUsersSessionsAreFoundByAnIndex(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		const people, each = 100, 100
		ctx := t.Context()
		db, statements := d.recorded(t, d.address(t))
		store, _ := users[core.User](t, db, sqlstore.Options{})
		sessions, begin := store.Sessions(), time.Now().Add(-time.Minute)
		err := store.Transact(ctx, func(ctx context.Context) error {
			for i := range people * each {
				one := adas(fmt.Sprint(i), begin.Add(time.Duration(i)*time.Microsecond))
				one.UserID = fmt.Sprint(i % people)
				if err := sessions.Create(ctx, core.Digest(one.ID), one); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		switch d.driver {
		case "sqlite", "pgx":
			run(t, db, "ANALYZE")
		default:
			run(t, db, "ANALYZE TABLE latchkey_sessions")
		}
		statements.Texts()
		if ended, err := sessions.Trim(ctx, "7", "web", each, [32]byte{}); err != nil || len(ended) != 0 {
			t.Fatalf("Trim: %d were ended, %v", len(ended), err)
		}
		trim := statements.Texts()
		if all, err := sessions.List(ctx, "7"); err != nil || len(all) != each {
			t.Fatalf("List: %d sessions, %v", len(all), err)
		}
		list := statements.Texts()
		if len(trim) != 1 || len(list) != 1 {
			t.Fatalf("the statements are %q and %q, want one each", trim, list)
		}
		for text, args := range map[string][]any{
			trim[0]: {"7", "web", begin.UnixMicro(), make([]byte, 32), each}, list[0]: {"7", begin.UnixMicro()},
		} {
			if plan := explain(t, d, db, text, args); !strings.Contains(plan, "latchkey_sessions_newest") {
				t.Errorf("the plan of %s is\n%s", text, plan)
			}
		}
		if ended, err := sessions.Trim(ctx, "7", "web", 10, [32]byte{}); err != nil || len(ended) != each-10 {
			t.Errorf("Trim: %d were ended, %v", len(ended), err)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM latchkey_sessions"); n != people*each-(each-10) {
			t.Errorf("%d sessions are left", n)
		}
	})
}

// explain is the database's plan of a statement.
func explain(t *testing.T, d database, db *handle, text string, args []any) string {
	t.Helper()
	words := "EXPLAIN "
	if d.driver == "sqlite" {
		words = "EXPLAIN QUERY PLAN "
	}
	rows, err := db.DB.QueryContext(t.Context(), words+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		cells, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		for _, cell := range cells {
			plan.WriteString(cell.String + " ")
		}
		plan.WriteString("\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// TestManySessionsAreTrimmed: those of a user who had them before there was a
// limit, by several logins at the same time.
func TestManySessionsAreTrimmed(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		const many, limit = 2500, 100
		ctx, db := t.Context(), d.new(t)
		store, _ := users[core.User](t, db, sqlstore.Options{})
		sessions, begin := store.Sessions(), time.Now().Add(-time.Minute)
		err := store.Transact(ctx, func(ctx context.Context) error {
			for i := range many {
				if err := sessions.Create(ctx, core.Digest(fmt.Sprint(i)),
					adas(fmt.Sprint(i), begin.Add(time.Duration(i)*time.Microsecond))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all, err := sessions.List(ctx, "ada")
		if err != nil || len(all) != 1000 || all[0].ID != fmt.Sprint(many-1) || all[999].ID != fmt.Sprint(many-1000) {
			t.Errorf("the list has %d sessions, %v, want the newest 1,000", len(all), err)
		}
		t.Run("S17 the newest are left", func(t *testing.T) {
			var mu sync.Mutex
			var all sync.WaitGroup
			seen := map[[32]byte]int{}
			for range 4 {
				all.Go(func() {
					ended, err := sessions.Trim(ctx, "ada", "web", limit, [32]byte{})
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					for _, digest := range ended {
						seen[digest]++
					}
				})
			}
			all.Wait()
			if len(seen) != many-limit {
				t.Errorf("%d sessions were ended, want %d", len(seen), many-limit)
			}
			if n := count(t, db, "SELECT COUNT(*) FROM latchkey_sessions"); n != limit {
				t.Errorf("%d are left, want %d", n, limit)
			}
			if _, err := sessions.Find(ctx, core.Digest(fmt.Sprint(many-limit))); err != nil {
				t.Errorf("one of the newest: %v", err)
			}
		})
	})
}

// TestFloorsOfAnEarlierRelease: its table had no expiry of a floor, and its
// sessions another index.
func TestFloorsOfAnEarlierRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		store, _ := users[core.User](t, db, sqlstore.Options{})
		drop := func(index, table string) {
			if d.driver == "mysql" {
				run(t, db, "DROP INDEX "+index+" ON "+table)
				return
			}
			run(t, db, "DROP INDEX "+index)
		}
		drop("latchkey_floors_expires", "latchkey_floors")
		drop("latchkey_sessions_newest", "latchkey_sessions")
		run(t, db, "ALTER TABLE latchkey_floors DROP COLUMN expires")
		run(t, db, "CREATE INDEX latchkey_sessions_user ON latchkey_sessions (user_id)")
		run(t, db, "INSERT INTO latchkey_floors (user_id, epoch) VALUES ('ada', 5)")
		for range 2 {
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := store.Sessions().Create(t.Context(), core.Digest("late"), adas("late", time.Now())); !errors.Is(err,
			core.ErrInvalid) {
			t.Errorf("a login below the floor: got %v, want core.ErrInvalid", err)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM latchkey_floors WHERE expires IS NOT NULL"); n != 1 {
			t.Errorf("%d floors have an end, want 1", n)
		}
	})
}
