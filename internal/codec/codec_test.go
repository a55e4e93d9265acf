package codec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// The user types of the tables; each embeds core.User.
type (
	untagged struct {
		core.User
		Secret string
		Nick   string `json:"nick"`
	}
	withheld struct {
		core.User
		Secret string `json:"-"`
		Dash   string `json:"-,"` //nolint:staticcheck // a name that is meant
	}
	optioned struct {
		core.User
		Empty string `json:"empty,omitempty"`
		Count int    `json:",string"`
	}
	shouting string
	inner    struct {
		Note  string `json:"note"`
		Place string `json:"place"`
		Key   string
	}
	promoted struct {
		core.User
		inner
	}
	named struct {
		core.User
		Inner inner `json:"inner"`
	}
	outermost struct {
		core.User
		inner
		Title string `json:"note" auth:"update"`
	}
	skipped struct {
		core.User
		inner `json:"-"`
	}
	second struct {
		core.User
		secondUser
	}
	secondUser struct {
		core.User
		Nick string `json:"nick"`
	}
	pointed struct {
		core.User
		Loud shouting `json:"loud"`
	}
)

func (s *shouting) MarshalJSON() ([]byte, error) { return json.Marshal(strings.ToUpper(string(*s))) }

const base = `"id":"7","email":"a@b.example","is_active":true,"is_superuser":false,"is_verified":false`

func of() core.User {
	return core.User{ID: "7", Email: "a@b.example", EmailKey: "key", HashedPassword: "hash", IsActive: true, TokenEpoch: 3,
		CreatedAt: time.Unix(1, 0)}
}

func TestOutputHasTheFieldsWithAJSONTag(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user core.AnyUser
		want string
	}{
		"the base alone":                  {new(of()), base},
		"no json tag":                     {&untagged{of(), "s", "ada"}, base + `,"nick":"ada"`},
		"a dash, and one that is a name":  {&withheld{of(), "s", "d"}, base + `,"-":"d"`},
		"options, and none but them":      {&optioned{of(), "", 5}, base + `,"Count":"5"`},
		"an embedded struct":              {&promoted{of(), inner{"n", "p", "k"}}, base + `,"note":"n","place":"p"`},
		"a struct with a name":            {&named{of(), inner{"n", "p", "k"}}, base + `,"inner":{"note":"n","place":"p","Key":"k"}`},
		"the outer hides the inner":       {&outermost{of(), inner{"n", "p", "k"}, "t"}, base + `,"place":"p","note":"t"`},
		"an embedded struct with a dash":  {&skipped{of(), inner{"n", "p", "k"}}, base},
		"a second base further in":        {&second{of(), secondUser{core.User{ID: "8"}, "ada"}}, base + `,"nick":"ada"`},
		"a method of the field's pointer": {&pointed{of(), "ada"}, base + `,"loud":"ADA"`},
	} {
		got, err := json.Marshal(made(t, c.user).Output(c.user))
		if want := "{" + c.want + "}"; err != nil || string(got) != want {
			t.Errorf("%s: it is %s (%v), want %s", name, got, err, want)
		}
	}
}

// The type of the form is that of the answer, for the API document.
func TestTheFormsTypeHasNoOtherFields(t *testing.T) {
	t.Parallel()
	form := reflect.TypeOf(made(t, &untagged{}).Output(&untagged{})).Elem()
	var names []string
	for i := range form.NumField() {
		names = append(names, form.Field(i).Tag.Get("json"))
	}
	if got := strings.Join(names, " "); got != "id email is_active is_superuser is_verified nick" {
		t.Errorf("the form has %s", got)
	}
}

type written struct {
	core.User
	Name  string   `json:"name" auth:"register,update,required" label:"Full name"`
	Motto *string  `json:"motto" auth:"update"`
	Plan  string   `json:"plan"`
	Tags  []string `json:"tags" auth:"register"`
}

func TestColumnsAreThoseOfTheAuthTag(t *testing.T) {
	t.Parallel()
	c := made(t, &written{})
	u := &written{Name: "Ada"}
	for when, want := range map[string]string{
		"register": `name string required "Full name"; tags []string optional ""`,
		"update":   `name string optional "Full name"; motto *string optional ""`,
		"delete":   "",
	} {
		var got []string
		for _, col := range c.Columns(when) {
			required := "optional"
			if col.Required {
				required = "required"
			}
			got = append(got, strings.Join([]string{col.Name, col.Type.String(), required, `"` + col.Tag.Get("label") + `"`},
				" "))
			if col.Name == "name" && col.Of(u) != "Ada" {
				t.Errorf("the name is %v", col.Of(u))
			}
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: the columns are %q, want %q", when, got, want)
		}
	}
}

