package main

import (
	"context"
	"path/filepath"
)

// postgres returns the folder of initdb and postgres.
func (m machine) postgres(ctx context.Context) (string, error) {
	initdb, err := m.path(ctx, pkg{"postgresql", []program{
		{names: []string{"initdb"}, file: "usr/lib/postgresql/*/bin/initdb"},
		{names: []string{"postgres"}, file: "usr/lib/postgresql/*/bin/postgres"},
	}})
	return filepath.Dir(initdb), err
}

const pgBouncer = "LATCHKEY_TEST_PGBOUNCER"

// pgbouncer returns PgBouncer, a pooler of connections to PostgreSQL.
func (m machine) pgbouncer(ctx context.Context) (string, error) {
	return m.path(ctx, pkg{"pgbouncer", []program{{names: []string{"pgbouncer"}, file: "usr/sbin/pgbouncer"}}})
}

// mariadbd returns MariaDB's server.
func (m machine) mariadbd(ctx context.Context) (string, error) {
	return m.path(ctx, pkg{"mariadb-server-core", []program{
		{names: []string{"mariadbd"}, file: "usr/sbin/mariadbd", arguments: `--basedir="$root"/usr`},
	}})
}

// redisServer returns Redis.
func (m machine) redisServer(ctx context.Context) (string, error) {
	return m.path(ctx, pkg{"redis-server", []program{{names: []string{"redis-server"}, file: "usr/bin/redis-server"}}})
}
