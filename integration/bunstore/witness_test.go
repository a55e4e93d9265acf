package bunstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// Admin is a user of an application with an audit log.
type Admin struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,type:varchar(255),notnull,default:''" auth:"register,update"`
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

// audited is an application with an audit log.
type audited struct {
	*http.ServeMux
	auth  *latchkey.Auth[Admin]
	audit *auditLog
	users core.UserStore[Admin]
	heard []core.EventKind // by the After hooks
	asked int              // BeforeUpdate
}

const secret = "nine lanterns over water"

func newAudited(t *testing.T, d database) *audited {
	t.Helper()
	store, users := users[Admin](t, d.new(t), bunstore.Options{})
	a := &audited{ServeMux: http.NewServeMux(), audit: &auditLog{store: store}, users: users}
	if err := a.audit.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	strategy, err := session.New(store.Sessions(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hear := func(_ context.Context, e latchkey.Event[Admin]) { a.heard = append(a.heard, e.Kind) }
	a.auth, err = latchkey.New(users, latchkey.Options[Admin]{
		Backends:         []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		InsecureNoLimits: true, Flows: []latchkey.Flow{a.audit}, Hashers: []core.Hasher{plain{}},
		Hooks: latchkey.Hooks[Admin]{
			BeforeUpdate:  func(context.Context, *latchkey.Event[Admin]) error { a.asked++; return nil },
			AfterRegister: hear, AfterLogin: hear, AfterUpdate: hear, AfterDelete: hear,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	httpauth.Mount(a.ServeMux, "/auth", a.auth.Register(), a.auth.Sessions(), a.auth.Flow("audit"))
	httpauth.Mount(a.ServeMux, "/auth/web", a.auth.Login("web"))
	httpauth.Mount(a.ServeMux, "/users", a.auth.Users())
	return a
}

func (a *audited) send(method, path, token, body string) (status int, answer string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (a *audited) login(t *testing.T) (token string) {
	t.Helper()
	status, body := a.send("POST", "/auth/web/login", "", `{"username": "ada@example.org", "password": "`+secret+`"}`)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 {
		t.Fatalf("login: %d %s", status, body)
	}
	return answer.AccessToken
}

func (a *audited) register(t *testing.T) {
	t.Helper()
	status, body := a.send("POST", "/auth/register", "", `{"email": "ada@example.org", "password": "`+secret+`"}`)
	if status != 201 {
		t.Fatalf("register: %d %s", status, body)
	}
}

// actions returns what the table has, in order.
func (a *audited) actions(t *testing.T) (actions []string) {
	t.Helper()
	if err := a.auth.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var rows []auditRow
	db := a.audit.store.DB(t.Context())
	if err := db.NewSelect().Model(&rows).Order("at").Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		actions = append(actions, strings.TrimSpace(r.Action+" "+r.Fields))
	}
	return actions
}

// TestAnAuditLogIsOneFlow: a package of its own records everything, in the
// transactions of what it records.
func TestAnAuditLogIsOneFlow(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		a := newAudited(t, d)
		a.register(t)
		token := a.login(t)
		a.send("PATCH", "/users/me", token, `{"full_name": "Ada"}`)
		a.send("GET", "/users", token, "")
		a.send("DELETE", "/auth/sessions", token, "")
		want := []string{"register", "login", "user.updated", "refused", "sessions.ended"}
		if got := a.actions(t); len(got) != len(want) ||
			!slices.ContainsFunc(got, func(s string) bool { return s == "refused" }) {
			t.Errorf("the log has %q, want %q", got, want)
		}
		status, body := a.send("GET", "/auth/audit/me", a.login(t), "")
		if status != 200 || !strings.Contains(body, `"action":"user.updated"`) || strings.Contains(body, "Ada") {
			t.Errorf("the own log: %d %s", status, body)
		}
	})
}

// TestAFailingWitnessUndoes: nothing is written, nobody hears of it, and its
// error is not taken for the flow's own.
func TestAFailingWitnessUndoes(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		a := newAudited(t, d)
		for name, c := range map[string]struct {
			err    error
			status int
			part   string
		}{
			"taken":   {core.ErrTaken, 503, core.CodeServiceUnavailable},
			"used":    {core.ErrUsed, 503, core.CodeServiceUnavailable},
			"refusal": {latchkey.Refuse("FULL"), 400, "FULL"},
		} {
			a.audit.fail = []error{c.err}
			status, body := a.send("POST", "/auth/register", "", `{"email": "ada@example.org", "password": "`+secret+`"}`)
			if status != c.status || !strings.Contains(body, c.part) {
				t.Errorf("%s: %d %s", name, status, body)
			}
		}
		if _, err := a.users.Find(t.Context(), core.ByEmail("ada@example.org")); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("the user was kept: %v", err)
		}
		a.register(t)
		token := a.login(t)
		a.heard = nil
		a.audit.fail = []error{errors.New("disk full")}
		if status, body := a.send("PATCH", "/users/me", token, `{"full_name": "x"}`); status != 503 {
			t.Errorf("a change: %d %s", status, body)
		}
		if _, body := a.send("GET", "/users/me", token, ""); !strings.Contains(body, `"full_name":""`) {
			t.Errorf("the change was kept: %s", body)
		}
		a.audit.fail = []error{errors.New("disk full")}
		status, body := a.send("POST", "/auth/web/login", "", `{"username": "ada@example.org", "password": "`+secret+`"}`)
		if status != 503 {
			t.Errorf("a login: %d %s", status, body)
		}
		if _, body := a.send("GET", "/auth/sessions", token, ""); strings.Count(body, `"id"`) != 1 {
			t.Errorf("the login that was refused has left a session: %s", body)
		}
		if len(a.heard) > 0 {
			t.Errorf("hooks heard %v of what did not happen", a.heard)
		}
	})
}

// serialization is how PostgreSQL reports that a transaction must run again.
type serialization struct{}

func (serialization) Error() string    { return "could not serialize access" }
func (serialization) SQLState() string { return "40001" }

// TestADoThatRunsAgain: a transaction that the database wants to be repeated
// asks hooks once and changes once.
func TestADoThatRunsAgain(t *testing.T) {
	a := newAudited(t, onPostgres)
	again := func() { a.audit.fail = []error{serialization{}, serialization{}, nil} }
	again()
	a.register(t)
	token := a.login(t)
	again()
	change := `{"full_name": "Ada", "password": "an entirely new one", "current_password": "` + secret + `"}`
	if status, body := a.send("PATCH", "/users/me", token, change); status != 200 || !strings.Contains(body, "Ada") {
		t.Fatalf("got %d %s", status, body)
	}
	u, err := a.users.Find(t.Context(), core.ByEmail("ada@example.org"))
	if err != nil || u.TokenEpoch != 1 || a.asked != 1 {
		t.Errorf("the epoch is %d after one new password, BeforeUpdate was called %d times, %v", u.TokenEpoch, a.asked, err)
	}
	want := []string{"register", "login", "user.updated full_name password"}
	if got := a.actions(t); !slices.Equal(got, want) {
		t.Errorf("the log has %q, want %q", got, want)
	}
	if want := []core.EventKind{core.EventRegistered, core.EventLoggedIn, core.EventUpdated}; !slices.Equal(a.heard,
		want) {
		t.Errorf("hooks heard %v, want %v", a.heard, want)
	}
}
