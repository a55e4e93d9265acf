// Command latchkey operates the users of a database of Latchkey's without the
// application's own program: for keys, migrations of what every application
// has, and a look at users and their sessions.
//
//	export DATABASE_URL=postgres://user:password@localhost/app
//	go run github.com/latchkey-go/latchkey/cmd/latchkey users list
//
// It reads its settings from the environment:
//
//   - DATABASE_URL: file:PATH of SQLite, postgres:, mysql: or mongodb:
//   - LATCHKEY_PREFIX, LATCHKEY_USERS_TABLE and LATCHKEY_IDS (uuid, text,
//     bigint; objectid of MongoDB): the store's options of the same names
//   - BASE_URL and RESET_LINK: where the application's page is that sets a
//     password, for --link. RESET_LINK is a path with {token} in it, by default
//     /reset#token={token}
//
// It has Latchkey's own columns alone. It does not run the application's hooks,
// its policy for passwords and its hashers, and creates nobody where the table
// of users has a column that must have a value. Programs embed package command
// for that, and have the same commands with all that is theirs.
//
// Security notes. Whoever has the database's password has every account. The
// URL is read from the environment, as other users of a machine see arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/command"
)

func main() {
	if slices.Contains(os.Args, "--link") && os.Getenv("BASE_URL") == "" {
		fmt.Fprintln(os.Stderr, "latchkey: --link needs BASE_URL, where the application's pages are")
		os.Exit(2)
	}
	app := command.App[latchkey.User]{Name: "latchkey", Open: open}
	os.Exit(command.Main(context.Background(), app, os.Args[1:]))
}
