package sqlstore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// member has columns with constraints of the application's own.
type member struct {
	core.User
	Nick    string    `db:"nick,type:VARCHAR(40) NOT NULL DEFAULT ''"`
	Credits int64     `db:"credits,type:SMALLINT NOT NULL DEFAULT 0 CHECK (credits >= 0)"`
	Phone   *string   `db:"phone,type:VARCHAR(20)"`
	Plan    *string   `db:"plan,type:VARCHAR(10) REFERENCES plans (name)"`
	Title   *string   `db:"title,type:VARCHAR(20) NOT NULL DEFAULT 'none'"`
	Big     uint64    `db:"big"`
	Since   time.Time `db:"since"`
}

func asMember(key string) *member {
	return &member{User: core.User{Email: key, EmailKey: key, IsActive: true}, Nick: key, Title: new("none")}
}

// club is a database of members, to which the application has added its own
// rules.
func club(t *testing.T, d database) (*handle, *sqlstore.Store, *sqlstore.UserStore[member]) {
	t.Helper()
	db := d.new(t)
	options := ""
	if d.driver == onMariaDB.driver {
		options = " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	}
	run(t, db, "CREATE TABLE plans (name VARCHAR(10) NOT NULL PRIMARY KEY)"+options)
	run(t, db, "INSERT INTO plans (name) VALUES ('gold')")
	store, us := users[member](t, db, sqlstore.Options{})
	run(t, db, "CREATE UNIQUE INDEX one_phone ON latchkey_users (phone)")
	run(t, db, "CREATE UNIQUE INDEX latchkey_users_email_key_2 ON latchkey_users (nick, plan)")
	for _, statement := range triggers[d.dialect] {
		run(t, db, statement)
	}
	return db, store, us
}

// triggers refuse one nickname, and drop another's row where that can be done.
var triggers = map[sqlstore.Dialect][]string{
	sqlstore.SQLite: {
		`CREATE TRIGGER polite BEFORE INSERT ON latchkey_users WHEN NEW.nick = 'rude' BEGIN SELECT RAISE(ABORT, 'nick rude'); END`,
		`CREATE TRIGGER polite2 BEFORE UPDATE ON latchkey_users WHEN NEW.nick = 'rude' BEGIN SELECT RAISE(ABORT, 'nick rude'); END`,
		`CREATE TRIGGER quiet BEFORE INSERT ON latchkey_users WHEN NEW.nick = 'quiet' BEGIN SELECT RAISE(IGNORE); END`,
		`CREATE TRIGGER quiet2 BEFORE UPDATE ON latchkey_users WHEN NEW.nick = 'quiet' BEGIN SELECT RAISE(IGNORE); END`,
		`CREATE TRIGGER kept BEFORE DELETE ON latchkey_users WHEN OLD.nick = 'kept' BEGIN SELECT RAISE(IGNORE); END`,
	},
	sqlstore.PostgreSQL: {
		`CREATE FUNCTION judge() RETURNS trigger AS $$ BEGIN
			IF TG_OP = 'DELETE' THEN IF OLD.nick = 'kept' THEN RETURN NULL; END IF; RETURN OLD; END IF;
			IF NEW.nick = 'rude' THEN RAISE 'nick %', NEW.nick; END IF;
			IF NEW.nick = 'quiet' THEN RETURN NULL; END IF;
			RETURN NEW; END $$ LANGUAGE plpgsql`,
		`CREATE TRIGGER judge BEFORE INSERT OR UPDATE OR DELETE ON latchkey_users FOR EACH ROW EXECUTE FUNCTION judge()`,
	},
	sqlstore.MariaDB: {
		`CREATE TRIGGER polite BEFORE INSERT ON latchkey_users FOR EACH ROW
			IF NEW.nick = 'rude' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nick rude'; END IF`,
		`CREATE TRIGGER polite2 BEFORE UPDATE ON latchkey_users FOR EACH ROW
			IF NEW.nick = 'rude' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nick rude'; END IF`,
	},
}

// refusals are changes of a member that the schema refuses. field is what the
// error names, "" if it must name none; other is for databases that say less.
var refusals = map[string]struct {
	change func(*member)
	field  map[sqlstore.Dialect]string // without an entry: it is taken there
}{
	"too long a text": {func(u *member) { u.Nick = strings.Repeat("secret", 100) },
		map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "", sqlstore.MariaDB: "Nick"}},
	"F29 a CHECK": {func(u *member) { u.Credits = -7654 }, map[sqlstore.Dialect]string{
		sqlstore.SQLite: "Credits", sqlstore.PostgreSQL: "Credits", sqlstore.MariaDB: "Credits"}},
	"a CHECK, beside a text such as the database's": {func(u *member) { u.Nick, u.Credits = "secret)=(", -7654 },
		map[sqlstore.Dialect]string{sqlstore.SQLite: "Credits", sqlstore.PostgreSQL: "Credits", sqlstore.MariaDB: "Credits"}},
	"out of range": {func(u *member) { u.Credits = 765432 },
		map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "Credits", sqlstore.MariaDB: "Credits"}},
	"out of the range of database/sql": {func(u *member) { u.Big = 1 << 63 }, map[sqlstore.Dialect]string{
		sqlstore.SQLite: "Big", sqlstore.PostgreSQL: "Big", sqlstore.MariaDB: "Big"}},
	"NULL": {func(u *member) { u.Title = nil }, map[sqlstore.Dialect]string{
		sqlstore.SQLite: "Title", sqlstore.PostgreSQL: "Title", sqlstore.MariaDB: "Title"}},
	"no parent": {func(u *member) { u.Plan = new("secret") }, map[sqlstore.Dialect]string{
		sqlstore.SQLite: "", sqlstore.PostgreSQL: "Plan", sqlstore.MariaDB: "Plan"}},
	"a trigger": {func(u *member) { u.Nick = "rude" }, map[sqlstore.Dialect]string{
		sqlstore.SQLite: "", sqlstore.PostgreSQL: "", sqlstore.MariaDB: ""}},
	"a trigger that drops the row": {func(u *member) { u.Nick = "quiet" }, map[sqlstore.Dialect]string{
		sqlstore.SQLite: "", sqlstore.PostgreSQL: ""}},
	"P08 a NUL": {func(u *member) { u.Nick = "sec\x00ret" }, map[sqlstore.Dialect]string{sqlstore.PostgreSQL: ""}},
	"P08 no UTF-8": {func(u *member) { u.Nick = "secret\xff" },
		map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "", sqlstore.MariaDB: "Nick"}},
	"a year beyond all databases": {func(u *member) { u.Since = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		map[sqlstore.Dialect]string{sqlstore.SQLite: "Since", sqlstore.PostgreSQL: "Since", sqlstore.MariaDB: "Since"}},
}

