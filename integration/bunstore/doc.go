// Package bunstore tests stores/bunstore on SQLite files: the conformance kit, migrations, transactions, the take-over of a FastAPI Users
// database, and what is left of secrets in a dump. It lives here because that module has no driver among its dependencies.
package bunstore
