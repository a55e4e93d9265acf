// Package bunstore tests what stores/bunstore adds to stores/sqlstore on SQLite
// files, PostgreSQL and MariaDB: columns that bun maps, bun's transactions, and
// the conformance kit over both. integration/sqlstore tests the rest. It lives
// here because that module has no driver among its dependencies.
package bunstore