// wantRefused checks that an error is a refusal of a field, and quotes nothing.
func wantRefused(t *testing.T, err error, field string) {
	t.Helper()
	var refused *core.RefusedError
	if !errors.As(err, &refused) || refused.Field != field || errors.Is(err, core.ErrTaken) ||
		errors.Is(err, core.ErrConflict) {
		t.Errorf("got %v, want a refusal of %q", err, cmp.Or(field, "some field"))
		return
	}
	for _, value := range []string{"secret", "7654", "rude", "sec\x00ret"} {
		if strings.Contains(err.Error(), value) {
			t.Errorf("the error quotes a value: %v", err)
		}
	}
}

func TestFieldF14Refused(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		db, store, us := club(t, d)
		eve := asMember("eve@example.org")
		if err := us.Create(ctx, eve); err != nil {
			t.Fatal(err)
		}
		for name, c := range refusals {
			field, refused := c.field[d.dialect]
			if !refused {
				continue
			}
			t.Run(name, func(t *testing.T) {
				u := asMember("bob@example.org")
				c.change(u)
				wantRefused(t, us.Create(ctx, u), field)
				_, err := us.Update(ctx, eve.ID, func(u *member) error { c.change(u); u.TokenEpoch++; return nil })
				wantRefused(t, err, field)
				err = store.Transact(ctx, func(ctx context.Context) error {
					if err := us.Create(ctx, asMember("half@example.org")); err != nil {
						return err
					}
					u := asMember("bob@example.org")
					c.change(u)
					return us.Create(ctx, u)
				})
				wantRefused(t, err, field)
			})
		}
		if n, err := db.count(ctx, "latchkey_users"); n != 1 || err != nil {
			t.Errorf("there are %d users, %v; want one", n, err)
		}
		if u, err := us.Find(ctx, core.ByID(eve.ID)); err != nil || u.TokenEpoch != 0 || u.Nick != eve.Nick {
			t.Errorf("the user is %+v, %v", u, err)
		}
		// What the rules let pass.
		fine := asMember("fine@example.org")
		fine.Nick, fine.Credits, fine.Plan, fine.Big = strings.Repeat("é", 40), 32767, new("gold"), 1<<63-1
		if err := us.Create(ctx, fine); err != nil {
			t.Errorf("values within the rules: %v", err)
		}
	})
}

