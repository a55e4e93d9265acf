package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Account is the application's user type that Users and Transactions store. A
// store that keeps columns needs, besides those of core.User:
//
//	nick     text, not null
//	credits  integer, not null
//	motto    text, null
//	seen     timestamp with microseconds, not null
type Account struct {
	core.User
	Nick    string    `json:"nick" auth:"register,update"`
	Credits int       `json:"credits"`
	Motto   *string   `json:"motto" auth:"update"`
	Seen    time.Time `json:"seen"`
}

// account returns a user whose EmailKey is key, with all columns set to plain
// values: odd ones have cases of their own.
func account(key string) *Account {
	at := time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC)
	return &Account{
		User: core.User{
			Email: key, EmailKey: key, HashedPassword: "$argon2id$v=19$m=16,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", IsActive: true,
			TokenEpoch: 1, CreatedAt: at, UpdatedAt: at.Add(time.Hour),
		},
		Nick: key + "'s nick", Credits: 10, Motto: new(key + "'s motto"), Seen: at.Add(2 * time.Hour),
	}
}

// same returns an error that names the columns in which got differs from want.
// Times are compared as instants, and must be in UTC.
func same(step string, got, want *Account) error {
	if got == nil {
		return fmt.Errorf("%s: got no user", step)
	}
	return errors.Join(
		sameFields(step, reflect.ValueOf(got.User), reflect.ValueOf(want.User)),
		sameFields(step, reflect.ValueOf(*got), reflect.ValueOf(*want)),
	)
}

func sameFields(step string, got, want reflect.Value) error {
	var errs []error
	for i := range got.NumField() {
		name, g, w := got.Type().Field(i).Name, got.Field(i).Interface(), want.Field(i).Interface()
		if name == "User" {
			continue
		}
		if at, ok := g.(time.Time); ok {
			errs = append(errs, sameTime(step+": "+name, at, w.(time.Time)))
			continue
		}
		errs = append(errs, that(reflect.DeepEqual(g, w), "%s: %s is %s, want %s", step, name, show(g), show(w)))
	}
	return errors.Join(errs...)
}

func sameTime(step string, got, want time.Time) error {
	_, offset := got.Zone()
	return that(got.Equal(want) && offset == 0, "%s is %v, want %v", step, got, want)
}

// show prints a column's value so that differences can be seen: hashes in clear
// (they are the kit's own), what pointers point to, the beginning of long text.
func show(v any) string {
	switch v := v.(type) {
	case core.PasswordHash:
		return show(string(v))
	case *string:
		if v == nil {
			return "NULL"
		}
		return show(*v)
	case string:
		if len(v) > 100 {
			return fmt.Sprintf("%q… (%d bytes)", v[:100], len(v))
		}
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(v)
}
