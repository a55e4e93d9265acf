package sqlstore

import (
	"errors"
	"fmt"
	"strings"
)

// What PostgreSQL says of statements that a client believes to be prepared, or
// not to be: behind a connection pooler each transaction may have another
// connection.
const (
	stateDuplicateStatement = "42P05"
	stateNoSuchStatement    = "26000"
)

// What databases say of a table or column that is not there.
const (
	stateUndefinedTable  = "42P01"
	stateUndefinedColumn = "42703"
	mysqlNoSuchTable     = 1146
	mysqlBadField        = 1054
	sqliteGeneric        = 1 // SQLITE_ERROR, of many kinds
)

// What PostgreSQL says where the name of a table or index is another one's.
const stateDuplicateTable = "42P07"

// hinted adds to an error of the set-up what to do.
func hinted(err error) error {
	var state sqlStateError
	switch {
	case undefined(err):
		return fmt.Errorf("%w: was Migrate called?", err)
	case !errors.As(err, &state):
		return err
	case state.SQLState() == stateDuplicateTable:
		return fmt.Errorf("%w: something else has the name, such as an index of other columns: rename that", err)
	case state.SQLState() != stateDuplicateStatement && state.SQLState() != stateNoSuchStatement:
		return err
	}
	return fmt.Errorf("%w; is there a connection pooler in transaction mode, such as PgBouncer? "+
		"Statements must not stay prepared then: add default_query_exec_mode=exec to the address that pgx is given", err)
}

// undefined reports whether a table or a column is missing.
func undefined(err error) bool {
	var lite sqliteError
	if errors.As(err, &lite) {
		text := err.Error()
		return lite.Code() == sqliteGeneric && (strings.Contains(text, "no such table") ||
			strings.Contains(text, "no such column") || strings.Contains(text, "has no column named"))
	}
	var state sqlStateError
	if errors.As(err, &state) {
		return state.SQLState() == stateUndefinedTable || state.SQLState() == stateUndefinedColumn
	}
	my, ok := asMySQL(err)
	return ok && (my.number == mysqlNoSuchTable || my.number == mysqlBadField)
}
