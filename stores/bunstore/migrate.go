package bunstore

import (
	"context"
	"errors"
	"strings"

	"github.com/uptrace/bun/migrate"
)

// tables is the first version of this package's own tables. Times are microseconds (see micros), flags 0 or 1.
const tables = `
CREATE TABLE IF NOT EXISTS {sessions} (
	digest {bytes} NOT NULL PRIMARY KEY, id {text} NOT NULL, user_id {text} NOT NULL, backend {text} NOT NULL, label {text} NOT NULL,
	ip {text} NOT NULL, epoch BIGINT NOT NULL, proofs {text} NOT NULL, created BIGINT NOT NULL, last_seen BIGINT NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS {sessions_user} ON {sessions} (user_id);
CREATE INDEX IF NOT EXISTS {sessions_expires} ON {sessions} (expires);
CREATE TABLE IF NOT EXISTS {floors} (user_id {text} NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS {tickets} (
	purpose {text} NOT NULL, digest {bytes} NOT NULL, user_id {text} NOT NULL, email {text} NOT NULL, epoch BIGINT NOT NULL, data {bytes},
	expires BIGINT NOT NULL, used SMALLINT NOT NULL, failures INTEGER NOT NULL, PRIMARY KEY (purpose, digest));
CREATE INDEX IF NOT EXISTS {tickets_user} ON {tickets} (user_id);
CREATE INDEX IF NOT EXISTS {tickets_expires} ON {tickets} (expires);
CREATE TABLE IF NOT EXISTS {limits} (digest {bytes} NOT NULL PRIMARY KEY, events INTEGER NOT NULL, ends BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS {limits_ends} ON {limits} (ends)`

// Migrate makes the tables, or brings them up to date. It adds and never drops or changes: the users' table gets the columns of the
// user types that it lacks, each with the default of its bun tag. Run it at every start; it may run on several nodes at once,
// and in none of the application's transactions. A *DuplicateEmailsError or a *DuplicateOAuthAccountsError stops it when it takes over
// tables of FastAPI Users.
func (s *Store) Migrate(ctx context.Context) error {
	if s.transaction(ctx) != nil {
		return errors.New("bunstore: Migrate cannot run inside a transaction")
	}
	s.migration.Lock()
	defer s.migration.Unlock()
	if err := s.migrateNamedTables(ctx); err != nil {
		return err
	}
	if err := s.migrateTables(ctx); err != nil {
		return err
	}
	s.migrated = true
	return nil
}

// migrateNamedTables makes the tables whose names are options, or brings them up to date, all of it or nothing. It goes by what is there, not
// by a version, as the tables may be another program's, and other ones after a restart.
func (s *Store) migrateNamedTables(ctx context.Context) error {
	return s.Transact(ctx, func(ctx context.Context) error {
		if err := s.serialize(ctx, "migration"); err != nil {
			return err
		}
		if len(s.models) > 0 {
			if err := s.migrateUsers(ctx); err != nil {
				return err
			}
		}
		return s.migrateOAuthAccounts(ctx)
	})
}

// migrateTables runs the versioned migrations that are missing. Nodes that do so at once are not kept apart by a lock, which a killed
// one would leave behind: every migration can be run again, in a transaction, and is marked after it was done.
func (s *Store) migrateTables(ctx context.Context) error {
	versions := migrate.NewMigrations()
	versions.Add(migrate.Migration{Name: "0001", Comment: "tables", Up: func(ctx context.Context, _ *migrate.Migrator, _ *migrate.Migration) error {
		return s.Transact(ctx, func(ctx context.Context) error {
			if err := s.serialize(ctx, "migration"); err != nil {
				return err
			}
			return s.define(ctx, tables)
		})
	}})
	migrator := migrate.NewMigrator(s.db, versions,
		migrate.WithTableName(s.opts.Prefix+"migrations"), migrate.WithLocksTableName(s.opts.Prefix+"migration_locks"),
		migrate.WithMarkAppliedOnSuccess(true), migrate.WithUpsert(true))
	return wrap("migrate", s.retry(ctx, func() error {
		err := migrator.Init(ctx)
		for made(err) {
			err = migrator.Init(ctx)
		}
		if err == nil {
			_, err = migrator.Migrate(ctx)
		}
		return err
	}))
}

// define runs definitions of tables and indexes, which are separated by semicolons.
func (s *Store) define(ctx context.Context, definitions string) error {
	for _, one := range strings.Split(definitions, ";") {
		if _, err := s.exec(ctx, s.statement("define the tables", one)); err != nil {
			return err
		}
	}
	return nil
}
