package codec_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/codec"
)

func made(t testing.TB, u core.AnyUser) *codec.Codec {
	t.Helper()
	c, err := codec.New(reflect.TypeOf(u).Elem())
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
)

func TestNewRefusesTypesThatCouldLeakOrMislead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   reflect.Type
		want string
	}{
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
		_, err := codec.New(c.of)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: New's error is %v, want %q", name, err, c.want)
		}
	}
}
