// Command quickstart is a complete application with users, on chi with an
// embedded SQLite file.
//
//	go run ./examples/quickstart
//
// It registers people, logs them in by JWT, by cookie, by session token and at
// an OpenID provider that it brings along, sends verification and reset mail
// (to GET /dev/outbox unless SMTP_URL is set), and lets a superuser administer
// them. README.md next to this file walks through it with curl.
//
// Security notes: read the environment variables in README.md before you put it
// on a network. LIMITS=off, which logs a warning, is for load tests, and
// INSECURE_HTTP=on for local networks. The provider trusts everybody, and runs
// on loopback only.
package main

import (
	"context"
	"log/slog"

	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

func main() {
	site.Main("quickstart", func(ctx context.Context, app *site.Site, l serve.Listener, log *slog.Logger) error {
		return serve.HTTP(ctx, l, routes(app), log)
	})
}
