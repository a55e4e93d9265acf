// Package contract tests the HTTP contract, route by route and code by code, on
// every adapter, in memory and over SQLite, through real connections. A
// subtest's name is the row that it checks: method, path, status, what the
// error says, and a note in parentheses. A note that begins with "mended" marks
// where the contract corrects FastAPI Users.
//
//	go test ./contract -run '//POST_/auth/register'
package contract
