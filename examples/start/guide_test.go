package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// The functions of this file are the blocks of docs/guides/start.md.

func firstSuperuser(ctx context.Context, auth *latchkey.Auth[Account]) error {
	admin := &Account{User: latchkey.User{
		Email: os.Getenv("ADMIN_EMAIL"), IsActive: true, IsVerified: true, IsSuperuser: true,
	}}
	err := auth.Manager().Create(ctx, admin, os.Getenv("ADMIN_PASSWORD"))
	if refusal := (*latchkey.Error)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeRegisterUserExists {
		return nil // made at an earlier start
	}
	return err
}

func mountGuarded(mux *http.ServeMux, auth *latchkey.Auth[Account], h http.Handler) {
	named := latchkey.Check(func(_ context.Context, a *Account) error {
		if a.Name == "" {
			return latchkey.Refuse("NAME_REQUIRED") // 400 {"detail": "NAME_REQUIRED"}
		}
		return nil
	})
	mux.Handle("GET /news", httpauth.Optional(auth)(h))                                // everybody
	mux.Handle("GET /inbox", httpauth.Require(auth)(h))                                // else 401
	mux.Handle("POST /posts", httpauth.Require(auth, latchkey.Verified, named)(h))     // else 403, or 400
	mux.Handle("GET /safe", httpauth.Require(auth, latchkey.Fresh(10*time.Minute))(h)) // logged in lately
	mux.Handle("DELETE /posts", httpauth.Require(auth, latchkey.Superuser)(h))
}

func hooks(welcome func(ctx context.Context, to string) error) latchkey.Hooks[Account] {
	return latchkey.Hooks[Account]{
		BeforeRegister: func(_ context.Context, e *latchkey.Event[Account]) error {
			if !strings.HasSuffix(e.User.EmailKey, "@example.org") {
				return latchkey.Refuse("MEMBERS_ONLY")
			}
			e.User.Name = strings.TrimSpace(e.User.Name) // stored with the user
			return nil
		},
		AfterVerify: func(_ context.Context, e latchkey.Event[Account]) {
			to := e.User.Email
			e.Enqueue("welcome", func(ctx context.Context) error { return welcome(ctx, to) }) // after the answer
		},
	}
}

func moreColumns(ctx context.Context, store *sqlstore.Store) error {
	type Account struct {
		latchkey.User
		Name   string  `json:"name" db:"name" auth:"register,update"`
		Points int     `json:"points" db:"points"` // its owner sees it, and cannot set it
		Note   *string `json:"-" db:"note"`        // nobody sees it
	}
	if _, err := sqlstore.Users[Account](store); err != nil {
		return err
	}
	return store.Migrate(ctx) // adds points and note
}

func newcomer(ctx context.Context, auth *latchkey.Auth[Account], r *core.Request) (*core.Response, error) {
	in, err := core.ReadJSON(r) // of another type: 415, so that no form of another site gets here
	if err != nil {
		return nil, err
	}
	email, noEmail := in.Required("email")
	password, noPassword := in.Required("password")
	if err := core.InvalidProblems(noEmail, noPassword); err != nil { // 422
		return nil, err
	}
	account := &Account{User: latchkey.User{Email: email, IsActive: true}}
	if err := auth.Manager().Create(ctx, account, password); err != nil {
		return nil, err
	}
	admission, err := auth.Manager().Login(ctx, account.ID, "web", r, core.Proof{Method: "password"})
	return admission.Answer, err
}

func mountJoin(mux *http.ServeMux, auth *latchkey.Auth[Account]) {
	mux.HandleFunc("POST /join", func(w http.ResponseWriter, r *http.Request) {
		answer, err := newcomer(r.Context(), auth, httpauth.Request(r))
		if err != nil {
			answer = auth.Render(r.Context(), err)
		}
		httpauth.Write(w, r, answer)
	})
}

