package sqlstore

import (
	"database/sql"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// credentialsTable calls a Key handle: KEY is a word of MySQL's. NULL is never.
func (s *Store) credentialsTable() table {
	return table{token: "credentials", columns: []column{
		{"id", "{uuid} NOT NULL PRIMARY KEY"}, {"user_id", s.dialect.ids[s.opts.IDs] + " NOT NULL"}, {"kind", "{key} NOT NULL"},
		{"handle", "{key} NOT NULL"}, {"label", "{text} NOT NULL"}, {"data", "{bytes}"}, {"created", "BIGINT NOT NULL"},
		{"used", "BIGINT"}, {"expires", "BIGINT"},
	}, indexes: []index{
		{name: "handle", unique: true, columns: "kind, handle"}, {name: "user", columns: "user_id"}, {name: "expires", columns: "expires"},
	}}
}

// settle checks c and sets its ID where it is empty, ids to their one spelling,
// and times to whole microseconds.
func (t *Credentials) settle(c *core.Credential) (err error) {
	if err := c.Check(); err != nil {
		return wrap("store a credential", err)
	}
	if c.ID == "" {
		if c.ID, err = UUID.make(t.s.opts.Random); err != nil {
			return err
		}
	}
	id, isUUID := UUID.canonical(c.ID)
	owner, isUser := t.s.opts.IDs.canonical(c.Owner)
	switch {
	case !isUUID:
		return errors.New("sqlstore: store a credential: its ID is not a UUID")
	case !isUser:
		return errors.New("sqlstore: store a credential: its Owner is not of the type Options.IDs")
	}
	c.ID, c.Owner = id, owner
	for _, at := range []*time.Time{&c.Created, &c.Used, &c.Expires} {
		*at = at.Truncate(time.Microsecond).UTC()
	}
	return nil
}

// changeable are the columns that Update writes.
func changeable(c core.Credential) []any {
	return []any{c.Label, c.Data, orNever(c.Used), orNever(c.Expires)}
}

// orNever is a time in microseconds, NULL for the zero time.
func orNever(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// scanCredential reads a credential from the columns of a statement.
func scanCredential(scan func(dest ...any) error) (*core.Credential, error) {
	var c core.Credential
	var created int64
	var used, expires sql.NullInt64
	if err := scan(&c.ID, &c.Owner, &c.Kind, &c.Key, &c.Label, &c.Data, &created, &used, &expires); err != nil {
		return nil, err
	}
	c.Created = time.UnixMicro(created).UTC()
	if used.Valid {
		c.Used = time.UnixMicro(used.Int64).UTC()
	}
	if expires.Valid {
		c.Expires = time.UnixMicro(expires.Int64).UTC()
	}
	return &c, nil
}
