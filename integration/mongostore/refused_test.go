package mongostore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

type member struct {
	core.User
	Phone string `bson:"phone,omitempty"`
	Nick  string `bson:"nick_name"`
}

func TestFieldF14ConflictOfAnOwnIndex(t *testing.T) {
	ctx := t.Context()
	db, _, us := open[member](t, mongostore.Options{})
	_, err := db.Collection("latchkey_users").Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys: bson.D{{Key: "phone", Value: 1}}, Options: options.Index().SetName("one_phone").SetUnique(true).SetSparse(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	one := &member{User: *ada(), Phone: "555"}
	eve := &member{User: core.User{EmailKey: "eve@example.org"}}
	if err := errors.Join(us.Create(ctx, one), us.Create(ctx, eve)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*member)
		want   error
	}{
		"the address": {func(u *member) { u.EmailKey = one.EmailKey }, core.ErrTaken},
		"the phone":   {func(u *member) { u.Phone = "555" }, core.ErrConflict},
		"both":        {func(u *member) { u.EmailKey, u.Phone = one.EmailKey, "555" }, core.ErrTaken},
		"the phone, and another address": {func(u *member) { u.EmailKey, u.Phone = "new@example.org", "555" },
			core.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			u := &member{User: core.User{EmailKey: "bob@example.org"}}
			c.change(u)
			if err := us.Create(ctx, u); !errors.Is(err, c.want) || u.ID != "" {
				t.Errorf("Create returned %v, want %v", err, c.want)
			}
			if external == "" && c.want == core.ErrConflict {
				return // FerretDB's update has no word for it
			}
			_, err := us.Update(ctx, eve.ID, func(u *member) error { c.change(u); u.TokenEpoch++; return nil })
			if !errors.Is(err, c.want) {
				t.Errorf("Update returned %v, want %v", err, c.want)
			}
		})
	}
	if u, err := us.Find(ctx, core.ByID(eve.ID)); err != nil || u.TokenEpoch != 0 || u.Phone != "" {
		t.Errorf("the user is %+v, %v", u, err)
	}
	if _, err := us.Update(ctx, eve.ID, func(u *member) error { u.Phone = "556"; return nil }); err != nil {
		t.Errorf("another phone: %v", err)
	}
}

func TestFieldF14WhatNoDocumentHolds(t *testing.T) {
	ctx := t.Context()
	_, _, us := open[member](t, mongostore.Options{})
	for name, nick := range map[string]string{"too long": strings.Repeat("x", 1<<20+1), "no UTF-8": "\xff"} {
		err := us.Create(ctx, &member{User: *ada(), Nick: nick})
		if refused := (*core.RefusedError)(nil); !errors.As(err, &refused) || refused.Field != "Nick" {
			t.Errorf("%s: %v, want a refusal of Nick", name, err)
		}
	}
	if err := us.Create(ctx, &member{User: *ada(), Nick: strings.Repeat("x", 1<<20)}); err != nil {
		t.Errorf("a long text: %v", err)
	}
}

