package sqlstore

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// violation is a statement's conflict with the schema, as the database or the
// driver describes it.
type violation struct {
	// code is an SQLSTATE, or SQLite's result code.
	code string
	// unique: another row has the values.
	unique bool
	// table, constraint and columns are "" and nil where they are not said.
	// columns may hold expressions.
	table, constraint string
	columns           []string
	// argument is the number of the statement's argument that the driver
	// refused, from 1.
	argument int
}

// String names the constraint, but no value.
func (v violation) String() string {
	s := "a value is refused"
	if v.unique {
		s = "a unique key exists"
	}
	if v.constraint != "" {
		s += " by " + v.constraint
	}
	return s + " (" + v.code + ")"
}

// violationOf reads what is said about a conflict with the schema. It is false
// for every other error.
func violationOf(err error) (violation, bool) {
	var lite sqliteError
	if errors.As(err, &lite) {
		return sqliteViolation(lite.Code(), err.Error())
	}
	var state sqlStateError
	if errors.As(err, &state) {
		return stateViolation(state)
	}
	if my, ok := asMySQL(err); ok {
		return my.violation()
	}
	return driverViolation(err.Error())
}

// SQLite's primary result codes.
const (
	sqliteTooBig     = 18
	sqliteConstraint = 19
	sqliteMismatch   = 20
)

var (
	// "UNIQUE constraint failed: users.email_key, users.id", or "… index
	// 'name'" where the index is of expressions; of a CHECK, its name or
	// its expression.
	sqliteFailed = regexp.MustCompile(`(?s)(UNIQUE|NOT NULL|CHECK) constraint failed: (.*?)(?: \(\d+\))?$`)
	// "cannot store TEXT value in INTEGER column users.credits", of STRICT
	// tables.
	sqliteStrict = regexp.MustCompile(`cannot store \w+ value in \w+ column (.*?)(?: \(\d+\))?$`)
)

func sqliteViolation(code int, text string) (v violation, ok bool) {
	if !slices.Contains([]int{sqliteTooBig, sqliteConstraint, sqliteMismatch}, code&0xff) {
		return v, false
	}
	v.code = "SQLite " + strconv.Itoa(code)
	v.unique = code == sqliteConstraintUnique || code == sqliteConstraintPK
	switch found := sqliteFailed.FindStringSubmatch(text); {
	case found != nil && found[1] == "CHECK":
		v.constraint = found[2]
	case found != nil && strings.HasPrefix(found[2], "index '"):
		v.constraint = found[2]
	case found != nil:
		v.qualified(strings.Split(found[2], ", "))
	default:
		if found := sqliteStrict.FindStringSubmatch(text); found != nil {
			v.qualified(found[1:])
		}
	}
	return v, true
}

// qualified sets the columns from names that begin with the table's.
func (v *violation) qualified(names []string) {
	for _, name := range names {
		dot := strings.LastIndexByte(name, '.')
		v.table = name[:max(dot, 0)]
		v.columns = append(v.columns, name[dot+1:])
	}
}

// The SQLSTATE codes of refusals besides the classes 22 and 23.
var refusedStates = []string{
	"44000", // WITH CHECK OPTION
	"45000", // SIGNAL
	"54000", // a value is too long for an index
	"P0001", // RAISE
}

// Codes of class 23 by which another row has the values.
var uniqueStates = []string{stateUniqueViolation, "23P01"} // an exclusion constraint

// Codes whose detail begins with the columns of a key. Others' quotes values
// alone.
var keyStates = append([]string{"23503"}, uniqueStates...)

// "Key (email_key, lower(nick))=(…) already exists.", in any language.
var stateKey = regexp.MustCompile(`(?s)^.*?\((.*?)\)=\(`)

func stateViolation(err sqlStateError) (v violation, ok bool) {
	state := err.SQLState()
	if !refusedState(state) {
		return v, false
	}
	v = violation{code: "SQLSTATE " + state, unique: slices.Contains(uniqueStates, state)}
	v.table, v.constraint = textField(err, "TableName", "Table"), textField(err, "ConstraintName", "Constraint")
	if column := textField(err, "ColumnName", "Column"); column != "" {
		v.columns = []string{column}
	} else if slices.Contains(keyStates, state) {
		if key := stateKey.FindStringSubmatch(textField(err, "Detail")); key != nil {
			v.columns = strings.Split(key[1], ", ")
		}
	}
	return v, true
}

func refusedState(state string) bool {
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") || slices.Contains(refusedStates, state)
}

// textField is the first of these fields that an error has: pgx's names, and
// those of lib/pq.
func textField(err any, names ...string) string {
	v := reflect.Indirect(reflect.ValueOf(err))
	for _, name := range names {
		if v.Kind() != reflect.Struct {
			break
		}
		if f := v.FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
	}
	return ""
}

// MySQL's and MariaDB's numbers of refusals that have another SQLSTATE than
// those above.
var refusedNumbers = []uint16{
	1118, // a row too large
	1265, // data truncated
	1364, // no default value
	1366, // an incorrect value
	1369, // WITH CHECK OPTION
	1411, // an incorrect value for a function
	1526, // no partition for a value
	1644, // SIGNAL
	3819, // CHECK
	4025, // CHECK
}

var (
	// Of a message that begins with a value, which may hold anything, only
	// the end counts.
	mysqlKey    = regexp.MustCompile("(?s)^.* for key ['`](.+)['`]$")
	mysqlColumn = regexp.MustCompile("(?s)^(?:.* )?(?:[Cc]olumn|Field) ['`](.+?)['`](?: at row \\d+| cannot be null| doesn't have a default value|\\.|)$")
	mysqlCheck  = regexp.MustCompile("(?s)^(?:CONSTRAINT|Check constraint) ['`](.+?)['`] (?:failed|is violated)")
	mysqlParent = regexp.MustCompile("(?s), CONSTRAINT `(.+?)` FOREIGN KEY \\(`(.+?)`\\)")
)

func (e mysqlError) violation() (v violation, ok bool) {
	if !refusedState(e.state) && !slices.Contains(refusedNumbers, e.number) {
		return v, false
	}
	v = violation{code: "SQLSTATE " + e.state, unique: e.number == mysqlDuplicateEntry}
	if v.unique {
		if key := mysqlKey.FindStringSubmatch(e.message); key != nil {
			v.constraint = key[1] // since MySQL 8.0.19 with the table
		}
		return v, true
	}
	if column := mysqlColumn.FindStringSubmatch(e.message); column != nil {
		v.columns = []string{unqualified(column[1])}
	} else if check := mysqlCheck.FindStringSubmatch(e.message); check != nil {
		v.constraint = check[1]
	} else if parent := mysqlParent.FindStringSubmatch(e.message); parent != nil {
		v.constraint, v.columns = parent[1], strings.Split(parent[2], "`, `")
	}
	return v, true
}

// unqualified is the last part of a name: of users.email_key and of
// `database`.`users`.`credits`.
func unqualified(name string) string {
	return strings.Trim(name[strings.LastIndexByte(name, '.')+1:], "`")
}

// driverArgument is what database/sql, counting from 1, and pgx, from 0, say of
// an argument that they cannot send.
var driverArgument = regexp.MustCompile(`(?:sql: converting argument \$|failed to encode args\[)(\d+)`)

func driverViolation(text string) (v violation, ok bool) {
	found := driverArgument.FindStringSubmatch(text)
	if found == nil {
		return v, false
	}
	v = violation{code: "by the driver"}
	v.argument, _ = strconv.Atoi(found[1])
	if strings.HasSuffix(found[0], "["+found[1]) {
		v.argument++
	}
	return v, true
}
