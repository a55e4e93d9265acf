package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// Migrate makes the tables, or brings them up to date. It adds and never drops
// or changes: the users' table gets the columns of the user types that it
// lacks, each with the default of its tag. It goes by what is there, not by a
// version, as the tables may have been made by another program, and so that it
// can be run again after it was interrupted. Run it at every start; it may run
// on several nodes at once, and in none of the application's transactions.
//
// A *DuplicateEmailsError or a *DuplicateOAuthAccountsError stops it when it
// takes over tables of FastAPI Users. On MySQL it refuses connections whose
// settings would spoil data.
func (s *Store) Migrate(ctx context.Context) error {
	if s.transaction(ctx) != nil {
		return errors.New("sqlstore: Migrate cannot run inside a transaction")
	}
	s.migration.Lock()
	defer s.migration.Unlock()
	ctx = context.WithValue(ctx, patientKey{}, true) // an index takes its time
	if err := s.alone(ctx, s.migrate); err != nil {
		return err
	}
	if !s.migrated && s.db.Stats().MaxOpenConnections == 0 {
		s.opts.Log.WarnContext(ctx, "the pool of database connections has no bound: "+
			"call SetMaxOpenConns and, with the same number, SetMaxIdleConns")
	}
	s.migrated = true
	return nil
}

// Plan returns the SQL that Migrate would run on the database as it is, a
// statement each, and changes nothing. What Migrate does to the rows of tables
// of FastAPI Users is not among it. Call Users for each user type before.
func (s *Store) Plan(ctx context.Context) ([]string, error) {
	s.migration.Lock()
	defer s.migration.Unlock()
	var all []string
	for _, t := range s.tables() {
		add, addIndexes, err := s.lacking(ctx, t)
		if err != nil {
			return nil, err
		}
		for _, st := range append(add, addIndexes...) {
			all = append(all, st.text)
		}
	}
	return all, nil
}

func (s *Store) migrate(ctx context.Context) error {
	if s.dialect.settings != nil {
		if err := s.dialect.settings(ctx, s.conn(ctx)); err != nil {
			return err
		}
	}
	for _, t := range s.tables() {
		if err := s.migrateTable(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) migrateTable(ctx context.Context, t table) error {
	add, addIndexes, err := s.lacking(ctx, t)
	if err != nil {
		return err
	}
	if err := s.execAll(ctx, add); err != nil {
		return err
	}
	if err := s.adopted.prepare(ctx, t); err != nil {
		return err
	}
	return s.execAll(ctx, addIndexes)
}

// lacking returns the statements that make what the database lacks of t.
func (s *Store) lacking(ctx context.Context, t table) (add, addIndexes []statement, err error) {
	columns, err := s.names(ctx, s.dialect.columns, t)
	if err != nil {
		return nil, nil, err
	}
	indexes, err := s.names(ctx, s.dialect.indexes, t)
	if err != nil {
		return nil, nil, err
	}
	if t.token == "users" && s.adopted != nil && len(columns) == 0 {
		return nil, nil, fmt.Errorf("sqlstore: there is no users' table %s to take over", s.tableName(t.token))
	}
	add, addIndexes = s.missing(t, columns, indexes)
	return add, addIndexes, nil
}

// names lists the columns or the indexes of a table.
func (s *Store) names(ctx context.Context, query string, t table) (names []string, err error) {
	name := s.tableName(t.token)
	if s.dialect.quotedTable {
		name = s.quote(name)
	}
	err = s.each(ctx, s.statement("look at the table "+s.tableName(t.token), query), []any{name},
		func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			names = append(names, name)
			return err
		})
	return names, err
}

// alone runs do while no other node does: in a transaction, so that it is done
// wholly or not at all, where definitions can be undone.
func (s *Store) alone(ctx context.Context, do func(context.Context) error) error {
	if s.dialect.session != nil {
		return s.dialect.session.hold(ctx, s, do)
	}
	return s.Transact(ctx, func(ctx context.Context) error {
		if err := s.serialize(ctx, "migration"); err != nil {
			return err
		}
		return do(ctx)
	})
}

// sessionLock is a lock that a connection holds until it releases it, or
// breaks. lock returns 1 if it was taken, 0 after some seconds, and NULL if it
// cannot be taken.
type sessionLock struct{ lock, unlock string }

// hold runs do with the lock, on the connection that has it.
func (l *sessionLock) hold(ctx context.Context, s *Store, do func(context.Context) error) error {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return wrap("connect", err)
	}
	defer func() { _ = c.Close() }()
	name := s.opts.Prefix + "migration"
	var taken sql.NullInt64
	for taken.Int64 != 1 {
		err := c.QueryRowContext(ctx, l.lock, name).Scan(&taken)
		if err == nil && !taken.Valid {
			err = errors.New("there is no lock; does the connection name a database?")
		}
		if err != nil {
			return wrap("wait for another migration", err)
		}
	}
	defer func() {
		var given any
		if c.QueryRowContext(context.WithoutCancel(ctx), l.unlock, name).Scan(&given) != nil {
			// A connection that may still have the lock does not go
			// back to the pool.
			_ = c.Raw(func(any) error { return driver.ErrBadConn })
		}
	}()
	return do(context.WithValue(ctx, connectionKey{s.db}, c))
}
