package mongostore_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// early and late are one application's user type before and after it grew.
type early struct {
	core.User
	FullName string `json:"name"`
}

type late struct {
	core.User `bson:",inline"`
	FullName  string
	Plan      string     `bson:"plan,omitempty"`
	Credits   int64      `bson:"coins" json:"credits"`
	Birthday  *time.Time `json:"-"`
	LastHTTPS time.Time
	Settings  map[string]string
	Tags      []string
	Avatar    []byte
	Address   struct{ City, Street string }
	Team      *bson.ObjectID
	Ignored   func() `bson:"-"`
}

func TestDocument(t *testing.T) {
	ctx := t.Context()
	db, _, us := open[late](t, mongostore.Options{})
	at := time.Date(1906, 12, 9, 1, 2, 3, 4005000, time.UTC)
	team := bson.NewObjectID()
	u := &late{
		User: core.User{Email: "Ada@example.org", EmailKey: "ada@example.org", HashedPassword: "$argon2id$",
			IsActive: true, TokenEpoch: 3, CreatedAt: at},
		FullName: "Ada Lovelace", Credits: 1 << 60, Birthday: &at, LastHTTPS: at,
		Settings: map[string]string{"theme": "dark"}, Tags: []string{"navy"},
		Avatar: []byte{0, 0xff}, Address: struct{ City, Street string }{"London", "Marylebone"}, Team: &team,
	}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	got, err := us.Find(ctx, core.ByID(u.ID))
	if err != nil || !reflect.DeepEqual(got, u) {
		t.Errorf("got %+v, %v; want %+v", got, err, u)
	}
	doc := fields(t, db.Collection("latchkey_users"), bson.D{{Key: "email_key", Value: "ada@example.org"}})
	for name, want := range map[string]any{
		"email": "Ada@example.org", "hashed_password": "$argon2id$", "is_active": true, "is_superuser": false, "is_verified": false, "token_epoch": int64(3),
		"created_at": bson.NewDateTimeFromTime(at), "created_at_micros": int32(5), "full_name": "Ada Lovelace", "coins": int64(1 << 60),
		"birthday": bson.NewDateTimeFromTime(at), "last_https": bson.NewDateTimeFromTime(at), "team": team,
	} {
		if !reflect.DeepEqual(doc[name], want) {
			t.Errorf("%s is %v (%T), want %v", name, doc[name], doc[name], want)
		}
	}
	for _, name := range []string{"plan", "updated_at_micros", "ignored", "user", "id"} {
		if _, there := doc[name]; there {
			t.Errorf("there is a field %s", name)
		}
	}
	if id, ok := doc["_id"].(bson.ObjectID); !ok || id.Hex() != u.ID {
		t.Errorf("_id is %v, the user's %s", doc["_id"], u.ID)
	}
}

