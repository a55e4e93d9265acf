// Package sqlstore tests stores/sqlstore on SQLite files, PostgreSQL and
// MariaDB: the conformance kit, migrations, transactions, conflicts between
// them, the take-over of a FastAPI Users database, what is left of secrets in a
// dump, processes that are killed and servers that are stopped. It lives here
// because that module has no driver among its dependencies.
package sqlstore
