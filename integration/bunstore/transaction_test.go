package bunstore_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/recorder"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/uptrace/bun"
)

func ada() *core.User { return &core.User{Email: "ada@example.org", EmailKey: "ada@example.org"} }

var errUndo = errors.New("undo")

func TestWithTxJoinsTheApplicationsTransaction(t *testing.T) { everywhere(t, withTx) }

func withTx(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	store, us := users[core.User](t, db, bunstore.Options{})
	inTx := func(outcome error) error {
		return db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			ctx = bunstore.WithTx(ctx, tx)
			if err := us.Create(ctx, ada()); err != nil {
				return err
			}
			if n, err := store.DB(ctx).NewSelect().Table("latchkey_users").Count(ctx); n != 1 || err != nil {
				t.Errorf("inside: %d users, %v", n, err)
			}
			return outcome
		})
	}
	if err := inTx(errUndo); err != errUndo {
		t.Fatal(err)
	}
	if _, err := us.Find(ctx, core.ByEmail("ada@example.org")); err != core.ErrNotFound {
		t.Errorf("after the application's rollback: %v", err)
	}
	if err := inTx(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := us.Find(ctx, core.ByEmail("ada@example.org")); err != nil {
		t.Errorf("after the application's commit: %v", err)
	}
}

func TestTransactGivesTheTransactionToTheApplication(t *testing.T) { everywhere(t, transactGives) }

func transactGives(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	store, us := users[core.User](t, db, bunstore.Options{})
	other := newStore(t, db, bunstore.Options{}) // over the same database
	run(t, db, "CREATE TABLE orders (id INTEGER)")
	err := store.Transact(ctx, func(ctx context.Context) error {
		if _, err := store.DB(ctx).NewRaw("INSERT INTO orders (id) VALUES (?)", 1).Exec(ctx); err != nil {
			return err
		}
		return errors.Join(us.Create(ctx, ada()),
			other.Sessions().Create(ctx, [32]byte{1}, core.Session{UserID: "ada", Expires: time.Now().Add(time.Hour)}), errUndo)
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	if n, err := store.DB(ctx).NewSelect().Table("orders").Count(ctx); n != 0 || err != nil {
		t.Errorf("%d of the application's rows outlived the transaction, %v", n, err)
	}
	if _, err := other.Sessions().Find(ctx, [32]byte{1}); err != core.ErrNotFound {
		t.Errorf("the other store's session: %v, want ErrNotFound", err)
	}
}

// TestStatementTexts checks that bun, which writes arguments into the texts of
// its statements, is not what runs those of a transaction.
func TestStatementTexts(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx, address := t.Context(), d.address(t)
		statements := recorder.New(d.open(t, address).Driver(), address)
		db := bun.NewDB(sql.OpenDB(statements), d.dialect())
		t.Cleanup(func() { _ = db.Close() })
		store, us := users[core.User](t, db, bunstore.Options{})
		statements.Texts()
		err1 := us.Create(ctx, ada())
		err2 := db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			_, err := us.Find(bunstore.WithTx(ctx, tx), core.ByEmail("ada@example.org"))
			return err
		})
		err3 := store.Transact(ctx, func(ctx context.Context) error {
			_, err := store.DB(ctx).NewRaw("SELECT ?", "the application's own").Exec(ctx)
			return err
		})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		own := false
		for _, text := range statements.Texts() {
			own = own || strings.Contains(text, "the application")
			if strings.Contains(text, "ada@example.org") {
				t.Errorf("an argument is in %s", text)
			}
		}
		if !own {
			t.Error("the application's own statement was not seen: are there others?")
		}
	})
}
