package gormstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// recorder is the application's GORM logger; it keeps everything it receives.
type recorder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *recorder) LogMode(logger.LogLevel) logger.Interface { return l }

func (l *recorder) Info(_ context.Context, text string, args ...any) {
	l.note(fmt.Sprintf(text, args...))
}
func (l *recorder) Warn(_ context.Context, text string, args ...any) {
	l.note(fmt.Sprintf(text, args...))
}
func (l *recorder) Error(_ context.Context, text string, args ...any) {
	l.note(fmt.Sprintf(text, args...))
}

func (l *recorder) Trace(_ context.Context, _ time.Time, statement func() (string, int64), err error) {
	text, _ := statement()
	l.note(fmt.Sprint(text, err))
}

func (l *recorder) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(text + "\n")
}

// TestLogger: GORM's logger receives the application's statements, with their
// arguments, and none of Latchkey's, not even refused ones.
func TestLogger(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for _, prepare := range []bool{false, true} {
			told := &recorder{}
			db := d.overGORM(t, d.open(t), gorm.Config{Logger: told, PrepareStmt: prepare})
			store, us := users[storetest.Account](t, db, gormstore.Options{IDs: d.ids})
			const canary = "canary7f3a"
			use(t.Context(), t, store, us, canary)
			err := store.Transact(t.Context(), func(ctx context.Context) error {
				use(ctx, t, store, us, canary+"2")
				return store.DB(ctx).Exec("UPDATE latchkey_users SET credits = ? WHERE nick = ?", 77, "own row").Error
			})
			if err != nil {
				t.Fatal(err)
			}
			if text := told.text.String(); strings.Contains(text, canary) ||
				strings.Contains(text, fmt.Sprintf("%x", core.Digest(canary))[:16]) {
				t.Errorf("L05 the logger received\n%s", text)
			}
			if text := told.text.String(); !strings.Contains(text, "own row") {
				t.Errorf("the application's own statement is not in\n%s", text)
			}
		}
	})
}

// use stores and looks for the canary everywhere, and is refused.
func use(
	ctx context.Context, t *testing.T, store *gormstore.Store, us *sqlstore.UserStore[storetest.Account], canary string,
) {
	t.Helper()
	soon, d := time.Now().Add(time.Hour), core.Digest(canary)
	u := &storetest.Account{User: core.User{Email: canary, EmailKey: canary, HashedPassword: core.PasswordHash(canary)},
		Nick: canary}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	if err := us.Create(ctx, &storetest.Account{User: core.User{EmailKey: canary}}); err != core.ErrTaken {
		t.Errorf("Create returned %v, want ErrTaken", err)
	}
	_, err1 := us.Find(ctx, core.ByEmail(canary))
	_, err2 := us.Update(ctx, u.ID, func(u *storetest.Account) error { u.Nick += canary; return nil })
	_, err3 := store.Limiter().Allow(ctx, canary, core.Limit{Events: 1, Window: time.Hour})
	_, err4 := store.Sessions().Find(ctx, d)
	err := errors.Join(err1, err2, err3,
		store.Sessions().Create(ctx, d, core.Session{ID: canary, UserID: u.ID, Label: canary, Expires: soon}),
		store.Tickets().Put(ctx,
			core.Ticket{Digest: d, Purpose: "reset", UserID: u.ID, Email: canary, Data: []byte(canary), Expires: soon}, true),
		store.OAuthAccounts().Create(ctx,
			&core.OAuthAccount{UserID: u.ID, Provider: "github", Subject: canary, Email: canary, AccessToken: canary}))
	if err != nil || err4 != core.ErrNotFound {
		t.Fatal(err, err4)
	}
}
