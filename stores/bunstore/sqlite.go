package bunstore

import "github.com/latchkey-go/latchkey/stores/sqlstore"

// SQLiteDSN is the data source name for the driver modernc.org/sqlite
// (registered as "sqlite") of a database file:
//
//	sqldb, err := sql.Open("sqlite", bunstore.SQLiteDSN("latchkey.db"))
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
func SQLiteDSN(path string) string { return sqlstore.SQLiteDSN(path) }
