package codec_test

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/codec"
)

func made(t testing.TB, u core.AnyUser) *codec.Codec {
	t.Helper()
	c, err := codec.New(reflect.TypeOf(u).Elem(), codec.Options{Identify: identify})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type (
	nameless struct {
		core.User
		Name string `auth:"update"`
	}
	optionsAlone struct {
		core.User
		Name string `json:",omitempty" auth:"update"`
	}
	dashed struct {
		core.User
		Name string `json:"-" auth:"update"`
	}
	unexported struct {
		core.User
		name string `auth:"update"` //nolint:unused // what New refuses
	}
	shallow struct {
		core.User
		Name string `json:"name"`
		deep
	}
	deep struct {
		Full string `json:"name" auth:"update"`
	}
	otherLetters struct {
		core.User
		deep
		other
	}
	other struct {
		Short string `json:"NAME"`
	}
	overBase struct {
		core.User
		Address string `json:"email"`
	}
	namedInner struct {
		core.User
		deep `json:"deep"`
	}
	quoted struct {
		core.User
		Name string `json:"na\"me"` //nolint:staticcheck // what New refuses
	}
	baseless struct{ Name string }
	called   struct {
		core.User
		Call func() `json:"call"`
	}
	channels struct {
		core.User
		All map[string][]chan int `json:"all" auth:"update"`
	}
	keyed struct {
		core.User
		By map[bool]string `json:"by"`
	}
	nested []nested
	typed  struct {
		core.User
		Text   string          `json:"text" auth:"register,update,required"`
		Number float64         `json:"number" auth:"update"`
		Flag   bool            `json:"flag" auth:"update"`
		Maybe  *int            `json:"maybe" auth:"register,update"`
		List   []string        `json:"list" auth:"update"`
		Map    map[int]string  `json:"map" auth:"update"`
		Struct struct{ A int } `json:"struct" auth:"update"`
		When   time.Time       `json:"when" auth:"update"`
		Raw    json.RawMessage `json:"raw" auth:"update"`
		IP     netip.Addr      `json:"ip" auth:"update"`
		Any    any             `json:"any" auth:"update"`
		Deep   nested          `json:"deep" auth:"update"`
		Quiet  func()          `json:"-"`
		Plain  chan int
	}
)

func TestNewRefusesTypesThatCouldLeakOrMislead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   reflect.Type
		want string
	}{
		"a function that is sent":           {reflect.TypeFor[called](), "Call: encoding/json takes no func()"},
		"channels that are sent":            {reflect.TypeFor[channels](), "All: encoding/json takes no map[string][]chan int"},
		"a map by what is no name":          {reflect.TypeFor[keyed](), "By: encoding/json takes no map[bool]string"},
		"its twin with every good type":     {reflect.TypeFor[typed](), ""},
		"an auth tag without a json tag":    {reflect.TypeFor[nameless](), "Name has an auth tag and no JSON name"},
		"an auth tag with options alone":    {reflect.TypeFor[optionsAlone](), "Name has an auth tag and no JSON name"},
		"an auth tag on what is not sent":   {reflect.TypeFor[dashed](), "Name has an auth tag and no JSON name"},
		"an auth tag on what is unexported": {reflect.TypeFor[unexported](), "name has an auth tag and no JSON name"},
		"an auth tag on a hidden field":     {reflect.TypeFor[shallow](), `"name" is taken by field Name`},
		"two that differ in letters":        {reflect.TypeFor[otherLetters](), `"NAME" is taken by field Full`},
		"a base column's name":              {reflect.TypeFor[overBase](), `"email" is taken by a base column`},
		"a struct of which nothing is sent": {reflect.TypeFor[namedInner](), "deep has a JSON name and is not exported"},
		"a name that is not one":            {reflect.TypeFor[quoted](), "takes no name like"},
		"no base":                           {reflect.TypeFor[baseless](), "embed latchkey.User"},
		"no struct":                         {reflect.TypeFor[string](), "must be a struct"},
		"twin: a hidden field":              {reflect.TypeFor[outermost](), ""},
		"twin: no tags":                     {reflect.TypeFor[untagged](), ""},
	} {
		_, err := codec.New(c.of, codec.Options{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: New's error is %v, want %q", name, err, c.want)
		}
	}
}

// TestFindings42Types: the types that the guide lists can be written.
func TestFindings42Types(t *testing.T) {
	t.Parallel()
	u := &typed{}
	in := core.Object{}
	for name, value := range map[string]string{
		"text": `"t"`, "number": "1.5", "flag": "true", "maybe": "7", "list": `["a"]`, "map": `{"1": "a"}`, "struct": `{"A": 2}`,
		"when": `"2026-01-02T03:04:05Z"`, "raw": `{"x": 1}`, "ip": `"192.0.2.1"`, "any": `[1]`, "deep": `[[], []]`,
	} {
		in[name] = json.RawMessage(value)
	}
	if problems := made(t, u).Input(u, in, "update"); problems != nil {
		t.Fatal(problems)
	}
	if u.Text != "t" || u.Number != 1.5 || !u.Flag || *u.Maybe != 7 || u.List[0] != "a" || u.Map[1] != "a" ||
		u.Struct.A != 2 || u.When.Year() != 2026 || string(u.Raw) != `{"x": 1}` || !u.IP.Is4() ||
		u.Any == nil || len(u.Deep) != 2 {
		t.Errorf("the user is %+v", u)
	}
	if problems := made(t, u).Input(u, core.Object{}, "register"); len(problems) != 1 || problems[0].Type != "missing" {
		t.Errorf("required: %v", problems)
	}
}
