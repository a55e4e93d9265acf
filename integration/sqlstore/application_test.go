package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// application is the one of docs/guides/sql.md.
func application(ctx context.Context, db *sql.DB, d sqlstore.Dialect) (http.Handler, error) {
	store, err := sqlstore.New(db, d, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	users, err := sqlstore.Users[Account](store)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}

	sessions, err1 := session.New(users.Sessions(), session.Options{})
	cookies, err2 := cookie.New(cookie.Options{})
	mails, err3 := outbox.New(outbox.Options{})
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	auth, err := latchkey.New(users, latchkey.Options[Account]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
		Flows:    []latchkey.Flow{verify.Flow{}, reset.Flow{}},
		Tickets:  store.Tickets(),
		Limiter:  store.Limiter(),
		Sender:   mails,
		BaseURL:  "https://app.example.org",
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Sessions(), auth.Verify(), auth.Reset())
	httpauth.Mount(mux, "/users", auth.Users())
	return mux, nil
}

// foundTeam stores a user and the team that they lead, both or neither.
func foundTeam(
	ctx context.Context, store *sqlstore.Store, users *sqlstore.UserStore[Account], email, team string,
) error {
	return store.Transact(ctx, func(ctx context.Context) error {
		u := &Account{User: core.User{Email: email, EmailKey: strings.ToLower(email), IsActive: true}}
		if err := users.Create(ctx, u); err != nil {
			return err
		}
		_, err := store.DB(ctx).ExecContext(ctx, "INSERT INTO teams (name, leader) VALUES ($1, $2)", team, u.ID)
		return err
	})
}

func TestApplicationOfTheGuide(t *testing.T) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the mails of the outbox
	for _, d := range []database{onSQLite, onPostgres} {
		db := d.new(t)
		app, err := application(t.Context(), db.DB, d.dialect)
		if err != nil {
			t.Fatal(err)
		}
		send := func(path, contentType, body string, cookies ...*http.Cookie) (status int, set []*http.Cookie) {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "https://app.example.org"+path, strings.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			for _, c := range cookies {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			answer := w.Result()
			defer answer.Body.Close()
			return answer.StatusCode, answer.Cookies()
		}
		status, _ := send("/auth/register", "application/json",
			`{"email": "ada@example.org", "password": "analytical engine 1843", "full_name": "Ada"}`)
		if status != http.StatusCreated {
			t.Errorf("registration is answered %d", status)
		}
		const form = "application/x-www-form-urlencoded"
		status, cookies := send("/auth/web/login", form, "username=ada@example.org&password=analytical+engine+1843")
		if status != http.StatusNoContent || len(cookies) == 0 {
			t.Fatalf("login is answered %d", status)
		}
		if status, _ := send("/auth/web/logout", form, "", cookies...); status != http.StatusNoContent {
			t.Errorf("logout is answered %d", status)
		}

		run(t, db, "CREATE TABLE teams (name VARCHAR(40) PRIMARY KEY, leader VARCHAR(36))")
		store, us := users[Account](t, db, sqlstore.Options{})
		err1 := foundTeam(t.Context(), store, us, "grace@example.org", "Engines")
		err2 := foundTeam(t.Context(), store, us, "alan@example.org", "Engines")
		_, err3 := us.Find(t.Context(), core.ByEmail("alan@example.org"))
		if err1 != nil || err2 == nil || !errors.Is(err3, core.ErrNotFound) {
			t.Error(fmt.Errorf("a team and a second one of its name: %w; %w; its leader: %w", err1, err2, err3))
		}
	}
}
