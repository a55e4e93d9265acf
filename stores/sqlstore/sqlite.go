package sqlstore

import (
	"strings"
	"time"
)

// SQLiteDSN is the data source name for the driver modernc.org/sqlite
// (registered as "sqlite") of a database file:
//
//	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("latchkey.db"))
//
// Its settings: write-ahead log, so that readers and the one writer do not wait
// for each other; writers wait up to 5 s for their turn; a transaction takes
// the write lock when it begins, so that two never block each other half-way;
// foreign keys are enforced; every commit reaches the disk before it is
// acknowledged (synchronous FULL), so that no registration is lost in a power
// cut.
//
// The file must be on a local disk. An in-memory database does not work this
// way: each connection would have one of its own.
func SQLiteDSN(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate"
}

// A transaction that begins with the write lock (see SQLiteDSN) needs no lock
// on a row. One of the application's may have begun without it, and takes it by
// a statement that writes.
var sqlite = dialect{
	quote:     "`", // SQLite reads the name of no column as a text, where it is in double quotes
	prepare:   true,
	returning: true,
	fastAPI:   true,
	skip:      onConflictSkip,
	raise:     onConflictRaise,
	count:     onConflictCount,
	batch:     100,
	patient:   true,
	write:     "UPDATE {users} SET id = id WHERE 0",
	sweep:     sweepSome,
	stamp:     stampSome,
	partial:   true,
	unindexed: "+",
	types: map[string]string{
		"bytes": "BLOB", "digest": "BLOB", "key": "TEXT", "text": "TEXT", "uuid": "CHAR(36)", "timestamp": "TIMESTAMP",
	},
	emptyText: "''",
	ids:       map[IDType]string{UUID: "CHAR(36)", Text: "TEXT", BigInt: "INTEGER"},
	numbers:   "INTEGER PRIMARY KEY AUTOINCREMENT",
	renumber:  renumber,
	arrival:   "rowid", // every table has it
	columns:   "SELECT name FROM pragma_table_info(?)",
	indexes:   "SELECT name FROM pragma_index_list(?)",
	clock:     "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
	local:     true,
	timestamp: func(t time.Time) any { return t.UTC().Format("2006-01-02 15:04:05.999999-07:00") },
}

// Without AUTOINCREMENT a table's next number is one more than its highest. The
// floor of a deleted user, which is the highest there is, has their number.
const renumber = `UPDATE {users} SET id = (SELECT MAX(CAST(user_id AS INTEGER)) + 1 FROM {floors} WHERE epoch = 9223372036854775807)
	WHERE id = ? AND EXISTS (SELECT 1 FROM {floors} WHERE user_id = CAST(? AS TEXT) AND epoch = 9223372036854775807) RETURNING id`

// SQLite took these clauses from PostgreSQL.
const (
	onConflictSkip  = " ON CONFLICT DO NOTHING"
	onConflictRaise = " ON CONFLICT (user_id) DO UPDATE SET epoch = CASE WHEN {floors}.epoch < ? THEN excluded.epoch ELSE {floors}.epoch END, expires = ?"
)
