package command_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// Customer is an application's user.
type Customer struct {
	latchkey.User
	Name string `json:"name" auth:"register,update"`
}

// An application whose own program has the commands: without arguments it
// serves. Here its users are in memory; an application of yours opens its
// database, and closes it in Opened.Close.
func Example() {
	users := memstore.NewUsers[Customer]()
	app := command.App[Customer]{Name: "shop", Open: func(context.Context) (*command.Opened[Customer], error) {
		sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
		if err != nil {
			return nil, err
		}
		auth, err := latchkey.New(users, latchkey.Options[Customer]{
			Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
			Log:      slog.New(slog.DiscardHandler),
		})
		return &command.Opened[Customer]{Auth: auth}, err
	}}
	for _, args := range [][]string{ // os.Args[1:]
		{"users", "create", "ada@example.org", "--superuser", "--no-password", "--set", "name=Ada"},
		{"users", "show", "bob@example.org"},
	} {
		root := command.New(app) // or os.Exit(command.Main(ctx, app, args)), which prints the error
		root.SetArgs(args)
		root.SetOut(io.Discard)
		err := root.Execute()
		fmt.Println("exit code", command.Code(err), err)
	}
	ada, err := users.Find(context.Background(), core.ByEmail("ada@example.org"))
	fmt.Println(ada.Name, ada.IsSuperuser, err)
	// Output:
	// exit code 0 <nil>
	// exit code 3 there is no user bob@example.org
	// Ada true <nil>
}
