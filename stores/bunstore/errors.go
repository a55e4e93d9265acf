package bunstore

import (
	"errors"
	"fmt"
	"slices"
)

// wrap says what failed. It never adds an argument of the statement.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("bunstore: %s: %w", what, err)
}

// The drivers' errors are told apart by the methods that they have, so that no driver is imported here.
type (
	sqliteError   interface{ Code() int }        // modernc.org/sqlite: an extended result code
	sqlStateError interface{ SQLState() string } // pgx
)

// SQLite's result codes, see https://www.sqlite.org/rescode.html. The low byte of an extended code is the primary one.
const (
	sqliteBusy             = 5
	sqliteLocked           = 6
	sqliteConstraintUnique = 2067
	sqliteConstraintPK     = 1555
)

// SQLSTATE codes, see appendix A of PostgreSQL's documentation.
const (
	stateUniqueViolation      = "23505"
	stateSerializationFailure = "40001"
	stateDeadlockDetected     = "40P01"
	stateDuplicateTable       = "42P07"
	stateDuplicateObject      = "42710"
)

// taken tells whether err is the violation of a unique key.
func taken(err error) bool {
	var lite sqliteError
	if errors.As(err, &lite) {
		return lite.Code() == sqliteConstraintUnique || lite.Code() == sqliteConstraintPK
	}
	var state sqlStateError
	return errors.As(err, &state) && state.SQLState() == stateUniqueViolation
}

// passing tells whether err is due to another transaction, and the whole of this one may be tried again.
func passing(err error) bool {
	var lite sqliteError
	if errors.As(err, &lite) {
		primary := lite.Code() & 0xff
		return primary == sqliteBusy || primary == sqliteLocked
	}
	var state sqlStateError
	return errors.As(err, &state) && (state.SQLState() == stateSerializationFailure || state.SQLState() == stateDeadlockDetected)
}

// made tells whether err is due to another node that made the same table at the same moment: PostgreSQL's IF NOT EXISTS does not wait.
func made(err error) bool {
	var state sqlStateError
	return errors.As(err, &state) && slices.Contains([]string{stateUniqueViolation, stateDuplicateTable, stateDuplicateObject}, state.SQLState())
}
