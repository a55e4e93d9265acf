package gormstore_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"gorm.io/gorm"
)

// address is embedded in profile, with a prefix.
type address struct{ Street, Town string }

// profile has a column of each kind.
type profile struct {
	core.User
	FullName string            `gorm:"column:name"`
	Plan     string            `gorm:"size:40;not null;default:it's free"`
	Seats    int16             `gorm:"default:3"`
	Trial    bool              `gorm:"default:true"`
	Share    float64           `gorm:"not null;default:0.5"`
	Tags     []string          `gorm:"serializer:json"`
	Settings map[string]string `gorm:"serializer:json"`
	Home     address           `gorm:"embedded;embeddedPrefix:home_"`
	Picture  []byte
	Born     *time.Time
	Left     time.Time
}

// TestOwnColumns: what is stored is found, by Latchkey and by the application's
// GORM, whatever its kind; zero values receive the defaults once.
func TestOwnColumns(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		if d.driver == "mysql" {
			d = d.with("?parseTime=true") // which GORM's own queries need
		}
		ctx, db := t.Context(), d.new(t)
		_, us := users[profile](t, db, gormstore.Options{IDs: d.ids})
		born := time.Date(1815, 12, 10, 1, 2, 3, 456789000, time.UTC)
		full := &profile{
			User: *ada(), FullName: "Ada", Plan: "paid", Seats: 5, Share: 0.25, Tags: []string{"a", "b"},
			Settings: map[string]string{"theme": "dark"},
			Home:     address{"1 Street", "London"}, Picture: []byte{0, 255}, Born: &born, Left: born.AddDate(36, 0, 0),
			Trial: true,
		}
		empty := &profile{User: core.User{Email: "eve@example.org", EmailKey: "eve@example.org"}, Left: born}
		for _, u := range []*profile{full, empty} {
			if err := us.Create(ctx, u); err != nil {
				t.Fatal(err)
			}
			found, err := us.Find(ctx, core.ByID(u.ID))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(found, u) {
				t.Errorf("found\n%+v, want\n%+v", found, u)
			}
			var own profile
			if err := db.Table("latchkey_users").Where("email_key = ?", u.EmailKey).Take(&own).Error; err != nil {
				t.Fatal(err)
			}
			if own.Plan != u.Plan || !reflect.DeepEqual(own.Tags, u.Tags) || !own.Left.Equal(u.Left) {
				t.Errorf("the application found\n%+v, want\n%+v", own, u)
			}
		}
		if empty.Plan != "it's free" || empty.Seats != 3 || !empty.Trial || empty.Share != 0.5 {
			t.Errorf("without values it is %+v", empty)
		}
		none := func(u *profile) error { u.Seats, u.Trial, u.Plan = 0, false, ""; return nil }
		if _, err := us.Update(ctx, full.ID, none); err != nil {
			t.Fatal(err)
		}
		if u, err := us.Find(ctx, core.ByID(full.ID)); err != nil || u.Seats != 0 || u.Trial || u.Plan != "" {
			t.Errorf("zero values became %+v, %v", u, err)
		}
	})
}

// TestTimesOnSQLite: the application's own times are text that SQLite's
// functions understand.
func TestTimesOnSQLite(t *testing.T) {
	var got string
	err := onSQLite.new(t).Raw("SELECT datetime(?)", time.Date(1852, 11, 27, 1, 2, 3, 0, time.UTC)).Scan(&got).Error
	if err != nil || got != "1852-11-27 01:02:03" {
		t.Errorf("SQLite reads %q, %v", got, err)
	}
}

type (
	shadows struct {
		core.User
		Email string
	}
	pointer  struct{ *core.User }
	prefixed struct {
		core.User `gorm:"embedded;embeddedPrefix:base_"`
	}
	channel struct {
		core.User
		C chan int
	}
	unique struct {
		core.User
		Nick string `gorm:"unique"`
	}
	indexed struct {
		core.User
		Nick string `gorm:"index"`
	}
	readOnly struct {
		core.User
		Nick string `gorm:"->"`
	}
	soft struct {
		core.User
		DeletedAt gorm.DeletedAt
	}
	required struct {
		core.User
		Nick string `gorm:"not null"`
	}
	stamped struct {
		core.User
		Saved time.Time `gorm:"autoUpdateTime"`
	}
	hooked struct{ core.User }
)

func (*hooked) BeforeCreate(*gorm.DB) error { return nil }

func TestUsersRefusesTypes(t *testing.T) {
	store, err := gormstore.New(onSQLite.new(t), gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a field that hides one of core.User": {refusal[shadows](store), "email"},
		"core.User by pointer":                {refusal[pointer](store), "by value"},
		"core.User with a prefix":             {refusal[prefixed](store), "without a tag"},
		"a channel":                           {refusal[channel](store), "cannot be stored"},
		"a unique column":                     {refusal[unique](store), "UNIQUE"},
		"an index":                            {refusal[indexed](store), "INDEX"},
		"a column that is not written":        {refusal[readOnly](store), "->"},
		"soft deletion":                       {refusal[soft](store), "soft deletion"},
		"not null without a default":          {refusal[required](store), "default"},
		"automatic times":                     {refusal[stamped](store), "AUTOUPDATETIME"},
		"hooks":                               {refusal[hooked](store), "hooks"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %q", name, c.err, c.want)
		}
	}
}

func refusal[U any, P core.Model[U]](store *gormstore.Store) error {
	_, err := gormstore.Users[U, P](store)
	return err
}

func TestNewRefuses(t *testing.T) {
	if _, err := gormstore.New(nil, gormstore.Options{}); err == nil {
		t.Error("New took no database")
	}
	_, err := gormstore.New(onSQLite.new(t), gormstore.Options{Prefix: "a b", IDs: gormstore.BigInt + 1})
	if err == nil || !strings.Contains(err.Error(), "Prefix") || !strings.Contains(err.Error(), "IDs") {
		t.Errorf("New returned %v", err)
	}
}