// What MongoDB says in a writeErrors, and FerretDB does not.
var refusals = map[string]struct {
	said  bson.D
	want  error // nil: a refusal
	field string
}{
	"F29 a validator, of one property": {bson.D{
		{Key: "code", Value: 121}, {Key: "errmsg", Value: "Document failed validation"},
		{Key: "errInfo", Value: bson.D{{Key: "failingDocumentId", Value: "secret"}, {Key: "details", Value: bson.D{
			{Key: "operatorName", Value: "$jsonSchema"}, {Key: "schemaRulesNotSatisfied", Value: bson.A{bson.D{
				{Key: "operatorName", Value: "properties"}, {Key: "propertiesNotSatisfied", Value: bson.A{bson.D{
					{Key: "propertyName", Value: "nick_name"}, {Key: "details", Value: bson.A{bson.D{
						{Key: "operatorName", Value: "maxLength"}, {Key: "consideredValue", Value: "secret"},
					}}},
				}}},
			}}},
		}}}},
	}, nil, "Nick"},
	"a validator, of a missing one": {bson.D{
		{Key: "code", Value: 121}, {Key: "errmsg", Value: "Document failed validation"},
		{Key: "errInfo", Value: bson.D{{Key: "details", Value: bson.D{{Key: "schemaRulesNotSatisfied", Value: bson.A{
			bson.D{{Key: "operatorName", Value: "required"}, {Key: "missingProperties", Value: bson.A{"tenant"}}},
		}}}}}},
	}, nil, "tenant"},
	"a validator that says nothing": {bson.D{{Key: "code", Value: 121}, {Key: "errmsg", Value: "Document failed validation"}},
		nil, ""},
	"an own index": {bson.D{
		{Key: "code", Value: 11000}, {Key: "errmsg", Value: `E11000 duplicate key error collection: x.latchkey_users index: nick dup key: { nick: "secret" }`},
		{Key: "keyPattern", Value: bson.D{{Key: "nick", Value: 1}}}, {Key: "keyValue", Value: bson.D{{Key: "nick", Value: "secret"}}},
	}, core.ErrConflict, ""},
	"an own index of the key and more": {bson.D{
		{Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 duplicate key error"},
		{Key: "keyPattern", Value: bson.D{{Key: "email_key", Value: 1}, {Key: "nick", Value: 1}}},
	}, core.ErrConflict, ""},
	"the address": {bson.D{
		{Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 duplicate key error"},
		{Key: "keyPattern", Value: bson.D{{Key: "email_key", Value: 1}}},
	}, core.ErrTaken, ""},
	"an own index, of an old server": {bson.D{
		{Key: "code", Value: 11000}, {Key: "errmsg", Value: `E11000 duplicate key error collection: x.latchkey_users index: nick dup key: { nick: " index: latchkey_email_key dup key: " }`},
	}, core.ErrConflict, ""},
	"the address, of an old server": {bson.D{
		{Key: "code", Value: 11000}, {Key: "errmsg", Value: `E11000 duplicate key error collection: x.latchkey_users index: latchkey_email_key dup key: { : "secret" }`},
	}, core.ErrTaken, ""},
}

func TestFieldF14WhatMongoDBSays(t *testing.T) {
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			failed := bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0},
				{Key: "writeErrors", Value: bson.A{append(bson.D{{Key: "index", Value: 0}}, c.said...)}}}
			replies := []bson.D{nothing, failed, fine}
			commands := []string{"find", "insert", "abortTransaction"}
			if c.want == core.ErrTaken { // it runs again, and finds who has the key
				replies, commands = append(replies, someone(), fine), append(commands, "find", "abortTransaction")
			}
			us, sent := membersOf(t, replies...)
			wantSaid(t, us.Create(t.Context(), &member{User: *ada(), Nick: "secret"}), c.want, c.field)
			if got := sent.names(); !slices.Equal(got, commands) {
				t.Errorf("Create: the commands are %v, want %v", got, commands)
			}
			if c.want == core.ErrTaken {
				return
			}
			found := someone()
			us, _ = membersOf(t, found, found, failed)
			u, err := us.Find(t.Context(), core.ByEmail("ada@example.org"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = us.Update(t.Context(), u.ID, func(u *member) error { u.Nick = "secret"; return nil })
			wantSaid(t, err, c.want, c.field)
		})
	}
}

// membersOf returns the users of a server with these replies.
func membersOf(t *testing.T, replies ...bson.D) (*mongostore.UserStore[member], *sent) {
	t.Helper()
	store, _, commands := replicaSet(t, replies...)
	us, err := mongostore.Users[member](store)
	if err != nil {
		t.Fatal(err)
	}
	return us, commands
}

func wantSaid(t *testing.T, err, want error, field string) {
	t.Helper()
	var refused *core.RefusedError
	switch {
	case want == nil && (!errors.As(err, &refused) || refused.Field != field):
		t.Errorf("got %v, want a refusal of %q", err, field)
	case want != nil && !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	case strings.Contains(err.Error(), "secret"):
		t.Errorf("the error quotes a value: %v", err)
	}
}
