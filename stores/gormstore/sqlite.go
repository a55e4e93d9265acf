package gormstore

import "github.com/latchkey-go/latchkey/stores/sqlstore"

// SQLiteDSN is the data source name for the driver modernc.org/sqlite
// (registered as "sqlite") of a database file. GORM's dialect runs over the
// connections of that driver, which needs no C compiler:
//
//	sqldb, err := sql.Open("sqlite", gormstore.SQLiteDSN("latchkey.db"))
//	// gorm.io/driver/sqlite
//	dialector := sqlite.New(sqlite.Config{Conn: sqldb})
//	db, err := gorm.Open(dialector, &gorm.Config{})
//
// Its settings are those of sqlstore.SQLiteDSN: a write-ahead log; writers that
// wait up to 5 s for their turn; transactions that take the write lock when
// they begin; enforced foreign keys; synchronous FULL, so that what was
// acknowledged survives a power cut. One more: the application's own times are
// written in SQLite's form, not in Go's.
//
// The file must be on a local disk. An in-memory database does not work this
// way: each connection would have one of its own.
func SQLiteDSN(path string) string { return sqlstore.SQLiteDSN(path) + "&_time_format=sqlite" }