// TestFieldF14Conflict: the violated constraint decides, not the statement.
func TestFieldF14Conflict(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		_, store, us := club(t, d)
		ada, eve := asMember("ada@example.org"), asMember("eve@example.org")
		ada.Phone, ada.Plan = new("555"), new("gold")
		if err := errors.Join(us.Create(ctx, ada), us.Create(ctx, eve)); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			change func(*member)
			want   error
		}{
			"the address":            {func(u *member) { u.EmailKey = ada.EmailKey }, core.ErrTaken},
			"an index of one column": {func(u *member) { u.Phone = ada.Phone }, core.ErrConflict},
			"an index of two, named almost as ours": {func(u *member) { u.Nick, u.Plan = ada.Nick, ada.Plan },
				core.ErrConflict},
			"half of the index of two": {func(u *member) { u.Nick, u.Plan = ada.Nick, nil }, nil},
		} {
			t.Run(name, func(t *testing.T) {
				u := asMember(strings.ReplaceAll(name, " ", "") + "@example.org")
				c.change(u)
				undone := errors.New("undone")
				for range 2 { // and the transaction goes on
					err := store.Transact(ctx, func(ctx context.Context) error {
						u.ID = ""
						if err := us.Create(ctx, u); !errors.Is(err, c.want) || c.want == nil && err != nil {
							t.Errorf("Create returned %v, want %v", err, c.want)
						}
						_, err := us.Update(ctx, eve.ID, func(u *member) error { c.change(u); return nil })
						if c.want != nil && !errors.Is(err, c.want) {
							t.Errorf("Update returned %v, want %v", err, c.want)
						}
						if _, err := us.Find(ctx, core.ByID(ada.ID)); err != nil {
							t.Errorf("afterwards: %v", err)
						}
						return undone
					})
					if !errors.Is(err, undone) {
						t.Error(err)
					}
				}
			})
		}
		again := asMember("again@example.org")
		again.ID = ada.ID
		if err := us.Create(ctx, again); !errors.Is(err, core.ErrTaken) {
			t.Errorf("Create of the same ID returned %v", err)
		}
	})
}

