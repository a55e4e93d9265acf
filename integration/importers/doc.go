// Package importers tests importers against databases as other systems have
// them, on SQLite, PostgreSQL and MariaDB: their users log in with the
// passwords that they had there. It lives here because that module has no
// driver among its dependencies.
package importers
