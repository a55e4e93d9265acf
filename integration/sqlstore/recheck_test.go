package sqlstore_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// Admin is the user of these tests.
type Admin struct {
	latchkey.User
	FullName string `json:"full_name" db:"full_name" auth:"register,update"`
}

// administration has an application's user routes, and superusers who are
// logged in.
type administration struct {
	*http.ServeMux
	users    core.UserStore[Admin]
	strategy *session.Strategy
}

func administrate(t *testing.T, d database) *administration {
	t.Helper()
	store, users := users[Admin](t, d.new(t), sqlstore.Options{})
	strategy, err := session.New(store.Sessions(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(users, latchkey.Options[Admin]{
		Backends:         []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		InsecureNoLimits: true, SelfDelete: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	a := &administration{http.NewServeMux(), users, strategy}
	httpauth.Mount(a.ServeMux, "/users", auth.Users())
	return a
}

// superuser creates one and logs them in.
func (a *administration) superuser(t *testing.T, name string) (id, token string) {
	t.Helper()
	u := &Admin{User: latchkey.User{Email: name + "@example.org", EmailKey: name + "@example.org", IsActive: true,
		IsSuperuser: true}}
	if err := a.users.Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	issued, err := a.strategy.Issue(t.Context(), core.Login{User: u, Session: core.Session{
		UserID: u.ID, Backend: "web", Proofs: []core.Proof{{Method: core.MethodPassword, At: time.Now()}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return u.ID, issued.Raw
}

// do sends a request and returns its status.
func (a *administration) do(method, id, token, body string) int {
	r := httptest.NewRequest(method, "/users/"+id, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Code
}

// atOnce runs both at the same time and returns their results.
func atOnce(one, other func() int) (first, second int) {
	var wg sync.WaitGroup
	wg.Go(func() { first = one() })
	wg.Go(func() { second = other() })
	wg.Wait()
	return first, second
}

// TestS23Crosswise: superusers who change each other lock the same two rows, in
// one order.
func TestS23Crosswise(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		a := administrate(t, d)
		one, ones := a.superuser(t, "one")
		other, others := a.superuser(t, "other")
		for range 50 {
			first, second := atOnce(
				func() int { return a.do("PATCH", other, ones, `{"full_name": "by one"}`) },
				func() int { return a.do("PATCH", one, others, `{"full_name": "by other"}`) },
			)
			if first != 200 || second != 200 {
				t.Fatalf("got %d and %d, want 200 twice", first, second)
			}
		}
	})
}

// TestS23SuperusersWhoRemoveEachOther: the second one has lost the right, so
// that somebody is left.
func TestS23SuperusersWhoRemoveEachOther(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		a := administrate(t, d)
		for name, remove := range map[string]func(id, token string) int{
			"demote":     func(id, token string) int { return a.do("PATCH", id, token, `{"is_superuser": false}`) },
			"deactivate": func(id, token string) int { return a.do("PATCH", id, token, `{"is_active": false}`) },
			"delete":     func(id, token string) int { return a.do("DELETE", id, token, "") },
			"suspend": func(id, token string) int {
				return a.do("POST", id+"/suspend", token, `{"reason": "each other"}`)
			},
		} {
			for round := range 5 {
				name := name + string(rune('a'+round))
				one, ones := a.superuser(t, name+"1")
				other, others := a.superuser(t, name+"2")
				first, second := atOnce(func() int { return remove(other, ones) }, func() int { return remove(one, others) })
				if (first < 300) == (second < 300) || max(first, second) != 401 && max(first, second) != 403 {
					t.Errorf("%s: got %d and %d, want one success and one 401 or 403", name, first, second)
				}
			}
		}
	})
}

// TestTheLastSuperuserStays: of two who leave at the same time, one does.
func TestTheLastSuperuserStays(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		a := administrate(t, d)
		leave := map[string]func(id, token string) int{
			"deactivate": func(id, token string) int { return a.do("PATCH", id, token, `{"is_active": false}`) },
			"delete":     func(_, token string) int { return a.do("DELETE", "me", token, "") },
		}
		stays, theirs := a.superuser(t, "stays")
		for name, do := range leave {
			if got := do(stays, theirs); got != 409 {
				t.Errorf("%s the last one: got %d, want 409", name, got)
			}
			one, ones := a.superuser(t, name)
			first, second := atOnce(func() int { return do(one, ones) }, func() int { return do(stays, theirs) })
			if (first < 300) == (second < 300) || max(first, second) != 409 {
				t.Errorf("%s: got %d and %d, want one success and one 409", name, first, second)
			}
			if first >= 300 { // the other one is left
				stays, theirs = one, ones
			}
		}
		if got := a.do("PATCH", stays, theirs, `{"full_name": "Still here"}`); got != 200 {
			t.Errorf("(twin) got %d", got)
		}
	})
}
