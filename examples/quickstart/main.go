// Command quickstart is a complete application with users, on chi with an embedded SQLite file.
//
//	go run ./examples/quickstart
//
// It registers people, logs them in by JWT, by cookie, by session token and at an OpenID provider that it brings along, sends verification
// and reset mails (to GET /dev/outbox unless SMTP_URL is set), and lets a superuser administer them. README.md beside this file walks
// through it with curl.
//
// Security notes: read the environment variables in config.go before you put it on a network. LIMITS=off and INSECURE_HTTP=on are for load
// tests and local networks; both say so loudly. The provider believes everybody, and is there on loopback alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/latchkey-go/latchkey/examples/localprovider"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, log); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

func run(ctx context.Context, log *slog.Logger) (err error) {
	cfg, err := configFromEnv()
	if err != nil {
		return err
	}
	listener, err := cfg.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	app, err := newApp(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.close()) }()

	server := &http.Server{
		Handler:           app.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	fmt.Print(welcome(cfg, app.local))

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	go app.sweepHourly(ctx)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping: requests in flight are finished first")
	deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(deadline)
}

func welcome(cfg config, local *localprovider.Provider) string {
	base := "http://" + cfg.at.String()
	mails := "go to " + cfg.smtpHost() + " by SMTP"
	if cfg.smtpURL == "" {
		mails = "are kept at " + base + "/dev/outbox"
	}
	login := "Open " + base + " in a browser to log in at the local provider, which is for development: no account anywhere is needed."
	if local == nil {
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
`, base, cfg.database, mails, login)
}