// TestOlderAndNewerReleases: both share the users, and leave alone what they do
// not know.
func TestOlderAndNewerReleases(t *testing.T) {
	ctx := t.Context()
	db, _, after := open[late](t, mongostore.Options{})
	_, _, before := openIn[early](t, db, mongostore.Options{})
	old := &early{User: core.User{EmailKey: "ada@example.org"}, FullName: "Ada Lovelace"}
	if err := before.Create(ctx, old); err != nil {
		t.Fatal(err)
	}
	got, err := after.Find(ctx, core.ByID(old.ID))
	if err != nil || got.FullName != "Ada Lovelace" || got.Birthday != nil || got.Settings != nil {
		t.Errorf("an old user reads as %+v, %v", got, err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	grown, err := after.Update(ctx, old.ID,
		func(u *late) error { u.Plan, u.Birthday, u.Tags = "pro", &at, []string{"x"}; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.Update(ctx, old.ID,
		func(u *early) error { u.FullName, u.EmailKey = "Ada King", ""; return nil }); err != nil {
		t.Fatal(err)
	}
	grown.FullName, grown.EmailKey = "Ada King", ""
	got, err = after.Find(ctx, core.ByID(old.ID))
	if err != nil || got.Plan != "pro" || got.Birthday == nil || !got.Birthday.Equal(at) || len(got.Tags) != 1 ||
		got.FullName != "Ada King" {
		t.Errorf("after the old release changed it, the user is %+v, %v", got, err)
	}
	if _, err := after.Update(ctx, old.ID, func(u *late) error { u.Plan, u.Birthday = "", nil; return nil }); err != nil {
		t.Fatal(err)
	}
	doc := fields(t, db.Collection("latchkey_users"), bson.D{})
	for _, name := range []string{"plan", "email_key", "birthday_micros"} {
		if _, there := doc[name]; there {
			t.Errorf("there still is a field %s", name)
		}
	}
}

func TestUpdateWritesOnlyWhatChanged(t *testing.T) {
	ctx, commands := t.Context(), &sent{}
	_, _, us := openIn[early](t, newDB(t, connect(t, commands.monitor())), mongostore.Options{})
	u := &early{User: core.User{Email: "ada", EmailKey: "ada"}, FullName: "Ada"}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	*commands = nil
	if _, err := us.Update(ctx, u.ID, func(u *early) error { u.FullName = "Ada King"; return nil }); err != nil {
		t.Fatal(err)
	}
	update := (*commands)[len(*commands)-1]
	if !strings.Contains(update, `"$set": {"full_name": "Ada King"}`) || !strings.Contains(update, `"_revision"`) {
		t.Errorf("the update is %s", update)
	}
	*commands = nil
	if _, err := us.Update(ctx, u.ID, func(*early) error { return nil }); err != nil || len(*commands) != 1 {
		t.Errorf("an Update of nothing sent %v, %v", *commands, err)
	}
}

func TestDecode(t *testing.T) {
	_, _, us := open[early](t, mongostore.Options{IDs: mongostore.UUID})
	for name, doc := range map[string]bson.D{
		"no _id": {{Key: "email", Value: "ada"}}, "another type's _id": {{Key: "_id", Value: "ada"}},
		"a field of another type": {{Key: "_id", Value: bson.Binary{Subtype: 4, Data: make([]byte, 16)}}, {Key: "full_name", Value: 7}},
	} {
		raw, err := bson.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if u, err := us.Decode(raw); err == nil {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

type (
	shadows struct {
		core.User
		Email string
	}
	nested struct {
		core.User `bson:"user"`
	}
	hidden struct {
		core.User `bson:"-"`
	}
	pointer struct{ *core.User }
	twice   struct {
		core.User
		A string `bson:"x"`
		B string `bson:"x"`
	}
	counts struct {
		core.User
		R int `bson:"_revision"`
	}
	another struct {
		core.User
		Key string `bson:"_id"`
	}
	dotted struct {
		core.User
		Key string `bson:"a.b"`
	}
	dollar struct {
		core.User
		Key string `bson:"$set"`
	}
	micros struct {
		core.User
		Seen       time.Time
		SeenMicros int
	}
	inline struct {
		core.User
		More map[string]string `bson:",inline"`
	}
	short struct {
		core.User
		N float32 `bson:"n,truncate"`
	}
	channel struct {
		core.User
		C chan int
	}
	anything struct {
		core.User
		Any []any
	}
	deep struct {
		core.User
		M map[string][]*struct{ C complex128 }
	}
	opaque struct {
		core.User
		IP netip.Addr
	}
	numbered struct {
		core.User
		M map[float64]string
	}
)

func TestUsersRefusesTypes(t *testing.T) {
	store, err := mongostore.New(connect(t, nil).Database("app"), mongostore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a field that hides one of core.User": {refusal[shadows](store), "Email: there is already a field email"},
		"core.User below a name":              {refusal[nested](store), "without a bson tag"},
		"core.User without its fields":        {refusal[hidden](store), "without a bson tag"},
		"core.User by pointer":                {refusal[pointer](store), "by value"},
		"one name twice":                      {refusal[twice](store), "B: there is already a field x"},
		"the name of the revision":            {refusal[counts](store), "R: there is already a field _revision"},
		"the name of the id":                  {refusal[another](store), `cannot be named "_id"`},
		"a dot":                               {refusal[dotted](store), `cannot be named "a.b"`},
		"an operator":                         {refusal[dollar](store), `cannot be named "$set"`},
		"the name of a time's microseconds":   {refusal[micros](store), "there is already a field seen_micros"},
		"inline":                              {refusal[inline](store), `"inline" is not supported`},
		"truncate":                            {refusal[short](store), `"truncate" is not supported`},
		"a channel":                           {refusal[channel](store), "C: there is no BSON type for chan int"},
		"an interface":                        {refusal[anything](store), "Any: there is no BSON type for interface {}"},
		"a complex number, deep inside":       {refusal[deep](store), "M: there is no BSON type for complex128"},
		"a type that hides what it holds":     {refusal[opaque](store), "IP: there is no BSON type for netip.Addr"},
		"keys that are no text":               {refusal[numbered](store), "M: the keys of a map must be text"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %q", name, c.err, c.want)
		}
	}
}

func refusal[U any, P core.Model[U]](store *mongostore.Store) error {
	_, err := mongostore.Users[U, P](store)
	return err
}
