// Package bunstore tests stores/bunstore on SQLite files, PostgreSQL and
// MariaDB: the conformance kit, migrations, transactions, conflicts between
// them, adopting a FastAPI Users database, the secrets in a dump, killed
// processes and stopped servers. It is here because that module depends on no
// driver.
package bunstore
