package site

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

// stores are where the application keeps what it must not forget.
type stores struct {
	users    core.UserStore[Account]
	accounts core.OAuthAccountStore
	sessions core.SessionStore
	tickets  core.TicketStore
	limiter  core.Limiter // nil: in memory
	close    func() error
}

func open(ctx context.Context, cfg Config) (stores, error) {
	db, err := sql.Open("sqlite", bunstore.SQLiteDSN(cfg.databasePath()))
	if err != nil {
		return stores{}, err
	}
	opened, err := inBun(ctx, bun.NewDB(db, sqlitedialect.New()))
	if err != nil {
		return stores{}, errors.Join(fmt.Errorf("the database %s cannot be used: %w", cfg.databasePath(), err), db.Close())
	}
	opened.limiter = nil // there is one process: its memory counts
	return opened, nil
}

func inBun(ctx context.Context, db *bun.DB) (stores, error) {
	store, err := bunstore.New(db, bunstore.Options{})
	if err != nil {
		return stores{}, err
	}
	users, err := bunstore.Users[Account](store)
	if err != nil {
		return stores{}, err
	}
	return stores{users, store.OAuthAccounts(), store.Sessions(), store.Tickets(), store.Limiter(), db.Close}, store.Migrate(ctx)
}
