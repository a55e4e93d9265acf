// Command start is the README's program: users in a SQLite file, logins by
// cookie, and mails in an outbox for development.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
	_ "modernc.org/sqlite"
)

// Account is your user; the auth tag says when its owner may set a field.
type Account struct {
	latchkey.User
	Name string `json:"name" db:"name" auth:"register,update"`
}

func main() {
	log.Fatal((&http.Server{Addr: "localhost:8080", Handler: handler(), ReadHeaderTimeout: time.Second}).ListenAndServe())
}

func handler() http.Handler {
	db := must(sql.Open("sqlite", sqlstore.SQLiteDSN("start.db")))
	db.SetMaxOpenConns(8)
	store := must(sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{}))
	users := must(sqlstore.Users[Account](store))
	must(0, store.Migrate(context.Background()))
	mails := must(outbox.New(outbox.Options{App: "Start"}))
	web := latchkey.Backend{Name: "web", Transport: must(cookie.New(cookie.Options{})),
		Strategy: must(session.New(store.Sessions(), session.Options{}))}
	auth := must(latchkey.New(users, latchkey.Options[Account]{
		Backends: []latchkey.Backend{web}, Flows: []latchkey.Flow{verify.Flow{OnRegister: true}},
		Tickets: store.Tickets(), Sender: mails, BaseURL: "http://localhost:8080",
	}))
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.Register().At("/auth"), auth.Verify().At("/auth"), auth.Login("web").At("/auth/web"),
		auth.Users().At("/users"))
	mux.Handle("/outbox", mails)
	mux.Handle("GET /hello", httpauth.Require(auth)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if account, ok := latchkey.CurrentUser[Account](r.Context()); ok {
			fmt.Fprintf(w, "Hello %s!\n", account.Name)
		}
	})))
	return mux
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