// TestFieldF14AnotherTable: a unique key of a table that a trigger writes is
// not the user's ID, though it is called the same.
func TestFieldF14AnotherTable(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		db, _, us := club(t, d)
		run(t, db, "CREATE TABLE greeted (id INTEGER NOT NULL PRIMARY KEY)")
		run(t, db, "INSERT INTO greeted (id) VALUES (1)")
		greet := map[sqlstore.Dialect]string{
			sqlstore.SQLite:  "CREATE TRIGGER greet%[1]s AFTER %[1]s ON latchkey_users WHEN NEW.nick = 'twice' BEGIN INSERT INTO greeted VALUES (1); END",
			sqlstore.MariaDB: "CREATE TRIGGER greet%[1]s AFTER %[1]s ON latchkey_users FOR EACH ROW IF NEW.nick = 'twice' THEN INSERT INTO greeted VALUES (1); END IF",
			sqlstore.PostgreSQL: `CREATE FUNCTION greet%[1]s() RETURNS trigger AS $$ BEGIN
				IF NEW.nick = 'twice' THEN INSERT INTO greeted VALUES (1); END IF; RETURN NEW; END $$ LANGUAGE plpgsql;
				CREATE TRIGGER greet%[1]s AFTER %[1]s ON latchkey_users FOR EACH ROW EXECUTE FUNCTION greet%[1]s()`,
		}[d.dialect]
		run(t, db, fmt.Sprintf(greet, "INSERT"))
		run(t, db, fmt.Sprintf(greet, "UPDATE"))
		ada := asMember("ada@example.org")
		if err := us.Create(ctx, ada); err != nil {
			t.Fatal(err)
		}
		twice := asMember("twice@example.org")
		twice.Nick = "twice"
		if err := us.Create(ctx, twice); !errors.Is(err, core.ErrConflict) {
			t.Errorf("Create returned %v, want ErrConflict", err)
		}
		_, err := us.Update(ctx, ada.ID, func(u *member) error { u.Nick = "twice"; return nil })
		if !errors.Is(err, core.ErrConflict) {
			t.Errorf("Update returned %v, want ErrConflict", err)
		}
	})
}

// TestFieldF14Kept: rows of the application's that keep a user.
func TestFieldF14Kept(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		db, store, us := club(t, d)
		ada, kept := asMember("ada@example.org"), asMember("kept@example.org")
		kept.Nick = "kept"
		if err := errors.Join(us.Create(ctx, ada), us.Create(ctx, kept)); err != nil {
			t.Fatal(err)
		}
		idType := map[sqlstore.Dialect]string{sqlstore.SQLite: "CHAR(36)", sqlstore.PostgreSQL: "UUID",
			sqlstore.MariaDB: "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin"}[d.dialect]
		run(t, db, "CREATE TABLE invoices (user_id "+idType+" NOT NULL, FOREIGN KEY (user_id) REFERENCES latchkey_users (id))")
		run(t, db, "INSERT INTO invoices (user_id) VALUES (?)", ada.ID)
		ticket := core.Ticket{Digest: [32]byte{1}, Purpose: "reset", UserID: ada.ID, Expires: time.Now().Add(time.Hour)}
		if err := store.Tickets().Put(ctx, ticket, false); err != nil {
			t.Fatal(err)
		}
		if err := us.Delete(ctx, ada.ID); !errors.Is(err, core.ErrConflict) || strings.Contains(err.Error(), ada.ID) {
			t.Errorf("Delete returned %v, want ErrConflict", err)
		}
		if _, err := store.Tickets().Find(ctx, "reset", ticket.Digest); err != nil {
			t.Errorf("the user's ticket: %v", err)
		}
		if err := store.Sessions().Create(ctx, [32]byte{1}, core.Session{UserID: ada.ID}); err != nil {
			t.Errorf("a login afterwards: %v", err)
		}
		if triggers[d.dialect][0] != triggers[sqlstore.MariaDB][0] {
			if err := us.Delete(ctx, kept.ID); !errors.Is(err, core.ErrConflict) {
				t.Errorf("Delete of whom a trigger keeps returned %v, want ErrConflict", err)
			}
		}
		run(t, db, "DELETE FROM invoices")
		if err := us.Delete(ctx, ada.ID); err != nil {
			t.Errorf("without rows that refer to the user: %v", err)
		}
		if err := us.Delete(ctx, ada.ID); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("again: %v", err)
		}
	})
}

