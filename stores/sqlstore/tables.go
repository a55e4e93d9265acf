package sqlstore

import (
	"slices"
	"strings"
)

// table is what this package wants of a table. Columns and indexes may be added
// by a later release, so everything but the primary key can be added to a table
// with rows in it.
type table struct {
	// token is the table's name in statements, without braces.
	token   string
	columns []column
	// key is a primary key of several columns, else "".
	key     string
	indexes []index
}

type column struct{ name, definition string }

// index is named after its table and its own name.
type index struct {
	name    string
	unique  bool
	columns string
	// where, if not "", is what the rows of a partial index have in common.
	// whole are the columns where the database has no partial indexes.
	where, whole string
}

// few are the users of whom there are few among many, as a rule, so that a list
// of them, in whatever order, does not read all others.
var few = []index{
	{name: "superusers", columns: "created_at, id", where: "is_superuser = TRUE", whole: "is_superuser, created_at, id"},
	{name: "inactive", columns: "created_at, id", where: "is_active = FALSE", whole: "is_active, created_at, id"},
	{name: "unverified", columns: "created_at, id", where: "is_verified = FALSE", whole: "is_verified, created_at, id"},
	{name: "suspended", columns: "suspended_until", where: "suspended_until IS NOT NULL", whole: "suspended_until"},
}

// tables are all tables, in the order in which they are made. Times are
// microseconds (see micros), flags 0 or 1; expires_at alone is FastAPI Users'
// and in seconds.
func (s *Store) tables() []table {
	all := []table{
		{token: "sessions", columns: []column{
			{"digest", "{digest} NOT NULL PRIMARY KEY"}, {"id", "{text} NOT NULL"}, {"user_id", "{key} NOT NULL"}, {"backend", "{text} NOT NULL"},
			{"label", "{text} NOT NULL"}, {"ip", "{text} NOT NULL"}, {"epoch", "BIGINT NOT NULL"}, {"proofs", "{text} NOT NULL"},
			{"created", "BIGINT NOT NULL"}, {"last_seen", "BIGINT NOT NULL"}, {"expires", "BIGINT NOT NULL"},
			// NULL in most rows, and in those of an earlier
			// release. Package marks writes marks; the others are
			// for tokens that are replaced from time to time.
			{"marks", "{text}"}, {"secret", "{digest}"}, {"replaced", "{digest}"}, {"sealed", "{digest}"}, {"rotated", "BIGINT"},
		}, indexes: []index{{name: "newest", columns: "user_id, created"}, {name: "expires", columns: "expires"}}},
		{token: "floors", columns: []column{
			{"user_id", "{key} NOT NULL PRIMARY KEY"}, {"epoch", "BIGINT NOT NULL"}, {"expires", "BIGINT"}, // NULL as an earlier release wrote it
		}, indexes: []index{{name: "expires", columns: "expires"}}},
		{token: "tickets", columns: []column{
			{"purpose", "{key} NOT NULL"}, {"digest", "{digest} NOT NULL"}, {"user_id", "{key} NOT NULL"}, {"email", "{text} NOT NULL"},
			{"epoch", "BIGINT NOT NULL"}, {"data", "{bytes}"}, {"expires", "BIGINT NOT NULL"}, {"used", "SMALLINT NOT NULL"}, {"failures", "INTEGER NOT NULL"},
		}, key: "purpose, digest",
			indexes: []index{{name: "user", columns: "user_id"}, {name: "expires", columns: "expires"}}},
		{token: "limits", columns: []column{
			{"digest", "{digest} NOT NULL PRIMARY KEY"}, {"events", "INTEGER NOT NULL"}, {"ends", "BIGINT NOT NULL"},
			// NULL in rows of an earlier release, and of keys with
			// fewer limits; see slots.
			{"events_2", "INTEGER"}, {"ends_2", "BIGINT"}, {"events_3", "INTEGER"}, {"ends_3", "BIGINT"},
			{"events_4", "INTEGER"}, {"ends_4", "BIGINT"},
		}, indexes: []index{{name: "ends", columns: "ends"}}},
		s.accountsTable(),
		s.credentialsTable(),
		auditTable(),
	}
	if len(s.models) > 0 {
		all = append([]table{s.usersTable()}, all...)
	}
	return all
}

// theirs are the statements that delete a user's rows, of every table whose
// column user_id says whose they are. A floor stays, as it is what a late login
// meets. Each takes the ID, as it is in Go for asText.
func (s *Store) theirs() (asText, asID []statement) {
	for _, t := range s.tables() {
		i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == "user_id" })
		if i < 0 || t.token == "users" || t.token == "floors" {
			continue
		}
		remove := s.statement("delete a user's "+t.token, "DELETE FROM {"+t.token+"} WHERE user_id = ?")
		if strings.HasPrefix(t.columns[i].definition, "{key}") {
			asText = append(asText, remove)
		} else {
			asID = append(asID, remove)
		}
	}
	return asText, asID
}

