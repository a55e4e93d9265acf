// Package gormstore tests stores/gormstore on SQLite, PostgreSQL and MariaDB:
// the conformance kit, tables and rows that it shares with bunstore,
// transactions, and what the application's GORM logger is told. It lives here
// because that module has no driver among its dependencies.
package gormstore
