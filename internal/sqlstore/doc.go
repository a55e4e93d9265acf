// Package sqlstore is what bunstore and gormstore have in common, and nearly
// all of both: the tables, the statements, what differs between databases, and
// the types that keep users, accounts, sessions, one-time tokens and limits. A
// library of the application's contributes two things: it maps a user type to
// Columns, and begins transactions that the application's own queries can join.
//
//	store, err := sqlstore.New(sqlstore.Database{DB: db, Begin: begin, Dialect: "postgres"}, sqlstore.Options{})
//	users, err := sqlstore.Users[Account](store, columns)
//
// It exists so that both keep the same rows in the same tables. It needs a
// driver to run, so integration/bunstore and integration/gormstore test it.
//
// Security notes. Each statement is a fixed text whose arguments travel beside
// it, straight to database/sql: a query builder that writes them into the text,
// or a library that logs them, would hand digests and addresses to logs. Errors
// name what failed and the driver's words, never an argument.
package sqlstore
