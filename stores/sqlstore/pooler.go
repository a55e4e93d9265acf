package sqlstore

import (
	"errors"
	"fmt"
)

// What PostgreSQL says of statements that a client believes to be prepared, or
// not to be: behind a connection pooler each transaction may have another
// connection.
const (
	stateDuplicateStatement = "42P05"
	stateNoSuchStatement    = "26000"
)

// pooled adds to such an error what to set.
func pooled(err error) error {
	var state sqlStateError
	if !errors.As(err, &state) ||
		state.SQLState() != stateDuplicateStatement && state.SQLState() != stateNoSuchStatement {
		return err
	}
	return fmt.Errorf("%w; is there a connection pooler in transaction mode, such as PgBouncer? "+
		"Statements must not stay prepared then: add default_query_exec_mode=exec to the address that pgx is given", err)
}
