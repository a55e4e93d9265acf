package userlist_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/userlist"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 23, 59, 59, 1000, time.UTC)
	all := core.User{EmailKey: "=,ann@example.org", CreatedAt: at}
	for name, c := range map[string]struct {
		sort core.UserSort
		user core.User
		id   string
		want userlist.Place
	}{
		"stable":                          {core.SortStable, all, "=7,", userlist.Place{ID: "=7,"}},
		"by e-mail":                       {core.SortEmail, all, "7", userlist.Place{Email: all.EmailKey}},
		"by e-mail, without one":          {core.SortEmail, core.User{CreatedAt: at}, "a,=b", userlist.Place{Last: true, ID: "a,=b"}},
		"by creation":                     {core.SortCreated, all, "a,b", userlist.Place{Created: at, ID: "a,b"}},
		"by creation, before 1970":        {core.SortCreated, core.User{CreatedAt: time.Unix(-1, 0)}, "7", userlist.Place{Created: time.Unix(-1, 0).UTC(), ID: "7"}},
		"by creation, which is not known": {core.SortCreated, core.User{EmailKey: "x"}, "7", userlist.Place{Last: true, ID: "7"}},
	} {
		q := core.Query{Sort: c.sort}
		q.Cursor = q.Next(userlist.Write(q.Order(), &c.user, c.id))
		if got, err := userlist.Read(q); got != c.want || err != nil {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	if got, err := userlist.Read(core.Query{Sort: core.SortEmail}); got != (userlist.Place{First: true}) || err != nil {
		t.Errorf("the first page: got %+v, %v", got, err)
	}
}

// Whoever makes up a place in a cursor with a right digest reads no error of a
// database.
func TestPlacesThatWereNotWritten(t *testing.T) {
	t.Parallel()
	for place, sort := range map[string]core.UserSort{
		"7": core.SortCreated, "7x,7": core.SortCreated, "+7,7": core.SortCreated, "07,7": core.SortCreated, "=ann": core.SortCreated,
		"9223372036854775808,7": core.SortCreated, "ann": core.SortEmail, "7,7": core.SortEmail,
	} {
		q := core.Query{Sort: sort}
		q.Cursor = q.Next(place)
		if got, err := userlist.Read(q); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%q: got %+v, %v; want ErrInvalid", place, got, err)
		}
	}
}
