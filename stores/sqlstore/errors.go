package sqlstore

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// wrap says what failed. It never adds an argument of the statement, and leaves
// the database's words out where they may quote one: where a value is refused,
// the error is a *core.RefusedError, or core.ErrConflict.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	var already *failure
	if errors.As(err, &already) {
		return fmt.Errorf("sqlstore: %s: %w", what, err)
	}
	v, ok := violationOf(err)
	if !ok {
		return fmt.Errorf("sqlstore: %s: %w", what, hinted(err))
	}
	f := &failure{"sqlstore: " + what + ": " + v.String(), err, v}
	if v.unique {
		return f
	}
	return &core.RefusedError{Cause: f}
}

// failure stands for an error whose text is not for logs.
type failure struct {
	text  string
	cause error
	broke violation
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// Is reports whether another row has the values.
func (f *failure) Is(target error) bool { return target == core.ErrConflict && f.broke.unique }

// The drivers' errors are recognized by what they have, so that no driver is
// imported here.
type (
	sqliteError   interface{ Code() int }        // modernc.org/sqlite: an extended result code
	sqlStateError interface{ SQLState() string } // pgx
)

// mysqlError is what go-sql-driver's *mysql.MySQLError has in fields.
type mysqlError struct {
	number         uint16
	state, message string
}

// SQLite's result codes, see https://www.sqlite.org/rescode.html. The low byte
// of an extended code is the primary one.
const (
	sqliteBusy             = 5
	sqliteLocked           = 6
	sqliteSchema           = 17
	sqliteConstraintUnique = 2067
	sqliteConstraintPK     = 1555
)

// SQLSTATE codes, see appendix A of PostgreSQL's documentation.
const (
	stateUniqueViolation      = "23505"
	stateSerializationFailure = "40001"
	stateDeadlockDetected     = "40P01"
	stateNotSupported         = "0A000" // here: "cached plan must not change result type"
)

// MySQL's numbers, see its "Server Error Message Reference".
const (
	mysqlChangedSinceRead = 1020 // MariaDB, with innodb_snapshot_isolation
	mysqlDuplicateEntry   = 1062
	mysqlLockWaitTimeout  = 1205 // rolls back the statement
	mysqlDeadlock         = 1213 // rolls back the transaction
	mysqlTableDefChanged  = 1412 // since the transaction's snapshot
	mysqlNeedReprepare    = 1615
)

// taken reports whether err is the violation of a unique key.
func taken(err error) bool {
	var lite sqliteError
	if errors.As(err, &lite) {
		return lite.Code() == sqliteConstraintUnique || lite.Code() == sqliteConstraintPK
	}
	var state sqlStateError
	if errors.As(err, &state) {
		return state.SQLState() == stateUniqueViolation
	}
	my, ok := asMySQL(err)
	return ok && my.number == mysqlDuplicateEntry
}

// stale reports whether err is due to a prepared statement that is older than
// a change of its table. The driver or the server has forgotten it by then, so
// it may be tried again at once. A statement of this package asks for nothing
// that PostgreSQL does not support.
func stale(err error) bool {
	var lite sqliteError
	if errors.As(err, &lite) {
		return lite.Code()&0xff == sqliteSchema
	}
	var state sqlStateError
	if errors.As(err, &state) {
		return state.SQLState() == stateNotSupported
	}
	my, ok := asMySQL(err)
	return ok && (my.number == mysqlTableDefChanged || my.number == mysqlNeedReprepare)
}

// passing reports whether err is due to another transaction or a change of a
// table, and the whole of this one may be tried again.
func passing(err error) bool {
	if stale(err) {
		return true
	}
	var lite sqliteError
	if errors.As(err, &lite) {
		primary := lite.Code() & 0xff
		return primary == sqliteBusy || primary == sqliteLocked
	}
	var state sqlStateError
	if errors.As(err, &state) {
		return state.SQLState() == stateSerializationFailure || state.SQLState() == stateDeadlockDetected
	}
	my, ok := asMySQL(err)
	return ok && slices.Contains([]uint16{mysqlChangedSinceRead, mysqlLockWaitTimeout, mysqlDeadlock}, my.number)
}

// asMySQL finds go-sql-driver's error in err.
func asMySQL(err error) (found mysqlError, ok bool) {
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer &&
		v.Type().Elem().PkgPath() == "github.com/go-sql-driver/mysql" && v.Type().Elem().Name() == "MySQLError" {
		number, ok1 := v.Elem().FieldByName("Number").Interface().(uint16)
		state, ok2 := v.Elem().FieldByName("SQLState").Interface().([5]byte)
		return mysqlError{number, string(state[:]), v.Elem().FieldByName("Message").String()}, ok1 && ok2
	}
	switch inner := err.(type) { //nolint:errorlint // this is what errors.As does
	case interface{ Unwrap() error }:
		return asMySQL(inner.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range inner.Unwrap() {
			if found, ok := asMySQL(err); ok {
				return found, true
			}
		}
	}
	return mysqlError{}, false
}