func inMemory(hooks latchkey.Hooks[Account]) (*latchkey.Auth[Account], *outbox.Outbox) {
	mails := must(outbox.New(outbox.Options{}))
	web := latchkey.Backend{Name: "web", Transport: must(cookie.New(cookie.Options{})),
		Strategy: must(session.New(memstore.NewSessions(nil), session.Options{}))}
	return must(latchkey.New(memstore.NewUsers[Account](), latchkey.Options[Account]{
		Backends: []latchkey.Backend{web}, Flows: []latchkey.Flow{verify.Flow{OnRegister: true}}, Hooks: hooks,
		Tickets: memstore.NewTickets(nil), Sender: mails, BaseURL: "http://localhost:8080",
	})), mails
}

func TestPostersHaveNames(t *testing.T) {
	app := authtest.New(t, latchkey.Options[Account]{})
	mux := http.NewServeMux()
	mountGuarded(mux, app.Auth, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	nameless := authtest.User[Account]()
	client := authtest.As(t, app.Auth, "web", nameless)
	if w := client.Do(mux, "POST", "/posts", ""); w.Code != 400 || !strings.Contains(w.Body.String(), "NAME_REQUIRED") {
		t.Errorf("%d %s, want 400 NAME_REQUIRED", w.Code, w.Body)
	}
}

// send sends a request with a JSON body and a cookie.
func send(h http.Handler, method, path, body, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestNewcomers(t *testing.T) {
	var welcomed []string
	auth, mails := inMemory(hooks(func(_ context.Context, to string) error {
		welcomed = append(welcomed, to)
		return nil
	}))
	mux := http.NewServeMux()
	mountJoin(mux, auth)
	httpauth.Mount(mux, "/auth", auth.Verify())
	httpauth.Mount(mux, "/users", auth.Users())

	if got := send(mux, "POST", "/join", `{"email": "eve@example.com", "password": "analytical engine"}`, ""); got.
		Code != 400 || !strings.Contains(got.Body.String(), "MEMBERS_ONLY") {
		t.Errorf("a stranger joins: %d %s", got.Code, got.Body)
	}
	joined := send(mux, "POST", "/join", `{"email": "ada@example.org", "password": "analytical engine"}`, "")
	pair, _, _ := strings.Cut(joined.Header().Get("Set-Cookie"), ";")
	if got := send(mux, "GET", "/users/me", "", pair); joined.Code != 204 || !strings.Contains(got.Body.String(), "ada@") {
		t.Errorf("join: %d %s, then %d %s", joined.Code, joined.Body, got.Code, got.Body)
	}
	must(0, auth.Wait(t.Context()))
	send(mux, "POST", "/auth/verify", `{"token": "`+mails.Mails()[0].Token+`"}`, pair)
	must(0, auth.Wait(t.Context()))
	if len(welcomed) != 1 || welcomed[0] != "ada@example.org" {
		t.Errorf("welcomed %q, want ada@example.org", welcomed)
	}
}

func TestFirstSuperuser(t *testing.T) {
	auth, _ := inMemory(latchkey.Hooks[Account]{})
	t.Setenv("ADMIN_EMAIL", "root@example.org")
	t.Setenv("ADMIN_PASSWORD", "a long secret of root's")
	for range 2 { // the second start
		must(0, firstSuperuser(t.Context(), auth))
	}
	root := must(auth.Manager().FindByEmail(t.Context(), "root@example.org"))
	if !root.IsSuperuser {
		t.Errorf("%s is no superuser", root.Email)
	}
}

func TestMoreColumns(t *testing.T) {
	db := must(sql.Open("sqlite", sqlstore.SQLiteDSN(t.TempDir()+"/start.db")))
	db.SetMaxOpenConns(2)
	db.SetMaxIdleConns(2)
	defer func() { _ = db.Close() }()
	store := must(sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{}))
	users := must(sqlstore.Users[Account](store))
	must(0, store.Migrate(t.Context()))
	ada := &Account{User: latchkey.User{Email: "ada@example.org", EmailKey: "ada@example.org"}, Name: "Ada"}
	must(0, users.Create(t.Context(), ada))
	if err := moreColumns(t.Context(), must(sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{}))); err != nil {
		t.Fatal(err)
	}
	var points int
	err := db.QueryRow("SELECT points FROM latchkey_users WHERE name = 'Ada' AND note IS NULL").Scan(&points)
	if err != nil || points != 0 {
		t.Errorf("%d points, %v, want 0", points, err)
	}
}
