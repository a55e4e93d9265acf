package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"time"
)

// Dialect is a kind of database.
type Dialect string

// The databases, with the drivers that are tested.
const (
	// SQLite: modernc.org/sqlite.
	SQLite Dialect = "sqlite"
	// PostgreSQL: github.com/jackc/pgx/v5/stdlib.
	PostgreSQL Dialect = "postgres"
	// MySQL: github.com/go-sql-driver/mysql.
	MySQL Dialect = "mysql"
	// MariaDB: the same driver, and the same statements.
	MariaDB Dialect = "mariadb"
)

var dialects = map[Dialect]dialect{SQLite: sqlite, PostgreSQL: postgres, MySQL: mysql, MariaDB: mysql}

// dialect is all in which the databases differ, for this package.
type dialect struct {
	// quote encloses names.
	quote string
	// numbered: placeholders are $1, $2, … instead of ?.
	numbered bool
	// prepare: the driver parses a text anew each time. (pgx keeps prepared
	// statements by itself.)
	prepare bool
	// returning: INSERT … RETURNING returns the number that the database
	// made; without it, the driver's LastInsertId does.
	returning bool
	// savepoints: a refused statement ends its transaction, unless there is
	// a savepoint before it.
	savepoints bool
	// endless: the driver ends a transaction without heeding a context.
	endless bool
	// isolation of this package's own transactions; zero is the database's
	// default.
	isolation sql.IsolationLevel
	// fastAPI: tables of FastAPI Users can be taken over.
	fastAPI bool

	// lock ends a SELECT whose row is about to be changed; newest one that
	// must see what others have committed since the transaction's first
	// statement.
	lock, newest string
	// write makes a transaction a writer that has only read so far, where
	// that is what keeps others from writing; it changes nothing.
	write string
	// skip ends an INSERT, so that it leaves a row out whose key is taken;
	// without it, taken recognizes the error.
	skip string
	// raise ends an INSERT into {floors}, so that it raises a floor that is
	// below the first of its last two arguments, and sets its end to the
	// other.
	raise string
	// count ends an INSERT into {limits}, so that it counts an event in the
	// slots of a row that is there, unless one of them is full. With
	// returning, the number of rows says whether it was counted; without,
	// the driver's LastInsertId is 1 if it was not.
	count func(st *countStatement, slots []slot) string
	// mutex makes transactions that name the same text wait for each other;
	// "" where there is one writer at a time anyway.
	mutex string
	// passIDs keeps numbers that the application gave from being made
	// again, where the database does not do so by itself.
	passIDs string
	// renumber sets another number for a new user than the one that was
	// made, if that is a deleted user's: a table that somebody else has
	// defined may make it again. Its arguments are the number, twice. It
	// returns the new number.
	renumber string
	// batch is how many rows one statement of a sweep deletes. patient: the
	// next one waits as long as that took, since others that write find no
	// gap.
	batch   int
	patient bool
	// sweep deletes at most as many rows of a table, with this primary key,
	// as its last argument says, whose time is up, by the column ends, and
	// for which another condition holds: "", or one that begins with AND.
	sweep func(table, key, ends, and string) string
	// stamp sets a column that is NULL to its first argument, in at most as
	// many rows as its second argument says.
	stamp func(table, key, column string) string

	// unindexed begins a column's name where no index of it is to be used;
	// "" where the database's statistics know better.
	unindexed string
	// partial: an index may have a WHERE.
	partial bool

	// types names the column types that are written {bytes}, {digest},
	// {key} (short, compared byte by byte), {text}, {uuid} and {timestamp}
	// in statements.
	types map[string]string
	// emptyText is '' as a column's default.
	emptyText string
	// ids are the types of columns that hold the id of a user; numbers is
	// BigInt's own column. A number is never given twice, not even after
	// its user was deleted.
	ids     map[IDType]string
	numbers string
	// owners are {sessions}.user_id as these types, by which an index is
	// found; NULL or anything else where it is none of them. Without one,
	// it can be compared as it is.
	owners map[IDType]string
	// arrival is the column by whose numbers the rows of the accounts'
	// table are in the order of their creation; arrivals defines it, where
	// it is not there anyway.
	arrival, arrivals string
	// tableOptions end a CREATE TABLE.
	tableOptions string
	// columns and indexes list the names of a table's columns and indexes;
	// nothing if there is no such table. quotedTable: they take the table's
	// name as it is written in statements.
	columns, indexes string
	quotedTable      bool
	// session is the lock that keeps migrating nodes apart where a
	// transaction cannot; nil elsewhere.
	session *sessionLock
	// settings refuses connections whose settings would spoil data.
	settings func(ctx context.Context, c Conn) error
	// clock reads the database's clock, in microseconds since 1970 UTC.
	clock string
	// local: the database is a file of this machine, and not a server.
	local bool
	// timestamp is t as an argument for a {timestamp} column, in the form
	// in which bun writes one.
	timestamp func(t time.Time) any
}

func (d dialect) owner(t IDType) string { return cmp.Or(d.owners[t], "{sessions}.user_id") }

// stampSome is dialect.stamp where UPDATE has no LIMIT.
func stampSome(table, key, column string) string {
	return "UPDATE " + table + " SET " + column + " = ? WHERE (" + key + ") IN (SELECT " + key + " FROM " + table +
		" WHERE " + column + " IS NULL LIMIT ?)"
}

// sweepSome is dialect.sweep where DELETE has no LIMIT. The order makes it read
// the index, whatever the database makes of its statistics.
func sweepSome(table, key, ends, and string) string {
	return "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table + " WHERE " + ends +
		" <= ?" + and + " ORDER BY " + ends + " LIMIT ?)"
}
