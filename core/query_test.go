package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestCursor(t *testing.T) {
	ann := core.Query{Email: "ann", Limit: 10}
	for _, last := range []string{"7", "ann@example.org", "\x00\xff", strings.Repeat("é", 200)} {
		q := ann
		q.Cursor, q.Limit = ann.Next(last), 20
		if got, err := q.After(); got != last || err != nil {
			t.Errorf("After returned %q, %v; want %q", got, err, last)
		}
	}
	if got, err := ann.After(); got != "" || err != nil {
		t.Errorf("the first page begins after %q, %v", got, err)
	}
	next := ann.Next("ann@example.org")
	for name, q := range map[string]core.Query{
		"of another query":   {Email: "an", Cursor: next},
		"of all users":       {Cursor: next},
		"of nothing":         {Email: "ann", Cursor: ann.Next("")},
		"with more":          {Email: "ann", Cursor: next + "A"},
		"with a line break":  {Email: "ann", Cursor: next + "\n"},
		"with less":          {Email: "ann", Cursor: next[:len(next)-1]},
		"with another digit": {Email: "ann", Cursor: "A" + next[1:]},
		"that was moved":     {Email: "a", Cursor: core.Query{Email: "an"}.Next("n@example.org")},
		"of another flag":    {Email: "ann", Active: new(true), Cursor: next},
		"of another order":   {Email: "ann", Descending: true, Cursor: next},
		"of garbage":         {Email: "ann", Cursor: "' OR '1'='1"},
	} {
		if last, err := q.After(); !errors.Is(err, core.ErrInvalid) || last != "" {
			t.Errorf("a cursor %s returned %q, %v; want ErrInvalid", name, last, err)
		}
	}
}

// A cursor stays good while time passes, and the order of an Email has two
// names.
func TestCursorOfTheSameQuery(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	q := core.Query{Email: "ann", Suspended: new(false), Now: now, Limit: 2}
	next := q.Next("ann@example.org")
	q.Cursor, q.Now, q.Limit, q.Sort = next, now.Add(time.Hour), 50, core.SortEmail
	if got, err := q.After(); got != "ann@example.org" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestQueriesThatNoStoreAnswers(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]core.Query{
		"an Email by CreatedAt": {Email: "ann", Sort: core.SortCreated}, "an order that is not": {Sort: core.SortEmail + 1},
		"an order below": {Sort: -1}, "suspended at no time": {Suspended: new(true)},
	} {
		if _, err := q.After(); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}
