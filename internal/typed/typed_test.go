package typed_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/internal/typed"
)

// plan is a type of its own with a text.
type plan string

// color decodes itself from a text.
type color struct{ hex string }

func (c *color) UnmarshalText(text []byte) error {
	if len(text) != 7 || text[0] != '#' {
		return errors.New("no color")
	}
	c.hex = string(text)
	return nil
}

func (c color) MarshalText() ([]byte, error) { return []byte(c.hex), nil }

// level decodes itself from JSON.
type level struct{ n int }

func (l *level) UnmarshalJSON(raw []byte) error {
	if string(raw) == `"high"` {
		l.n = 9
		return nil
	}
	return json.Unmarshal(raw, &l.n)
}

// tree is a list of its own type.
type tree []tree

// address has a place in it.
type address struct {
	City string `json:"city"`
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zero any
		text string
		want string // "" for a refusal
	}{
		{"", "Ada ", `"Ada "`}, {"", "", `""`}, {"", "<b>&\u2028", `"\u003cb\u003e\u0026\u2028"`}, {plan(""), "gold", `"gold"`},
		{false, "on", "true"}, {false, "Yes", "true"}, {false, "", "false"}, {false, "0", "false"}, {false, "maybe", ""},
		{0, "42", "42"}, {0, " -7 ", "-7"}, {0, "+7", "7"}, {0, "", ""}, {0, "1.5", ""}, {0, "0x10", ""}, {0, "007", ""}, {0, "1e3", ""},
		{int8(0), "127", "127"}, {int8(0), "128", ""}, {uint(0), "-1", ""}, {uint64(0), "18446744073709551615", "18446744073709551615"},
		{0.5, "1.50", "1.5"}, {0.5, "1e3", "1000"}, {0.5, "Inf", ""}, {0.5, "NaN", ""}, {0.5, "1,5", ""}, {float32(0), "1e300", ""},
		{time.Time{}, "2026-05-04", `"2026-05-04T00:00:00Z"`}, {time.Time{}, "2026-05-04T12:30", `"2026-05-04T12:30:00Z"`},
		{time.Time{}, "2026-05-04T12:30:00+02:00", `"2026-05-04T12:30:00+02:00"`}, {time.Time{}, "", `"0001-01-01T00:00:00Z"`},
		{time.Time{}, "yesterday", ""}, {time.Second, "1h30m", "5400000000000"}, {time.Second, "5400", ""},
		{[]string{}, "a\r\n\n b \n", `["a","b"]`}, {[]string{}, "", `[]`}, {[]int{}, "1\n2", `[1,2]`}, {[]int{}, "1\nx", ""},
		{[2]int{}, "1\n2", "[1,2]"}, {[]byte{}, "aGk=", `"aGk="`}, {[]byte{}, "***", ""},
		{new(string), "", "null"}, {new(string), "x", `"x"`}, {new(int), "", "null"}, {new(int), " 3", "3"}, {new(bool), "", "null"},
		{new(bool), "no", "false"}, {new(time.Time), "", "null"},
		{color{}, "#ffffff", `"#ffffff"`}, {color{}, "white", ""}, {netip.Addr{}, "192.0.2.1", `"192.0.2.1"`}, {netip.Addr{}, "x", ""},
		{level{}, "3", "3"}, {level{}, "high", `"high"`}, {level{}, "low", ""},
		{address{}, `{"city": "Ulm"}`, `{"city": "Ulm"}`}, {address{}, "Ulm", ""}, {map[string]int{}, `{"a": 1}`, `{"a": 1}`},
		{[]address{}, `[{"city": "Ulm"}]`, `[{"city": "Ulm"}]`}, {[]address{}, "Ulm", ""},
	} {
		raw, err := typed.Parse(reflect.TypeOf(c.zero), c.text)
		if string(raw) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%T %q: %s, %v, want %s", c.zero, c.text, raw, err, c.want)
		}
		if err != nil && len(c.text) > 3 && strings.Contains(err.Error(), c.text) {
			t.Errorf("%T: the error repeats %q", c.zero, c.text)
		}
	}
}

func TestTextIsParsedBack(t *testing.T) {
	t.Parallel()
	text, number := "x", 3
	for _, c := range []struct {
		v    any
		want string
	}{
		{"Ada ", "Ada "}, {plan("gold"), "gold"}, {true, "true"}, {-7, "-7"}, {uint8(7), "7"}, {1.5, "1.5"}, {1e21, "1e+21"},
		{time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC), "2026-05-04"}, {time.Time{}, ""}, {90 * time.Minute, "1h30m0s"},
		{time.Date(2026, 5, 4, 12, 30, 0, 5, time.FixedZone("", 7200)), "2026-05-04T10:30:00.000000005Z"},
		{[]string{"a", "b"}, "a\nb"}, {[]string(nil), ""}, {[]int{1, 2}, "1\n2"}, {[]byte("hi"), "aGk="}, {&text, "x"}, {&number, "3"},
		{(*int)(nil), ""}, {color{"#ffffff"}, "#ffffff"}, {netip.MustParseAddr("192.0.2.1"), "192.0.2.1"},
		{address{"Ulm"}, `{"city":"Ulm"}`}, {map[string]int{"a": 1}, `{"a":1}`}, {[]address{{"Ulm"}}, `[{"city":"Ulm"}]`},
	} {
		got := typed.TextOf(c.v)
		if got != c.want {
			t.Errorf("%T: %q, want %q", c.v, got, c.want)
		}
		raw, err := typed.Parse(reflect.TypeOf(c.v), got)
		back := reflect.New(reflect.TypeOf(c.v))
		if err == nil {
			err = json.Unmarshal(raw, back.Interface())
		}
		if at, ok := c.v.(time.Time); ok {
			if err != nil || !back.Elem().Interface().(time.Time).Equal(at) {
				t.Errorf("%v comes back as %v, %v", at, back.Elem(), err)
			}
			continue
		}
		empty := reflect.ValueOf(c.v).Kind() == reflect.Slice && reflect.ValueOf(c.v).Len() == 0
		if err != nil || !empty && !reflect.DeepEqual(back.Elem().Interface(), c.v) {
			t.Errorf("%T %v comes back as %v, %v", c.v, c.v, back.Elem(), err)
		}
	}
	if typed.TextOf(nil) != "" {
		t.Error("nil has a text")
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for zero, want := range map[any]typed.Kind{
		"": typed.Text, false: typed.Bool, 1: typed.Integer, 1.5: typed.Number, time.Second: typed.Duration,
		color{}: typed.Text,
		level{}: typed.JSON, address{}: typed.JSON, [1]string{}: typed.Lines, [1]address{}: typed.JSON,
		time.Time{}:    typed.Time,
		[1][1]string{}: typed.JSON,
	} {
		if got := typed.KindOf(reflect.TypeOf(zero)); got != want {
			t.Errorf("%T: %d, want %d", zero, got, want)
		}
		if got := typed.KindOf(reflect.PointerTo(reflect.TypeOf(zero))); got != want {
			t.Errorf("*%T: %d, want %d", zero, got, want)
		}
	}
	for list, want := range map[reflect.Type]typed.Kind{
		reflect.TypeFor[tree](): typed.JSON, reflect.TypeFor[[][]byte](): typed.Lines,
		reflect.TypeFor[[]color](): typed.Lines,
	} {
		if got := typed.KindOf(list); got != want {
			t.Errorf("%v: %d, want %d", list, got, want)
		}
	}
}
