// Package gormstore tests stores/gormstore on SQLite, PostgreSQL and MariaDB:
// the conformance kit, tables and rows that it shares with bunstore,
// transactions, and what reaches the application's GORM logger. It is here
// because that module depends on no driver.
package gormstore
