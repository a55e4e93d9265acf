// Command start is the README's program: users in a SQLite file, pages to
// register and log in, and mails in an outbox for development.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/pages"
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
	auth, mails := open()
	if len(os.Args) > 1 { // such as: users create --superuser you@example.org
		app := command.App[Account]{Open: func(context.Context) (*command.Opened[Account], error) {
			return &command.Opened[Account]{Auth: auth}, nil
		}}
		os.Exit(command.Main(context.Background(), app, os.Args[1:]))
	}
	mux := routes(auth)
	httpauth.Mount(mux, "", auth.Pages("web"))
	mux.Handle("/outbox", mails)
	log.Print("open http://localhost:8080")
	log.Fatal((&http.Server{Addr: "localhost:8080", Handler: mux, ReadHeaderTimeout: time.Second}).ListenAndServe())
}

func open() (*latchkey.Auth[Account], *outbox.Outbox) {
	db := must(sql.Open("sqlite", sqlstore.SQLiteDSN("start.db")))
	db.SetMaxOpenConns(8)
	store := must(sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{}))
	users := must(sqlstore.Users[Account](store))
	must(0, store.Migrate(context.Background()))
	mails := must(outbox.New(outbox.Options{App: "Start"}))
	web := latchkey.Backend{Name: "web", Transport: must(cookie.New(cookie.Options{})),
		Strategy: must(session.New(store.Sessions(), session.Options{}))}
	flows := pages.Links("", verify.Flow{OnRegister: true}, reset.Flow{})
	return must(latchkey.New(users, latchkey.Options[Account]{
		Backends: []latchkey.Backend{web}, Flows: append(flows, must(pages.New(pages.Options{App: "Start"}))),
		Tickets: store.Tickets(), Sender: mails, BaseURL: "http://localhost:8080",
	})), mails
}

func routes(auth *latchkey.Auth[Account]) *http.ServeMux {
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API()) // what pages, scripts and other clients call
	members := httpauth.Require(auth, latchkey.LoginPage("/login"))
	mux.Handle("GET /{$}", members(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
