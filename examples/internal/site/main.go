package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/latchkey-go/latchkey/examples/internal/serve"
)

// Main runs an example until it is stopped: it reads the environment, listens,
// assembles the application, prints what to do next and lets answer serve the
// routes of a framework.
func Main(name string, answer func(context.Context, *Site, serve.Listener, *slog.Logger) error) {
	serve.Main(name, func(ctx context.Context, log *slog.Logger) (err error) {
		cfg, err := FromEnv()
		if err != nil {
			return err
		}
		listener, err := serve.Listen(cfg.Addr, cfg.BaseURL)
		if err != nil {
			return err
		}
		defer listener.Close()
		at := listener.URL()
		if named := listener.AtLocalhost(); cfg.BaseURL == "" && !cfg.noFactors && named.BaseURL != at {
			listener, at = named, named.BaseURL
		}
		app, err := New(ctx, cfg, listener, log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, app.Close()) }()
		fmt.Print(welcome(name, cfg, at, app.Local != nil))
		return answer(ctx, app, listener, log)
	})
}

func welcome(name string, cfg Config, base string, withProvider bool) string {
	mails := "go to " + cfg.SMTPHost() + " by SMTP"
	if cfg.SMTPURL == "" {
		mails = "are kept at " + base + "/dev/outbox"
	}
	login := "Open " + base +
		" in a browser to log in at the local provider, which is for development: no account anywhere is needed."
	if !withProvider {
		login = "The local provider is off: it is for development, and ADDR or BASE_URL is not loopback."
	}
	if strings.HasPrefix(base, "http://localhost:") {
		login += "\nAt 127.0.0.1 everything works but passkeys, which belong to the name localhost."
	}
	return fmt.Sprintf(`Latchkey's example %[4]s listens on %[1]s (users in %[2]s). Mails %[3]s.

%[5]s

Or try it in another terminal:

  curl %[1]s/auth/register -H 'Content-Type: application/json' \
       -d '{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}'
  curl %[1]s/auth/jwt/login -d username=ada@example.org -d 'password=analytical engine'
  curl %[1]s/authenticated-route -H 'Authorization: Bearer <the access_token>'

Stop it with Ctrl-C. examples/README.md goes on from here.
`, base, cfg.Where(), mails, name, login)
}
