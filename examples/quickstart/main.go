// Command quickstart is a complete application with users, on chi with an embedded SQLite file.
//
//	go run ./examples/quickstart
//
// It registers people, logs them in by JWT, by cookie, by session token and at an OpenID provider that it brings along, sends verification
// and reset mails (to GET /dev/outbox unless SMTP_URL is set), and lets a superuser administer them. README.md beside this file walks
// through it with curl.
//
// Security notes: read the environment variables in README.md before you put it on a network. LIMITS=off and INSECURE_HTTP=on are for load
// tests and local networks; both say so loudly. The provider believes everybody, and is there on loopback alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

func main() { serve.Main("quickstart", run) }

func run(ctx context.Context, log *slog.Logger) (err error) {
	cfg, err := site.FromEnv()
	if err != nil {
		return err
	}
	listener, err := serve.Listen(cfg.Addr, cfg.BaseURL)
	if err != nil {
		return err
	}
	defer listener.Close()
	app, err := site.New(ctx, cfg, listener, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	fmt.Print(welcome(cfg, listener.URL(), app.Local != nil))
	return serve.HTTP(ctx, listener, routes(app), log)
}

func welcome(cfg site.Config, base string, withProvider bool) string {
	mails := "go to " + cfg.SMTPHost() + " by SMTP"
	if cfg.SMTPURL == "" {
		mails = "are kept at " + base + "/dev/outbox"
	}
	login := "Open " + base + " in a browser to log in at the local provider, which is for development: no account anywhere is needed."
	if !withProvider {
		login = "The local provider is off: it is for development, and ADDR or BASE_URL is not loopback."
	}
	return fmt.Sprintf(`Latchkey's quickstart listens on %[1]s (users in %[2]s). Mails %[3]s.

%[4]s

Or try it in another terminal:

  curl %[1]s/auth/register -H 'Content-Type: application/json' \
       -d '{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}'
  curl %[1]s/auth/jwt/login -d username=ada@example.org -d 'password=analytical engine'
  curl %[1]s/authenticated-route -H 'Authorization: Bearer <the access_token>'

Stop it with Ctrl-C. examples/quickstart/README.md goes on from here.
`, base, cfg.Database, mails, login)
}
