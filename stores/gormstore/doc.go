// Package gormstore keeps Latchkey's users, their accounts at OAuth providers,
// their credentials, sessions, one-time tokens and rate limits in the SQL
// database of an application that uses GORM, gorm.io/gorm, with its dialects
// for SQLite, PostgreSQL and MySQL:
//
//	type Account struct {
//		core.User
//		Name string `json:"name" gorm:"column:name" auth:"register"`
//	}
//
//	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{})
//	store, err := gormstore.New(db, gormstore.Options{})
//	users, err := gormstore.Users[Account](store)
//	err = store.Migrate(ctx)
//
// Then users, store.OAuthAccounts(), store.Credentials(), store.Sessions(),
// store.Tickets(), store.Limiter() and store itself (a core.Transactor) are the
// parts that Latchkey asks for. The tables are those of sqlstore, so that an
// application can change from one to the other.
//
// The application's own queries may go on using GORM with the same user type.
// Latchkey itself uses GORM for its mapping of that type and for transactions
// only: GORM's logger writes arguments into the statements that it prints, so
// that digests and addresses would reach the application's logs. Every
// statement here is a fixed text whose arguments travel beside it, and runs
// beneath GORM.
//
// Security notes. Sessions, tokens and limits are stored under SHA-256 digests
// in binary columns. The database holds no secret that could be presented to
// the application, but it does hold password hashes: its file or server
// deserves the care that they need. It keeps providers' tokens as they are
// passed in: the caller seals them first. Errors name what failed and the
// driver's words, never an argument; they are for logs, not for clients. A
// driver that is set to write arguments into the text (PostgreSQL's
// PreferSimpleProtocol, MySQL's interpolateParams) does so here too, for the
// server's log to keep: leave both off.
package gormstore
