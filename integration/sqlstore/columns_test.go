package sqlstore_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// early and late are one application's user type before and after it grew.
type early struct {
	core.User
	FullName string
}

type late struct {
	core.User
	Profile
	Plan     string `db:"plan,type:VARCHAR(40) NOT NULL DEFAULT 'free? {users}'"`
	Credits  int    `db:"coins"`
	Birthday *time.Time
	Settings settings
	Order    bool   // a word of SQL
	Ignored  func() `db:"-"`
	private  int
}

// Profile is what some pages show.
type Profile struct {
	FullName string
	Avatar   []byte
}

// settings is JSON in its column.
type settings map[string]string

func (s settings) Value() (driver.Value, error) {
	if s == nil {
		return nil, nil
	}
	text, err := json.Marshal(s)
	return string(text), err
}

func (s *settings) Scan(value any) error {
	*s = nil
	switch text := value.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(text), s)
	case []byte:
		return json.Unmarshal(text, s)
	}
	return fmt.Errorf("settings in a %T", value)
}

func TestOwnColumnsAreAdded(t *testing.T) {
	everywhere(t, ownColumns)
}

func ownColumns(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	_, before := users[early](t, db, sqlstore.Options{})
	old := &early{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}, FullName: "Ada Lovelace"}
	if err := before.Create(ctx, old); err != nil {
		t.Fatal(err)
	}

	_, after := users[late](t, db, sqlstore.Options{})
	got, err := after.Find(ctx, core.ByID(old.ID))
	if err != nil {
		t.Fatal(err)
	}
	if got.FullName != "Ada Lovelace" || got.Plan != "free? {users}" || got.Credits != 0 || got.Birthday != nil ||
		got.Settings != nil || got.Order {
		t.Errorf("an old user reads as %+v", got)
	}

	birthday := time.Date(1906, 12, 9, 1, 2, 3, 4000, time.UTC)
	u := &late{
		User: core.User{Email: "grace@example.org", EmailKey: "grace@example.org"}, Credits: 7, Birthday: &birthday,
		Profile:  Profile{Avatar: []byte{0, 0xff}},
		Settings: settings{"theme": "it's dark"}, Order: true, private: 1,
	}
	if err := after.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	got, err = after.Find(ctx, core.ByID(u.ID))
	if err != nil {
		t.Fatal(err)
	}
	if got.Credits != 7 || got.Birthday == nil || !got.Birthday.Equal(birthday) || got.Settings["theme"] != "it's dark" ||
		string(got.Avatar) != "\x00\xff" || !got.Order {
		t.Errorf("a new user reads as %+v", got)
	}

	// The application goes back to the old release: nothing is dropped, and
	// both work on the same table.
	_, before = users[early](t, db, sqlstore.Options{})
	if _, err := before.Update(ctx, u.ID, func(u *early) error { u.FullName = "Grace Hopper"; return nil }); err != nil {
		t.Fatal(err)
	}
	if got, err = after.Find(ctx, core.ByID(u.ID)); err != nil || got.FullName != "Grace Hopper" || got.Credits != 7 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// kinds is a column of each kind.
type kinds struct {
	core.User
	Bool      bool
	Int8      int8
	Int16     int16
	Int32     int32
	Int64     int64
	Uint8     uint8
	Uint16    uint16
	Uint32    uint32
	Uint64    uint64
	Float32   float32
	Float64   float64
	Role      role
	Bytes     []byte
	JSON      json.RawMessage
	Time      time.Time
	Text      *string
	Number    *int64
	Flag      *bool
	Moment    *time.Time
	NullText  sql.NullString
	NullInt   sql.NullInt64
	NullTime  sql.NullTime
	NullFloat sql.Null[float64]
	HTTPPort  int
	Own       settings
	OwnToo    *settings
}

type role string

func TestColumnsOfEachKind(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx, db := t.Context(), d.new(t)
		_, us := users[kinds](t, db, sqlstore.Options{})
		at := time.Date(1906, 12, 9, 1, 2, 3, 4000, time.UTC)
		full := kinds{
			User: *ada(), Bool: true, Int8: -128, Int16: -32768, Int32: -1 << 31, Int64: -1 << 63, Uint8: 255, Uint16: 65535,
			Uint32: 1<<32 - 1, Uint64: 1<<63 - 1, Float32: 0.5, Float64: 1e300, Role: "owner's", Bytes: []byte{0, 0xff},
			JSON: json.RawMessage(`{"a": 1}`), Time: at, Text: new(""), Number: new(int64(0)), Flag: new(false), Moment: &at,
			NullText: sql.NullString{Valid: true}, NullInt: sql.NullInt64{Int64: 1, Valid: true},
			NullTime: sql.NullTime{Time: at, Valid: true}, NullFloat: sql.Null[float64]{V: 2.5, Valid: true}, HTTPPort: 443,
			Own: settings{"a": "b"}, OwnToo: &settings{"c": "d"},
		}
		empty := kinds{User: core.User{Email: "eve@example.org", EmailKey: "eve@example.org"}}
		for _, u := range []*kinds{&full, &empty} {
			if err := us.Create(ctx, u); err != nil {
				t.Fatal(err)
			}
			got, err := us.Find(ctx, core.ByID(u.ID))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, u) {
				t.Errorf("it is read as\n%+v\nwant\n%+v", *got, *u)
			}
		}
		if n, err := db.count(ctx, "latchkey_users WHERE http_port = 443 AND null_text = ''"); n != 1 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
		// What another program leaves out has a value.
		run(t, db, `INSERT INTO latchkey_users (id, email, email_key, hashed_password, is_active, is_superuser, is_verified)
			VALUES ('7a1d3c1e-0b1f-4a51-9d3e-5f0c8f3b2a10', 'x', 'x', '', TRUE, FALSE, FALSE)`)
		if got, err := us.Find(ctx, core.ByEmail("x")); err != nil || got.Int64 != 0 || got.Role != "" || got.Own != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := us.Update(ctx, full.ID, func(u *kinds) error { *u = kinds{User: u.User}; return nil }); err != nil {
			t.Fatal(err)
		}
		if got, err := us.Find(ctx, core.ByID(full.ID)); err != nil || got.Text != nil || !got.Time.IsZero() ||
			got.Own != nil {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
