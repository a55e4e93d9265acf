package gormstore_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/uptrace/bun"
	"gorm.io/gorm"
)

var idTypes = map[string]sqlstore.IDType{"UUID": gormstore.UUID, "Text": gormstore.Text, "BigInt": gormstore.BigInt}

// TestSchemaIsThatOfBunstore: apart from own columns, both create the same
// tables, columns and indexes.
func TestSchemaIsThatOfBunstore(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.open(t)
		for name, ids := range idTypes {
			ours, err1 := gormstore.New(d.overGORM(t, db, gorm.Config{}), gormstore.Options{IDs: ids})
			theirs, err2 := bunstore.New(bun.NewDB(db, d.bun()), bunstore.Options{IDs: ids})
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			_, err1 = gormstore.Users[core.User](ours)
			_, err2 = bunstore.Users[core.User](theirs)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if got, want := ours.Schema(), theirs.Schema(); !slices.Equal(got, want) {
				t.Errorf("%s: the schema is\n%s\nwant\n%s", name, strings.Join(got, ";\n"), strings.Join(want, ";\n"))
			}
		}
	})
}

// TestUsersInTablesOfBunstore runs the kit in tables, own columns included,
// created by the other module.
func TestUsersInTablesOfBunstore(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.open(t)
		bunUsers[storetest.Account](t, d, db, d.ids)
		emptied := &emptied{d.overGORM(t, db, gorm.Config{})}
		storetest.Users(t, func(t *testing.T) core.UserStore[storetest.Account] {
			_, us := emptied.users(t, gormstore.Options{IDs: d.ids})
			return us
		})
	})
}

// TestUsersInTablesOfGormstore does the reverse.
func TestUsersInTablesOfGormstore(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.open(t)
		emptied := &emptied{d.overGORM(t, db, gorm.Config{})}
		storetest.Users(t, func(t *testing.T) core.UserStore[storetest.Account] {
			emptied.users(t, gormstore.Options{IDs: d.ids})
			_, us := bunUsers[storetest.Account](t, d, db, d.ids)
			return us
		})
	})
}

const email, password = "ada@example.org", "correct horse 17 battery"

// TestChangeOfLibrary: users registered and sessions begun with one library
// continue with the other, whose tables are already there.
func TestChangeOfLibrary(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for name, order := range map[string][2]func(testing.TB, database, *sql.DB) *app{"from bun": {bunApp, gormApp},
			"to bun": {gormApp, bunApp}} {
			t.Run(name, func(t *testing.T) {
				db := d.open(t)
				before := order[0](t, d, db)
				if err := before.auth.Manager().Create(t.Context(),
					&storetest.Account{User: core.User{Email: email, IsActive: true}, Credits: 7}, password); err != nil {
					t.Fatal(err)
				}
				token := before.login(t)
				after := order[1](t, d, db)
				for _, token := range []string{token, after.login(t)} {
					if got := after.hello(t, token); got != "hello "+email+", 7 credits" {
						t.Errorf("the page is %q", got)
					}
				}
			})
		}
	})
}

// app is an application whose users may log in.
type app struct {
	auth *latchkey.Auth[storetest.Account]
	url  string
}

func bunApp(t testing.TB, d database, db *sql.DB) *app {
	store, us := bunUsers[storetest.Account](t, d, db, d.ids)
	return newApp(t, us, store.Sessions())
}

func gormApp(t testing.TB, d database, db *sql.DB) *app {
	store, us := users[storetest.Account](t, d.overGORM(t, db, gorm.Config{}), gormstore.Options{IDs: d.ids})
	return newApp(t, us, store.Sessions())
}

func newApp(t testing.TB, us core.UserStore[storetest.Account], sessions core.SessionStore) *app {
	t.Helper()
	strategy, err := session.New(sessions, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(us, latchkey.Options[storetest.Account]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		BaseURL:  "https://app.example.org",
		Log:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("api"))
	mux.Handle("GET /hello", httpauth.Require(auth)(http.HandlerFunc(hello)))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &app{auth, server.URL}
}

func hello(w http.ResponseWriter, r *http.Request) {
	u, _ := latchkey.CurrentUser[storetest.Account](r.Context())
	_, _ = fmt.Fprintf(w, "hello %s, %d credits", u.Email, u.Credits)
}

// login returns a token.
func (a *app) login(t testing.TB) string {
	t.Helper()
	resp, err := http.PostForm(a.url+"/auth/login", url.Values{"username": {email}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("the login is answered by %s, %v", resp.Status, err)
	}
	return answer.AccessToken
}

// hello is the page that requires a login.
func (a *app) hello(t testing.TB, token string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
