package sqlstore

import (
	"context"
	"database/sql"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
)

// What is in this file is for stores that stand on this one, as bunstore and
// gormstore do: they map the user type by a library of their own, whose
// transactions the application's queries can join.

// Tx is a transaction of such a library; see Options.Begin and Join.
type Tx interface {
	// Conn returns the transaction as database/sql has it. What writes
	// arguments into a statement's text must not be returned.
	Conn() Conn
	Commit() error
	Rollback() error
}

// Column is a column of an application's user type, as a library maps it; see
// UsersWithColumns.
type Column struct {
	Name string
	// Field is the Go name of its field, which a *core.RefusedError names.
	Field string
	// Type is the field's, for messages.
	Type reflect.Type
	// Definition is its type in SQL, with a default and NOT NULL. It is
	// ignored for core.User's columns, which this package defines.
	Definition string
	// Default is what the database puts in place of a zero value when a
	// user is created, in SQL; "" if the zero value stays.
	Default string
	// Value returns a pointer to the field of a user, or a value that
	// stands for it; nil is NULL.
	Value func(user reflect.Value) any
	// Scan sets the field to what the driver returns; nil is NULL. It keeps
	// no slice.
	Scan func(user reflect.Value, value any) error
}

// IsBase reports whether core.User has the column.
func IsBase(column string) bool {
	_, is := baseFields(&core.User{})[column]
	return is
}

// UsersWithColumns is Users for a type that a library maps to these columns.
// Columns that hide core.User's are an error.
func UsersWithColumns[U any, P core.Model[U]](s *Store, columns []Column) (*UserStore[U], error) {
	return newUserStore[U, P](s, columns)
}

// Join returns a context in which every store over db works inside tx, the
// application's own transaction, as Store.WithTx does for one of database/sql.
func Join(ctx context.Context, db *sql.DB, tx Tx) context.Context {
	return context.WithValue(ctx, transactionKey{db}, &transaction{Tx: tx, joined: true})
}

// Break returns a context in which every statement of the stores over db fails
// with an error: it stands for a transaction that is none.
func Break(ctx context.Context, db *sql.DB, with error) context.Context {
	return context.WithValue(ctx, transactionKey{db}, &transaction{joined: true, lost: with})
}

// Tx returns the transaction of ctx, as Options.Begin or Join made it known;
// nil if there is none.
func (s *Store) Tx(ctx context.Context) Tx {
	if t := s.transaction(ctx); t != nil {
		return t.Tx
	}
	return nil
}