func TestInputWritesColumnsAlone(t *testing.T) {
	t.Parallel()
	motto := "old"
	u := &written{Name: "Ada", Motto: &motto, Plan: "free"}
	in := core.Object{"name": json.RawMessage(`"Grace"`), "Name": json.RawMessage(`"x"`),
		"plan": json.RawMessage(`"gold"`),
		"tags": json.RawMessage(`["x"]`), "motto": json.RawMessage("null"), "is_superuser": json.RawMessage("true")}
	if problems := made(t, u).Input(u, in, "update"); problems != nil {
		t.Fatal(problems)
	}
	if u.Name != "Grace" || u.Plan != "free" || u.Tags != nil || u.Motto != &motto || u.IsSuperuser {
		t.Errorf("the user is %+v", u)
	}
	problems := made(t, u).Input(u, core.Object{"tags": json.RawMessage(`{}`)}, "register")
	if len(problems) != 2 || problems[0].Type != "missing" || problems[1].Type != "list_type" {
		t.Errorf("without a name, and with tags that are none: %v, want two problems", problems)
	}
	if u.Name != "Grace" || u.Tags != nil {
		t.Errorf("a refused input left %+v", u)
	}
}

type flags struct {
	core.User
	News   bool     `json:"news" auth:"register,update"`
	Beta   *bool    `json:"beta" auth:"update"`
	Spoken spoken   `json:"spoken" auth:"update"`
	Own    decoding `json:"own" auth:"update"`
}

type (
	spoken   bool
	decoding bool
)

// UnmarshalJSON takes the word ja.
func (d *decoding) UnmarshalJSON(text []byte) error {
	if string(text) != `"ja"` {
		return errors.New("another word")
	}
	*d = true
	return nil
}

// Finding B3: pages with forms send words and numbers.
func TestFindingB3TheApplicationsOwnBooleans(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"register", "update"} {
		for raw, want := range map[string]string{
			`true`: "true", `"true"`: "true", `1`: "true", `"ON"`: "true", `1.0`: "true", `false`: "false", `"no"`: "false", `0`: "false", `"0"`: "false",
			`2`: "bool_parsing", `"ja"`: "bool_parsing", `""`: "bool_parsing", `[]`: "bool_type", `{}`: "bool_type",
		} {
			u := &flags{News: want == "false"}
			problems := made(t, u).Input(u, core.Object{"news": json.RawMessage(raw)}, when)
			got := fmt.Sprint(u.News)
			if len(problems) == 1 {
				got = problems[0].Type
			}
			if got != want || len(problems) > 1 || len(problems) == 1 && u.News {
				t.Errorf("%s, %s: got %s, want %s", when, raw, got, want)
			}
		}
	}
	u := &flags{News: true}
	in := core.Object{"news": json.RawMessage(`null`), "beta": json.RawMessage(`"off"`), "spoken": json.RawMessage(`"y"`),
		"own": json.RawMessage(`"ja"`)}
	problems := made(t, u).Input(u, in, "update")
	if problems != nil || !u.News || u.Beta == nil || *u.Beta || !bool(u.Spoken) || !bool(u.Own) {
		t.Errorf("got %v, %+v", problems, u)
	}
	problems = made(t, u).Input(u, core.Object{"news": json.RawMessage(`null`)}, "register")
	if len(problems) != 1 || problems[0].Type != "bool_type" {
		t.Errorf("null at a registration: %v", problems)
	}
	if problems := made(t, u).Input(u, core.Object{"own": json.RawMessage(`"yes"`)}, "update"); len(problems) != 1 {
		t.Errorf("a type that decodes itself has taken another word: %v", problems)
	}
}

type choosing struct {
	core.User
	Name string     `json:"name" auth:"update"`
	Plan plan       `json:"plan" auth:"update"`
	From netip.Addr `json:"from" auth:"update"`
}

type plan string

// UnmarshalText takes the word free.
func (p *plan) UnmarshalText(text []byte) error {
	if string(text) != "free" {
		return errors.New("another word")
	}
	*p = plan(text)
	return nil
}

// What a type that reads text refuses is a string all the same.
func TestTypesThatReadText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ member, raw, problem string }{
		{"plan", `"free"`, ""}, {"plan", `"gold"`, "value_error"}, {"plan", `7`, "value_error"},
		{"from", `"::1"`, ""}, {"from", `"nowhere"`, "value_error"},
		{"name", `"gold"`, ""}, {"name", `7`, "string_type"},
	} {
		u, got := &choosing{}, ""
		problems := made(t, u).Input(u, core.Object{c.member: json.RawMessage(c.raw)}, "update")
		if len(problems) == 1 {
			got = problems[0].Type
		}
		if got != c.problem || len(problems) > 1 {
			t.Errorf("%s %s: got %v, want %q", c.member, c.raw, problems, c.problem)
		}
	}
}
