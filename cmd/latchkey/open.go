package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// database is what an application's database has of Latchkey.
type database struct {
	users       core.UserStore[latchkey.User]
	sessions    core.SessionStore
	tickets     core.TicketStore
	credentials core.CredentialStore
	limiter     core.Limiter
	store       core.Migrator
	// backends are the names of the application's backends, as far as
	// there are sessions of theirs.
	backends func(context.Context) []string
	// required are the columns of the application's own that must have a
	// value.
	required func(context.Context) ([]string, error)
	close    func() error
}

// databases are the kinds of databases by their schemes.
var databases = map[string]func(url string) (*database, error){
	"file": openSQLite, "postgres": openPostgres, "postgresql": openPostgres, "mysql": openMySQL, "mongodb": openMongoDB,
	"mongodb+srv": openMongoDB,
}

// open puts together what there is without the application.
func open(ctx context.Context) (*command.Opened[latchkey.User], error) {
	url := os.Getenv("DATABASE_URL")
	scheme, _, _ := strings.Cut(url, ":")
	connect, ok := databases[scheme]
	if !ok {
		return nil, errors.New("DATABASE_URL must begin with file:, postgres:, mysql: or mongodb:")
	}
	db, err := connect(url)
	if err != nil {
		return nil, err
	}
	auth, err := assemble(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return &command.Opened[latchkey.User]{Auth: auth, Stores: []core.Migrator{db.store}, Close: db.close}, nil
}

func assemble(ctx context.Context, db *database) (*latchkey.Auth[latchkey.User], error) {
	strategy, err := session.New(db.sessions, session.Options{MaxPerUser: -1}) // it begins none
	if err != nil {
		return nil, err
	}
	o := latchkey.Options[latchkey.User]{
		Tickets: db.tickets, Credentials: db.credentials, Limiter: db.limiter, BaseURL: os.Getenv("BASE_URL"),
		Hooks: latchkey.Hooks[latchkey.User]{BeforeRegister: db.refuseHalves},
		Log:   slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	for _, name := range db.backends(ctx) {
		o.Backends = append(o.Backends,
			latchkey.Backend{Name: name, Transport: bearer.New(bearer.Options{}), Strategy: strategy})
	}
	if db.credentials != nil {
		// The vault's keys are the application's. Listing, removing and
		// unlocking need none.
		o.Vault = []core.VaultKey{{ID: "none", Secret: make([]byte, 32)}}
		_, _ = rand.Read(o.Vault[0].Secret)
		o.Flows = append(o.Flows, totp.Flow{Issuer: "none"}, recovery.Flow{})
	}
	if o.BaseURL != "" {
		o.Flows = append(o.Flows, reset.Flow{Options: mailtoken.Options{Link: os.Getenv("RESET_LINK")}})
		if o.Sender, err = outbox.New(outbox.Options{}); err != nil { // the flow needs one, and no command sends a mail
			return nil, err
		}
	}
	return latchkey.New(db.users, o)
}

// refuseHalves refuses a user of whom only half would be stored.
func (db *database) refuseHalves(ctx context.Context, _ *latchkey.Event[latchkey.User]) error {
	columns, err := db.required(ctx)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return nil
	}
	refusal := latchkey.Refuse("OWN_COLUMNS")
	refusal.Reason = fmt.Sprintf("users here have columns of the application's own that must have a value (%s): "+
		"use the application's own commands", strings.Join(columns, ", "))
	return refusal
}
