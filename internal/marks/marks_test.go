package marks_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/marks"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	for _, s := range []core.Session{
		{}, {Scopes: []string{}}, {Scopes: []string{"read", "", "日本", "a\"b\\\x00"}}, {Organization: "acme"}, {Brief: true},
		{Actor: "ann", ActorSession: "s", ActorEpoch: -1},
	} {
		text, err := marks.Of(&s)
		var got core.Session
		if err == nil {
			err = marks.Add(&got, text)
		}
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%+v became %s and %+v, %v", s, text, got, err)
		}
	}
	if text, _ := marks.Of(&core.Session{ID: "x"}); text != "" {
		t.Errorf("a session without marks has %q", text)
	}
	if _, err := marks.Of(&core.Session{Scopes: []string{"\xff"}}); err == nil {
		t.Error("a scope that is not UTF-8 was written")
	}
}

func TestMarksThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		`{"limit": 3}`: marks.ErrLater, `{"brief": true, "Scopes": []}`: marks.ErrLater, `{`: marks.ErrUnreadable,
		`null`: marks.ErrUnreadable, `[]`: marks.ErrUnreadable, `{"scopes": null}`: marks.ErrUnreadable,
		`{"scopes": "read"}`: marks.ErrUnreadable, `{"brief": 1}`: marks.ErrUnreadable, `{} {}`: marks.ErrUnreadable,
	} {
		if err := marks.Add(&core.Session{}, text); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}
