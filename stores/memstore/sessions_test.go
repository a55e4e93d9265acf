package memstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestListIsBounded(t *testing.T) {
	now := time.Now()
	s := memstore.NewSessions(nil)
	for i := range 1100 {
		name := fmt.Sprint(i)
		one := core.Session{ID: name, UserID: "ada", Created: now.Add(time.Duration(i)), Expires: now.Add(time.Hour)}
		if err := s.Create(t.Context(), core.Digest(name), one); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := s.List(t.Context(), "ada"); err != nil || len(all) != 1000 || all[0].ID != "1099" ||
		all[999].ID != "100" {
		t.Errorf("the list has %d sessions, %v, want the newest 1,000", len(all), err)
	}
}

func TestFloorsEnd(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	s := memstore.NewSessions(func() time.Time { return now })
	late := func(name string) error {
		return s.Create(t.Context(), core.Digest(name), core.Session{UserID: "ada", Epoch: 4, Expires: now.Add(day)})
	}
	for _, epoch := range []int64{5, 3} { // the second lowers nothing
		if err := s.DeleteAll(t.Context(), "ada", epoch, [32]byte{}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(399 * day)
		if _, err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := late("early"); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("399 days later: got %v, want core.ErrInvalid", err)
		}
	}
	now = now.Add(2 * day)
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := late("late"); err != nil {
		t.Errorf("401 days later: %v", err)
	}
}
