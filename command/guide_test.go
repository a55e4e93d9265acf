package command_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// The functions of this file are what docs/guides/commands.md shows; some are
// called by tests.

var _ = []any{guideMain, guideCobra, guideKeys, guideDoctor}

func serve(context.Context) {}

func open(context.Context) (*command.Opened[Customer], error) { return nil, nil }

func guideMain() {
	ctx := context.Background()
	if len(os.Args) > 1 {
		app := command.App[Customer]{Name: "shop", Open: open}
		os.Exit(command.Main(ctx, app, os.Args[1:]))
	}
	serve(ctx) // which calls open and Migrate, and listens
}

func guideCobra(root *cobra.Command) {
	app := command.App[Customer]{Name: "auth", Open: open}
	root.AddCommand(command.New(app)) // shop auth users list
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(command.Code(err))
	}
}

func guideKeys() (*jwt.Strategy, error) {
	file, err := os.ReadFile("keys.json")
	if err != nil {
		return nil, err
	}
	keys, err := jwt.ParseKeys(file)
	if err != nil {
		return nil, err
	}
	return jwt.New(jwt.Options{Keys: keys})
}

func guideDoctor(ctx context.Context, auth *latchkey.Auth[Customer]) {
	for _, f := range auth.Doctor(ctx) {
		if f.Severity == core.SeverityError {
			slog.Error(f.Text, "code", f.Code, "fix", f.Fix)
		}
	}
}
