// Command oauth is a server-rendered application whose users log in with
// accounts at other services, and link several of them.
//
//	go run ./examples/oauth
//	GITHUB_CLIENT_ID=… GITHUB_CLIENT_SECRET=… go run ./examples/oauth
//
// A service is enabled by setting its variables. Without any, the application
// starts a local provider of its own, for development, so that it always runs.
// README.md next to this file lists the variables.
//
// Security notes. Sessions are cookies that pass a cross-origin check. The
// services' tokens are kept only if there is a VAULT_KEY to seal them with. The
// local provider trusts everybody: it is refused unless the application is on
// loopback.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/examples/internal/serve"
)

func main() { serve.Main("oauth", run) }

func run(ctx context.Context, log *slog.Logger) (err error) {
	cfg, err := configFromEnv()
	if err != nil {
		return err
	}
	listener, err := serve.Listen(cfg.addr, cfg.baseURL)
	if err != nil {
		return err
	}
	defer listener.Close()
	app, err := newApp(ctx, cfg, listener, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, serve.Close(app.auth, app.closeParts)) }()
	go app.auth.SweepEvery(ctx, time.Hour)
	fmt.Print(app.welcome(cfg, listener))
	return serve.HTTP(ctx, listener, app.routes(), log)
}

// welcome says which services are enabled, and what must be registered with
// each.
func (a *app) welcome(cfg config, l serve.Listener) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Latchkey's OAuth example listens on %s: open %s (users in %s).\n", l.URL(), l.BaseURL,
		cfg.databasePath)
	if cfg.vault == nil {
		b.WriteString("VAULT_KEY is not set: the services' tokens are not kept.\n")
	}
	b.WriteString("\nThese services are enabled; register two redirect URIs with each:\n\n")
	for _, s := range a.services {
		fmt.Fprintf(&b, "  %s\n    %[2]s/auth/cookie/%[3]s/callback\n    %[2]s/auth/associate/%[3]s/callback\n",
			s.Brand().Title, l.BaseURL, s.Name())
	}
	return b.String()
}
