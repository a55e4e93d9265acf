package sqlstore_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// mails is a sender that keeps the tokens of a user's mails by their kind.
type mails struct {
	sync.Mutex
	tokens map[string]string
}

func (m *mails) Send(_ context.Context, mail core.Mail) error {
	m.Lock()
	defer m.Unlock()
	m.tokens[mail.Kind] = mail.Token
	return nil
}

// plain is a hasher that costs nothing.
type plain struct{}

func (plain) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("plain$" + password), nil
}
func (plain) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "plain$") }
func (plain) Outdated(core.PasswordHash) bool { return false }
func (plain) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "plain$"+password, nil
}

// all runs everything at the same time and returns the statuses.
func all(do ...func() int) []int {
	var wg sync.WaitGroup
	statuses := make([]int, len(do))
	for i := range do {
		wg.Go(func() { statuses[i] = do[i]() })
	}
	wg.Wait()
	return statuses
}

// TestR11TokensOfAUserWhoIsDeleted: rows are locked in the order in which a
// deletion locks them. PostgreSQL waits a second before it looks for a
// deadlock, which is longer than the patience here.
func TestR11TokensOfAUserWhoIsDeleted(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		patience := crowded
		if d.driver == onPostgres.driver {
			patience = 900 * time.Millisecond
		}
		store, users := users[Admin](t, d.new(t), sqlstore.Options{Patience: patience})
		strategy, err := session.New(store.Sessions(), session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sent := &mails{tokens: map[string]string{}}
		auth, err := latchkey.New(users, latchkey.Options[Admin]{
			Backends:         []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
			InsecureNoLimits: true, Tickets: store.Tickets(), Sender: sent, BaseURL: "https://app.example.org", MailDelay: -1,
			Flows: []latchkey.Flow{reset.Flow{}, verify.Flow{}}, Hashers: []core.Hasher{plain{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		a := &administration{http.NewServeMux(), users, strategy}
		httpauth.Mount(a.ServeMux, "/users", auth.Users())
		httpauth.Mount(a.ServeMux, "/auth", auth.Reset(), auth.Verify())
		post := func(path, body string, args ...any) int {
			r := httptest.NewRequest("POST", path, strings.NewReader(fmt.Sprintf(body, args...)))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			return w.Code
		}
		_, boss := a.superuser(t, "boss")
		for round := range 30 {
			name := fmt.Sprint("user", round)
			u, theirs := a.superuser(t, name)
			for _, path := range []string{"/auth/forgot-password", "/auth/request-verify-token"} {
				if got := post(path, `{"email": "%s@example.org"}`, name); got != 202 {
					t.Fatalf("%s: got %d", path, got)
				}
			}
			if err := auth.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := all(
				func() int { return a.do("DELETE", u, boss, "") },
				func() int {
					return post("/auth/reset-password", `{"token": "%s", "password": "nine lanterns over water"}`,
						sent.tokens["reset"])
				},
				func() int { return post("/auth/verify", `{"token": "%s"}`, sent.tokens["verify"]) },
				func() int { return a.do("PATCH", u, theirs, `{"full_name": "x"}`) },
			)
			for _, status := range got[1:] {
				if got[0] != 204 || status >= 500 {
					t.Fatalf("round %d: got %v, want 204 for the deletion, and no 503", round, got)
				}
			}
		}
	})
}

// TestS23InARing: superusers who change each other and themselves, in all
// directions at the same time, do not wait for each other in a circle.
func TestS23InARing(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		a := administrate(t, d)
		const n = 3
		var ids, tokens [n]string
		for i := range n {
			ids[i], tokens[i] = a.superuser(t, fmt.Sprint("ring", i))
		}
		for range 20 {
			var do []func() int
			for i := range n {
				for _, target := range []string{ids[(i+1)%n], ids[(i+2)%n], ids[i], "me"} {
					do = append(do, func() int { return a.do("PATCH", target, tokens[i], `{"full_name": "x"}`) })
				}
			}
			for _, status := range all(do...) {
				if status != 200 {
					t.Fatalf("got %d, want 200", status)
				}
			}
		}
		got := all(
			func() int { return a.do("DELETE", ids[1], tokens[0], "") },
			func() int { return a.do("DELETE", ids[2], tokens[1], "") },
			func() int { return a.do("DELETE", ids[0], tokens[2], "") },
			func() int { return a.do("PATCH", ids[0], tokens[0], `{"is_active": false, "is_superuser": false}`) },
		)
		page, _, err := a.users.List(t.Context(), core.Query{Active: new(true), Superuser: new(true), Limit: n})
		if err != nil || len(page) == 0 {
			t.Errorf("nobody is left after %v (%v)", got, err)
		}
	})
}
