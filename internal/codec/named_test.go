package codec_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/codec"
)

// identify takes what has an @-sign for an address.
func identify(typed string) (core.Key, error) {
	switch {
	case len(typed) < 3:
		return core.Key{}, errors.New("too short")
	case strings.Contains(typed, "@"):
		return core.ByEmail(strings.ToLower(typed)), nil
	}
	return core.ByUsername(strings.ToLower(typed)), nil
}

// The user types of the tables; each has names, or seems so.
type (
	handled struct {
		core.User
		core.Named
		Nick string `json:"nick" auth:"register,update"`
	}
	namedTwice struct {
		core.User
		core.Named
		Handle string `json:"username"`
	}
	namedOver struct {
		core.User
		core.Named
		Username string `json:"login"`
	}
	namedInside struct {
		core.User
		naming
	}
	naming      struct{ core.Named }
	namedTagged struct {
		core.User
		core.Named `json:"name"`
	}
	namedByField struct {
		core.User
		Name core.Named `json:"name"`
	}
	namedHidden struct {
		core.User
		core.Named
		Naming bool `json:"naming"`
	}
	ownUsername struct {
		core.User
		Username string `json:"username" auth:"register"`
	}
)

func TestNewRefusesNamesThatAreNotThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   reflect.Type
		want string
	}{
		"another field of the JSON name": {reflect.TypeFor[namedTwice](), `"username" is taken by latchkey.Named`},
		"a field of the name":            {reflect.TypeFor[namedOver](), "Username shadows a column of latchkey.Named"},
		"embedded further in":            {reflect.TypeFor[namedInside](), "embed latchkey.Named by value, directly"},
		"embedded with a tag":            {reflect.TypeFor[namedTagged](), "embed latchkey.Named by value, directly"},
		"a field":                        {reflect.TypeFor[namedByField](), "embedded by value, directly"},
		"a method that is hidden":        {reflect.TypeFor[namedHidden](), "a field or method Naming"},
		"twin: names":                    {reflect.TypeFor[handled](), ""},
		"twin: a column of one's own":    {reflect.TypeFor[ownUsername](), ""},
	} {
		_, err := codec.New(c.of, codec.Options{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: New's error is %v, want %q", name, err, c.want)
		}
	}
}

func TestInputOfAName(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]struct{ register, update, problem string }{
		`"Ada"`:     {"Ada/ada", "Ada/ada", ""},
		`"  Ada "`:  {"Ada/ada", "Ada/ada", ""},
		`""`:        {"/", "Old/old", "too short"},
		`null`:      {"/", "Old/old", ""},
		`"ad"`:      {"/", "Old/old", "too short"},
		`"a@b.org"`: {"/", "Old/old", "It is not a user name"},
		`7`:         {"/", "Old/old", "Input should be a valid string"},
	} {
		for _, when := range []string{"register", "update"} {
			u, wanted := &handled{}, want.register
			if when == "update" {
				u.Named, wanted = core.Named{Username: "Old", UsernameKey: "old"}, want.update
			}
			problems := made(t, u).Input(u, core.Object{"username": json.RawMessage(raw)}, when)
			var msgs []string
			for _, p := range problems {
				if p != nil {
					msgs = append(msgs, p.Msg)
				}
			}
			got := u.Username + "/" + u.UsernameKey
			problem := want.problem
			if raw == `""` && when == "register" {
				problem = ""
			}
			if all := strings.Join(msgs,
				" "); got != wanted || (all == "") != (problem == "") || !strings.Contains(all, problem) {
				t.Errorf("%s %s: got %s, %q", when, raw, got, all)
			}
		}
	}
}

func TestOutputOfIdentifiers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user     core.AnyUser
		optional bool
		want     string
	}{
		"a name":                   {&handled{of(), core.Named{Username: "Ada", UsernameKey: "ada"}, "n"}, false, base + `,"username":"Ada","nick":"n"`},
		"no name":                  {&handled{of(), core.Named{}, "n"}, true, base + `,"username":null,"nick":"n"`},
		"no address":               {&handled{core.User{ID: "7", IsActive: true}, core.Named{}, "n"}, true, strings.Replace(base, `"a@b.example"`, "null", 1) + `,"username":null,"nick":"n"`},
		"twin: an address":         {&untagged{of(), "", "n"}, true, base + `,"nick":"n"`},
		"an address is obligatory": {&untagged{core.User{ID: "7", IsActive: true}, "", "n"}, false, strings.Replace(base, "a@b.example", "", 1) + `,"nick":"n"`},
		"a column of one's own":    {&ownUsername{of(), ""}, true, base + `,"username":""`},
	} {
		codec, err := codec.New(reflect.TypeOf(c.user).Elem(), codec.Options{EmailOptional: c.optional})
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(codec.Output(c.user))
		if want := "{" + c.want + "}"; err != nil || string(got) != want {
			t.Errorf("%s: it is %s (%v), want %s", name, got, err, want)
		}
	}
}

func TestANameIsNoColumnOfTheApplications(t *testing.T) {
	t.Parallel()
	c := made(t, &handled{})
	if own := c.Own(); len(own) != 1 || own[0].Name != "nick" {
		t.Errorf("the application's own columns are %v", own)
	}
	u := &handled{Named: core.Named{Username: "Ada"}}
	for _, when := range []string{"register", "update"} {
		columns := c.Columns(when)
		if len(columns) != 2 || columns[0].Name != "username" || columns[0].Required || columns[0].Of(u) != "Ada" {
			t.Errorf("%s: the columns are %v", when, columns)
		}
	}
}
