package latchkey_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// What docs/guides/sessions-or-jwt.md shows, executed.

// threeBackends are browsers, applications on phones, and services.
func threeBackends(store core.SessionStore, secret []byte, denied core.TicketStore) ([]latchkey.Backend, error) {
	cookies, err1 := cookie.New(cookie.Options{})
	sessions, err2 := session.New(store, session.Options{})
	key, err3 := jwt.HS256("2026-05", secret) // 32 random bytes
	tokens, err4 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: denied})
	return []latchkey.Backend{
		{Name: "web", Transport: cookies, Strategy: sessions},
		{Name: "app", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
		{Name: "service", Transport: bearer.New(bearer.Options{}), Strategy: tokens},
	}, errors.Join(err1, err2, err3, err4)
}

// mountByBackend mounts their logins, and handlers for some of them.
func mountByBackend(mux *http.ServeMux, auth *latchkey.Auth[Member], h http.Handler) {
	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
	httpauth.Mount(mux, "/auth/app", auth.Login("app"))
	httpauth.Mount(mux, "/auth/service", auth.Login("service"))

	mux.Handle("GET /home", httpauth.Require(auth)(h))                             // any of them
	mux.Handle("GET /metrics", httpauth.Require(auth, latchkey.Via("service"))(h)) // else 401
	mux.Handle("GET /shop", httpauth.Require(auth, latchkey.Via("web", "app"))(h)) // sessions
	mux.Handle("GET /feed", httpauth.Require(auth, latchkey.SessionOnly)(h))       // the user is not loaded
}

// manyClients is an application with the three.
type manyClients struct {
	t   *testing.T
	mux *http.ServeMux
	*latchkey.Auth[Member]
}

func newManyClients(t *testing.T, denied core.TicketStore) manyClients {
	t.Helper()
	backends, err := threeBackends(memstore.NewSessions(nil), []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"), denied)
	check(t, err, nil)
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{Backends: backends, Hashers: cheap()})
	check(t, err, nil)
	a := manyClients{t, http.NewServeMux(), auth}
	mountByBackend(a.mux, auth, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in, _ := latchkey.CurrentSession(r.Context())
		_, _ = fmt.Fprint(w, in.Backend, " ", in.UserID)
	}))
	httpauth.Mount(a.mux, "/users", auth.Users())
	httpauth.Mount(a.mux, "/auth", auth.Sessions())
	return a
}

func (a manyClients) register(nick string) (id string) {
	a.t.Helper()
	m := &Member{User: latchkey.User{Email: nick + "@example.org", IsActive: true}}
	check(a.t, a.Manager().Create(a.t.Context(), m, password), nil)
	return m.ID
}

// login returns the header by which a client of a backend is known.
func (a manyClients) login(backend, nick, password string) http.Header {
	a.t.Helper()
	got := a.send("POST /auth/"+backend+"/login", nil, `{"username": "`+nick+`@example.org", "password": "`+password+`"}`)
	if cookies := got.Result().Cookies(); len(cookies) == 1 {
		return http.Header{"Cookie": {cookies[0].Name + "=" + cookies[0].Value}}
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	check(a.t, json.Unmarshal(got.Body.Bytes(), &answer), nil)
	return http.Header{"Authorization": {"Bearer " + answer.Token}}
}

func (a manyClients) send(route string, credentials http.Header, body string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(route, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for name, lines := range credentials {
		r.Header[name] = lines
	}
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.mux.ServeHTTP(w, r)
	return w
}

// want compares an answer's status and body.
func (a manyClients) want(route string, credentials http.Header, status int, body string) {
	a.t.Helper()
	if got := a.send(route, credentials, ""); got.Code != status || got.Code == 200 && got.Body.String() != body {
		a.t.Errorf("%s is answered %d %s, want %d %s", route, got.Code, got.Body, status, body)
	}
}

func TestTheGuidesBackends(t *testing.T) {
	a := newManyClients(t, memstore.NewTickets(nil))
	ada, bob := a.register("ada"), a.register("bob")
	web, app := a.login("web", "ada", password), a.login("app", "ada", password)
	service := a.login("service", "bob", password)

	for route, admitted := range map[string]string{
		"GET /home": "web app service", "GET /metrics": "service", "GET /shop": "web app", "GET /feed": "web app service",
	} {
		for name, c := range map[string]struct {
			http.Header
			id string
		}{"web": {web, ada}, "app": {app, ada}, "service": {service, bob}} {
			if strings.Contains(admitted, name) {
				a.want(route, c.Header, 200, name+" "+c.id)
			} else {
				a.want(route, c.Header, 401, "")
			}
		}
	}

	// Of two credentials the first backend's counts, and an invalid one
	// does not spoil the other.
	both := http.Header{"Cookie": web["Cookie"], "Authorization": service["Authorization"]}
	a.want("GET /home", both, 200, "web "+ada)
	a.want("GET /metrics", both, 200, "service "+bob)
	a.want("POST /auth/web/logout", web, 204, "")
	a.want("GET /home", both, 200, "service "+bob)
	a.want("GET /home", web, 401, "")
	a.want("GET /home", app, 200, "app "+ada) // another login
	a.want("POST /auth/service/logout", app, 204, "")
	a.want("GET /home", app, 401, "") // whichever logout it was
}

func TestTheGuidesEnds(t *testing.T) {
	ends := map[string]func(a manyClients, id string, credentials http.Header){
		"a logout": func(a manyClients, _ string, c http.Header) { a.send("POST /auth/service/logout", c, "") },
		"a new password": func(a manyClients, id string, _ http.Header) {
			next := "another engine of hers"
			_, err := a.Manager().Update(t.Context(), id, latchkey.Changes[Member]{Password: &next})
			check(t, err, nil)
		},
		"a deactivation": func(a manyClients, id string, _ http.Header) {
			off := false
			_, err := a.Manager().Update(t.Context(), id, latchkey.Changes[Member]{IsActive: &off})
			check(t, err, nil)
		},
		"all others, from a browser": func(a manyClients, _ string, _ http.Header) {
			a.want("DELETE /auth/sessions", a.login("web", "ada", password), 204, "")
		},
		"the end of all, by the program": func(a manyClients, id string, _ http.Header) {
			check(t, a.Manager().EndSessions(t.Context(), id), nil)
		},
	}
	for name, end := range ends {
		for list, denied := range map[string]core.TicketStore{"with a deny list": memstore.NewTickets(nil), "without": nil} {
			t.Run(name+", "+list, func(t *testing.T) {
				a := newManyClients(t, denied)
				id := a.register("ada")
				token := a.login("service", "ada", password)
				a.want("GET /home", token, 200, "service "+id)
				end(a, id, token)
				if name == "a logout" && denied == nil {
					a.want("GET /home", token, 200, "service "+id) // until it expires
				} else {
					a.want("GET /home", token, 401, "")
				}
			})
		}
	}
}
