package importers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// dialect is what a database differs in.
type dialect struct {
	quotes      string
	numbered    bool // $1 instead of ?
	asText      bool // columns can be read as text and as JSON whatever their type
	columnNames string
}

var (
	sqlite = dialect{quotes: `"`, numbered: true, columnNames: `SELECT name FROM pragma_table_info($1)`}
	mysql  = dialect{quotes: "`", columnNames: `SELECT column_name FROM information_schema.columns
		WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? ORDER BY ordinal_position`}
	postgres = dialect{quotes: `"`, numbered: true, asText: true, columnNames: `SELECT attname::text FROM pg_attribute
		WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`}
)

var errNoDatabase = errors.New("no database")

// dialectOf finds out what is behind db.
func dialectOf(ctx context.Context, db *sql.DB) (dialect, error) {
	if db == nil {
		return dialect{}, errNoDatabase
	}
	var version string
	err := db.QueryRowContext(ctx, "SELECT version()").Scan(&version)
	if err == nil && (strings.Contains(version, "PostgreSQL") || strings.Contains(version, "CockroachDB")) {
		return postgres, nil
	}
	if err == nil {
		return mysql, nil
	}
	if db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version) == nil {
		return sqlite, nil
	}
	return dialect{}, err
}

// quote quotes a table's or a column's name; a table's may have a schema before
// a dot.
func (d dialect) quote(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = d.quotes + strings.ReplaceAll(part, d.quotes, d.quotes+d.quotes) + d.quotes
	}
	return strings.Join(parts, ".")
}

// placeholder is that of the n-th argument, from 1.
func (d dialect) placeholder(n int) string {
	if d.numbered {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// columns returns those of a table, none if there is no such table.
func (d dialect) columns(ctx context.Context, db *sql.DB, name string) (found []string, err error) {
	args := []any{name}
	if d.asText {
		args[0] = d.quote(name)
	}
	if d.quotes == mysql.quotes {
		args = []any{nil, name}
		if schema, table, ok := strings.Cut(name, "."); ok {
			args = []any{schema, table}
		}
	}
	rows, err := db.QueryContext(ctx, d.columnNames, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			return nil, err
		}
		found = append(found, column)
	}
	return found, rows.Err()
}

// table is one that is there.
type table struct {
	d    dialect
	name string
	all  []string // columns
}

// findTable returns the one of the names that is a table. Several are an error,
// and so is none, unless the table is optional.
func findTable(ctx context.Context, db *sql.DB, d dialect, optional bool, names ...string) (*table, error) {
	var found []*table
	for _, name := range names {
		columns, err := d.columns(ctx, db, name)
		if err != nil {
			return nil, err
		}
		again := func(t *table) bool { return !d.asText && strings.EqualFold(t.name, name) }
		if len(columns) > 0 && !slices.ContainsFunc(found, again) {
			found = append(found, &table{d, name, columns})
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("there are the tables %s and %s: say which", found[0].name, found[1].name)
	case optional:
		return nil, nil
	}
	return nil, fmt.Errorf("there is no table %s", strings.Join(names, " or "))
}

// column returns the table's own spelling of a column's name. Programs that
// write emailVerified and email_verified mean the same one.
func (t *table) column(name string) (string, bool) {
	if name == "" || name == None {
		return "", false
	}
	if slices.Contains(t.all, name) {
		return name, true
	}
	i := slices.IndexFunc(t.all, func(column string) bool { return folded(column) == folded(name) })
	if i < 0 {
		return "", false
	}
	return t.all[i], true
}

func folded(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// row is a row of a table, by the names of the columns that were read.
type row struct {
	t      *table
	values map[string]any
}

// get returns a column's value, nil if the table has no such column.
func (r row) get(name string) any {
	column, _ := r.t.column(name)
	return r.values[column]
}

// read returns rows of a table with the given columns: own ones as JSON where
// the database can write it. rest follows the table's name.
func (t *table) read(
	ctx context.Context, db *sql.DB, columns []string, own map[string]bool, rest string, args ...any,
) (found []row, err error) {
	selected := make([]string, len(columns))
	for i, column := range columns {
		selected[i] = "t." + t.d.quote(column)
		switch {
		case t.d.asText && own[column]:
			selected[i] = "to_jsonb(" + selected[i] + ")::text"
		case t.d.asText:
			selected[i] += "::text"
		}
	}
	//nolint:gosec // G202: names are quoted, and values are arguments
	query := "SELECT " + strings.Join(selected, ", ") + " FROM " + t.d.quote(t.name) + " AS t " + rest
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		r := row{t, make(map[string]any, len(columns))}
		for i, column := range columns {
			r.values[column] = values[i]
		}
		found = append(found, r)
	}
	return found, rows.Err()
}
