// Package bunstore keeps Latchkey's users, their accounts at OAuth providers,
// their credentials, sessions, one-time tokens and rate limits in a SQL
// database, through github.com/uptrace/bun: SQLite, PostgreSQL, MySQL or
// MariaDB. SQLite needs no server and no C compiler with the driver
// modernc.org/sqlite:
//
//	type Account struct {
//		core.User
//		Name string `json:"name" bun:"name" auth:"register,update"`
//	}
//
//	sqldb, err := sql.Open("sqlite", bunstore.SQLiteDSN("latchkey.db"))
//	db := bun.NewDB(sqldb, sqlitedialect.New())
//	store, err := bunstore.New(db, bunstore.Options{})
//	users, err := bunstore.Users[Account](store)
//	err = store.Migrate(ctx)
//
// Then users, store.OAuthAccounts(), store.Credentials(), store.Sessions(),
// store.Tickets(), store.Limiter() and store itself (a core.Transactor) are the
// parts that latchkey.New takes.
//
// The application's own queries may go on using bun with the same user type.
// Latchkey itself uses bun to know the columns of that type only: bun's query
// builder writes arguments into the text of a statement, so that digests and
// addresses would reach the server's logs. Every statement here is a fixed text
// whose arguments travel beside it.
//
// Security notes. Sessions, tokens and limits are stored under SHA-256 digests
// in binary columns. The database holds no secret that could be presented to
// the application, but it does hold password hashes: its file or server
// deserves the care that they need. It keeps providers' tokens as they are
// given: whoever stores them seals them first. Errors name what failed and,
// unless these may quote an argument, the driver's words; they are for logs,
// not for clients.
package bunstore