// accountsTable has the columns of FastAPI Users' oauth_account.
func (s *Store) accountsTable() table {
	t := table{token: "oauth_accounts", columns: []column{
		{"id", "{uuid} NOT NULL PRIMARY KEY"}, {"user_id", s.dialect.ids[s.opts.IDs] + " NOT NULL"}, {"oauth_name", "{key} NOT NULL"},
		{"account_id", "{key} NOT NULL"}, {"account_email", "{text} NOT NULL"}, {"access_token", "{text} NOT NULL"}, {"refresh_token", "{text}"},
		{"expires_at", "BIGINT"},
	}, indexes: []index{{name: "subject", unique: true, columns: "oauth_name, account_id"},
		{name: "user", columns: "user_id"}}}
	if s.dialect.arrivals != "" {
		t.columns = append(t.columns, column{s.dialect.arrival, s.dialect.arrivals})
	}
	return t
}

// usersTable has the columns of core.User and of all user types, and the unique
// index of names if a type has core.Named.
func (s *Store) usersTable() table {
	t := table{token: "users", columns: []column{{"id", s.idDefinition()}},
		indexes: []index{{name: "email_key", unique: true, columns: "email_key"}}}
	t.columns = append(t.columns, baseColumns...)
	for _, m := range s.models {
		for _, own := range m.columns {
			if slices.ContainsFunc(t.columns, func(c column) bool { return c.name == own.Name }) {
				continue
			}
			c := column{own.Name, own.Definition}
			if m.named && c.name == nameColumn.name {
				c = nameColumn
				t.indexes = append(t.indexes, index{name: nameColumn.name, unique: true, columns: nameColumn.name})
			}
			t.columns = append(t.columns, c)
		}
	}
	if s.adopted != nil {
		t.indexes = append(t.indexes, index{name: "lower_email", columns: "lower(email)"})
	} else {
		t.indexes = append(t.indexes, index{name: "created", columns: "created_at, id"})
		t.indexes = append(t.indexes, few...)
	}
	return t
}

func (s *Store) idDefinition() string {
	if s.opts.IDs == BigInt {
		return s.dialect.numbers
	}
	return s.dialect.ids[s.opts.IDs] + " NOT NULL PRIMARY KEY"
}

// Schema is the SQL that makes all tables in an empty database, a statement
// each, for people who have a migration tool of their own. After it Migrate
// finds nothing to do, and needs no right to define tables; call it
// nevertheless, as it checks the connection's settings on MySQL. Call Users for
// each user type before. With FastAPIUsers it is what the service's tables
// lack, and Migrate has work left: it fills email_key.
func (s *Store) Schema() []string {
	s.migration.Lock()
	defer s.migration.Unlock()
	var all []string
	for _, t := range s.tables() {
		columns, indexes := s.missing(t, s.adopted.columnsOf(t), nil)
		for _, st := range slices.Concat(columns, indexes) {
			all = append(all, st.text)
		}
	}
	return all
}

// missing are the statements that make what t lacks: the table, or columns of
// it, and indexes.
func (s *Store) missing(t table, columns, indexes []string) (add, addIndexes []statement) {
	if len(columns) == 0 {
		add = append(add, s.createTable(t))
	} else {
		for _, c := range t.columns {
			if !slices.Contains(columns, c.name) {
				add = append(add, s.statement("add the column "+c.name, "ALTER TABLE {"+t.token+"} ADD COLUMN "+s.quote(c.name)+" "+
					c.definition))
			}
		}
	}
	for _, i := range t.indexes {
		name := s.tableName(t.token) + "_" + i.name
		if slices.Contains(indexes, name) {
			continue
		}
		create := "CREATE INDEX "
		if i.unique {
			create = "CREATE UNIQUE INDEX "
		}
		columns, where := i.columns, ""
		if i.where != "" && s.dialect.partial {
			where = " WHERE " + i.where
		} else if i.where != "" {
			columns = i.whole
		}
		addIndexes = append(addIndexes,
			s.statement("make the index "+name, create+s.quote(name)+" ON {"+t.token+"} ("+columns+")"+where))
	}
	return add, addIndexes
}

func (s *Store) createTable(t table) statement {
	lines := make([]string, len(t.columns))
	for i, c := range t.columns {
		lines[i] = s.quote(c.name) + " " + c.definition
	}
	if t.key != "" {
		lines = append(lines, "PRIMARY KEY ("+t.key+")")
	}
	return s.statement("make the table "+s.tableName(t.token),
		"CREATE TABLE {"+t.token+"} (\n\t"+strings.Join(lines, ",\n\t")+"\n)"+s.dialect.tableOptions)
}
