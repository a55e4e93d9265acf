package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// saying is a server that answers every INSERT and DELETE with an error.
type saying struct{ said error }

func (s saying) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s saying) Driver() driver.Driver                        { return nil }
func (s saying) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not asked") }
func (s saying) Begin() (driver.Tx, error)                    { return s, nil }
func (s saying) Close() error                                 { return nil }
func (s saying) Commit() error                                { return nil }
func (s saying) Rollback() error                              { return nil }

func (s saying) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return s, nil }

func (s saying) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	if strings.HasPrefix(query, "INSERT") || strings.HasPrefix(query, "DELETE") {
		return nil, s.said
	}
	return driver.RowsAffected(1), nil
}

// TestFieldF14WhatMySQLSays are messages of MySQL 8 and MariaDB. A value in one
// may look like the end of another.
func TestFieldF14WhatMySQLSays(t *testing.T) {
	t.Parallel()
	conflict, taken, outage := core.ErrConflict, core.ErrTaken, errors.New("an outage")
	for message, c := range map[string]struct {
		number uint16
		state  string
		want   error // nil: a refusal
		field  string
	}{
		"Duplicate entry 'secret' for key 'latchkey_users.latchkey_users_email_key'":                     {1062, "23000", taken, ""},
		"Duplicate entry 'secret' for key 'latchkey_users_email_key'":                                    {1062, "23000", taken, ""},
		"Duplicate entry 'secret' for key 'latchkey_users.PRIMARY'":                                      {1062, "23000", taken, ""},
		"Duplicate entry 'secret' for key 'latchkey_users.one_phone'":                                    {1062, "23000", conflict, ""},
		"Duplicate entry 'secret' for key 'greeted.PRIMARY'":                                             {1062, "23000", conflict, ""},
		"Duplicate entry 'secret' for key 'users_tenant_email_key'":                                      {1062, "23000", conflict, ""},
		"Duplicate entry 'secret' for key 'PRIMARY' for key 'one_phone'":                                 {1062, "23000", conflict, ""},
		"Data too long for column 'nick' at row 1":                                                       {1406, "22001", nil, "Nick"},
		"Out of range value for column 'credits' at row 1":                                               {1264, "22003", nil, "Credits"},
		"Incorrect string value: 'secret for column 'email' at row 1' for column 'nick' at row 1":        {1366, "HY000", nil, "Nick"},
		"Incorrect string value: '\\xF0secret' for column `app`.`latchkey_users`.`nick` at row 1":        {1366, "22007", nil, "Nick"},
		"Column 'title' cannot be null":                                                                  {1048, "23000", nil, "Title"},
		"Field 'tenant_id' doesn't have a default value":                                                 {1364, "HY000", nil, "tenant_id"},
		"Data truncated for column 'plan' at row 1":                                                      {1265, "01000", nil, "Plan"},
		"Incorrect datetime value: 'secret' for column 'since' at row 1":                                 {1292, "22007", nil, "Since"},
		"Invalid JSON text: \"Invalid value.\" at position 0 in value for column 'latchkey_users.nick'.": {3140, "22032", nil, "Nick"},
		"Check constraint 'latchkey_users_chk_1' is violated.":                                           {3819, "HY000", nil, ""},
		"CONSTRAINT `latchkey_users.credits` failed for `app`.`latchkey_users`":                          {4025, "23000", nil, "Credits"},
		"nick secret":                 {1644, "45000", nil, ""},
		"secret has no partition":     {1526, "HY000", nil, ""},
		"Server shutdown in progress": {1053, "08S01", outage, ""},
		"The table 'users' is full":   {1114, "HY000", outage, ""},
		"The MySQL server is running with the --read-only option so it cannot execute this statement":                                                                               {1290, "HY000", outage, ""},
		"Cannot add or update a child row: a foreign key constraint fails (`app`.`latchkey_users`, CONSTRAINT `of_plan` FOREIGN KEY (`plan`) REFERENCES `plans` (`name`))":          {1452, "23000", nil, "Plan"},
		"Cannot add or update a child row: a foreign key constraint fails (`app`.`latchkey_users`, CONSTRAINT `of_two` FOREIGN KEY (`plan`, `nick`) REFERENCES `plans` (`x`, `y`))": {1452, "23000", nil, ""},
	} {
		state := [5]byte([]byte(c.state))
		db := sql.OpenDB(saying{&mysql.MySQLError{Number: c.number, SQLState: state, Message: message}})
		store, err := sqlstore.New(db, sqlstore.MySQL, sqlstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		us, err := sqlstore.Users[member](store)
		if err != nil {
			t.Fatal(err)
		}
		err = us.Create(t.Context(), asMember("secret@example.org"))
		deleted := us.Delete(t.Context(), adaID)
		var refused *core.RefusedError
		switch {
		case c.want == outage:
			if errors.As(err, &refused) || errors.Is(err, conflict) || errors.Is(err, taken) || errors.Is(deleted, conflict) {
				t.Errorf("%s: got %v and %v, want an outage", message, err, deleted)
			}
			continue
		case c.want == nil && (!errors.As(err, &refused) || refused.Field != c.field):
			t.Errorf("%s: got %v, want a refusal of %q", message, err, c.field)
		case c.want != nil && !errors.Is(err, c.want):
			t.Errorf("%s: got %v, want %v", message, err, c.want)
		}
		if !errors.Is(deleted, conflict) {
			t.Errorf("%s: Delete returned %v, want ErrConflict", message, deleted)
		}
		if strings.Contains(err.Error()+deleted.Error(), "secret") {
			t.Errorf("the errors quote a value: %v; %v", err, deleted)
		}
	}
}
