package gormstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"gorm.io/gorm"
)

const (
	patience = 400 * time.Millisecond
	// tooLate is far beyond the patience on a busy machine.
	tooLate = 4 * time.Second
)

func increment(u *core.User) error { u.TokenEpoch++; return nil }

// TestPatience stops servers.
func TestPatience(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *server.Process{"PostgreSQL": server.StartPostgres,
		"MariaDB": server.StartMariaDB} {
		t.Run("F27 "+name, func(t *testing.T) {
			p := start(t)
			d := databases[name]
			d.address = func(testing.TB) string { return p.URL() }
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			store, us := users[core.User](t, d.new(t), gormstore.Options{IDs: d.ids, Patience: patience})
			u := &core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}
			if err := us.Create(ctx, u); err != nil {
				t.Fatal(err)
			}
			update := func(ctx context.Context) error {
				_, err := us.Update(ctx, u.ID, increment)
				return err
			}
			hangs := func(step string, call func() error) {
				t.Helper()
				begun := time.Now()
				err := call()
				if took := time.Since(begun); err == nil || took > tooLate || errors.Is(err, context.DeadlineExceeded) ||
					errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v after %v", step, err, took)
				}
			}
			recovers := func() {
				t.Helper()
				p.Resume()
				for end := time.Now().Add(tooLate); ; time.Sleep(10 * time.Millisecond) {
					err := update(ctx)
					if err == nil {
						return
					}
					if time.Now().After(end) {
						t.Fatal(err)
					}
				}
			}
			p.Pause()
			var all sync.WaitGroup
			for range connections {
				all.Go(func() { hangs("Update", func() error { return update(ctx) }) })
			}
			all.Wait()
			recovers()
			hangs("a commit", func() error {
				return store.Transact(ctx, func(ctx context.Context) error {
					defer p.Pause()
					return update(ctx)
				})
			})
			recovers()
			hangs("the application's transaction", func() error {
				return store.DB(ctx).Transaction(func(tx *gorm.DB) error {
					inside := gormstore.WithTx(ctx, tx)
					err := update(inside)
					p.Pause()
					if err == nil {
						err = update(inside)
					}
					p.Resume() // GORM's own rollback has no patience
					return err
				})
			})
			recovers()
		})
	}
}

// TestSchemaChangesWhileRunning: also if GORM keeps prepared statements.
func TestSchemaChangesWhileRunning(t *testing.T) {
	for name, config := range map[string]gorm.Config{"F30": {}, "F30 prepared": {PrepareStmt: true}} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, d database) {
				ctx, db := t.Context(), d.overGORM(t, d.open(t), config)
				_, us := users[core.User](t, db, gormstore.Options{IDs: d.ids})
				u := &core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}
				if err := us.Create(ctx, u); err != nil {
					t.Fatal(err)
				}
				ask := func() error {
					_, err1 := us.Find(ctx, core.ByID(u.ID))
					_, err2 := us.Update(ctx, u.ID, increment)
					return errors.Join(err1, err2)
				}
				for _, alteration := range []string{"", map[string]string{
					"pgx":    "ALTER TABLE latchkey_users ALTER COLUMN hashed_password TYPE varchar(300)",
					"mysql":  "ALTER TABLE latchkey_users MODIFY hashed_password VARCHAR(300) NOT NULL",
					"sqlite": "ALTER TABLE latchkey_users ADD COLUMN more TEXT",
				}[d.driver]} {
					if alteration != "" {
						if err := db.Exec(alteration).Error; err != nil {
							t.Fatal(err)
						}
					}
					outcomes := make(chan error)
					for range 4 * connections {
						go func() { outcomes <- ask() }()
					}
					for range 4 * connections {
						if err := <-outcomes; err != nil {
							t.Errorf("after %q: %v", alteration, err)
						}
					}
				}
			})
		})
	}
}