// deferring are the databases that check constraints at the commit.
func deferring(t *testing.T, test func(t *testing.T, d database)) {
	everywhere(t, func(t *testing.T, d database) {
		if d.driver != onMariaDB.driver {
			test(t, d)
		}
	})
}

// TestFieldF14Deferred: the commit refuses, and leaves no connection in its
// transaction.
func TestFieldF14Deferred(t *testing.T) {
	type guest struct {
		core.User
		Plan *string `db:"plan,type:VARCHAR(10) REFERENCES plans (name) DEFERRABLE INITIALLY DEFERRED"`
	}
	deferring(t, func(t *testing.T, d database) {
		ctx, db := t.Context(), d.new(t)
		run(t, db, "CREATE TABLE plans (name VARCHAR(10) NOT NULL PRIMARY KEY)")
		store, us := users[guest](t, db, sqlstore.Options{})
		eve := &guest{User: core.User{EmailKey: "eve@example.org"}}
		if err := us.Create(ctx, eve); err != nil {
			t.Fatal(err)
		}
		for range 2 * connections {
			wantRefused(t, us.Create(ctx, &guest{User: *ada(), Plan: new("secret")}), "")
			_, err := us.Update(ctx, eve.ID, func(u *guest) error { u.Plan = new("secret"); return nil })
			wantRefused(t, err, "")
		}
		run(t, db, "CREATE TABLE invoices (user_id "+map[sqlstore.Dialect]string{sqlstore.SQLite: "CHAR(36)",
			sqlstore.PostgreSQL: "UUID"}[d.dialect]+" REFERENCES latchkey_users (id) DEFERRABLE INITIALLY DEFERRED)")
		run(t, db, "INSERT INTO invoices (user_id) VALUES (?)", eve.ID)
		if err := us.Delete(ctx, eve.ID); !errors.Is(err, core.ErrConflict) {
			t.Errorf("Delete returned %v, want ErrConflict", err)
		}
		err := store.Transact(ctx, func(ctx context.Context) error { return us.Delete(ctx, eve.ID) })
		wantRefused(t, err, "")
		if n, err := db.count(ctx, "latchkey_users"); n != 1 || err != nil {
			t.Errorf("there are %d users, %v; want one", n, err)
		}
		if err := us.Create(ctx, &guest{User: *ada()}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestFieldF14AddressOfTheirs: the service's unique index of the address is the
// address.
func TestFieldF14AddressOfTheirs(t *testing.T) {
	takeovers(t, func(t *testing.T, fixture func(t *testing.T) *handle) {
		db, us := adopted(t, fixture)
		ctx := t.Context()
		var email string
		if err := db.QueryRowContext(ctx, `SELECT email FROM "user" ORDER BY id LIMIT 1`).Scan(&email); err != nil {
			t.Fatal(err)
		}
		u := &early{User: core.User{Email: email, EmailKey: "another@example.org"}}
		if err := us.Create(ctx, u); !errors.Is(err, core.ErrTaken) {
			t.Errorf("Create returned %v, want ErrTaken", err)
		}
	})
}

// TestFieldF14AddressOfOurs: the same index over our own table is the
// application's.
func TestFieldF14AddressOfOurs(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx, db := t.Context(), d.new(t)
		_, us := users[core.User](t, db, sqlstore.Options{Prefix: "own_"})
		if d.driver == onMariaDB.driver {
			run(t, db, "CREATE UNIQUE INDEX ix_own_users_email ON own_users (email(200))")
		} else {
			run(t, db, "CREATE UNIQUE INDEX ix_own_users_email ON own_users (email)")
		}
		one, two := ada(), ada()
		two.EmailKey = "other@example.org"
		if err := us.Create(ctx, one); err != nil {
			t.Fatal(err)
		}
		if err := us.Create(ctx, two); !errors.Is(err, core.ErrConflict) {
			t.Errorf("Create returned %v, want ErrConflict", err)
		}
	})
}
