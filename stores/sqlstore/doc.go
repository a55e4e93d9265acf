// Package sqlstore keeps Latchkey's users, their accounts at OAuth providers,
// their credentials, sessions, one-time tokens and rate limits in a SQL
// database, over database/sql alone: SQLite, PostgreSQL, MySQL or MariaDB. It
// imports no driver; the application picks one. SQLite needs no server and no C
// compiler with the driver modernc.org/sqlite:
//
//	type Account struct {
//		core.User
//		FullName string `json:"full_name" auth:"register,update"`
//	}
//
//	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("latchkey.db"))
//	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
//	users, err := sqlstore.Users[Account](store)
//	err = store.Migrate(ctx)
//
// Then users, store.OAuthAccounts(), store.Credentials(), store.Sessions(),
// store.Tickets(), store.Limiter() and store itself (a core.Transactor) are the
// parts that latchkey.New takes.
//
// An application that uses bun or GORM has bunstore or gormstore, which stand
// on this package: they keep the same rows in the same tables, map the user
// type by the library's tags and share its transactions.
//
// Security notes. Each statement is a fixed text whose arguments travel beside
// it: a query builder that writes them into the text, or a library that logs
// them, would leave digests and addresses in logs. Sessions, tokens and limits
// are stored under SHA-256 digests in binary columns. The database holds no
// secret that could be presented to the application, but it does hold password
// hashes: protect its file or server as they need it. Providers' tokens are
// kept as they are given: whoever stores them seals them first. Errors name
// what failed and, unless these may quote an argument, the driver's words; they
// are for logs, not for clients.
package sqlstore
