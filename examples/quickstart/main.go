// Command quickstart is a complete application with users, on chi with an embedded SQLite file.
//
//	go run ./examples/quickstart
//
// It registers people, logs them in by JWT, by cookie and by session token, sends verification and reset mails (to GET /dev/outbox unless
// SMTP_URL is set), and lets a superuser administer them. README.md beside this file walks through it with curl.
//
// Security notes: read the environment variables in config.go before you put it on a network. LIMITS=off and INSECURE_HTTP=on are for load
// tests and local networks; both say so loudly.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
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
	app, err := newApp(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.close()) }()

	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           app.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	fmt.Print(welcome(cfg, listener.Addr()))

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

func welcome(cfg config, addr net.Addr) string {
	base := "http://" + addr.String()
	mails := "go to " + cfg.smtpHost() + " by SMTP"
	if cfg.smtpURL == "" {
		mails = "are kept at " + base + "/dev/outbox"
	}
	return fmt.Sprintf(`Latchkey's quickstart listens on %[1]s (users in %[2]s). Mails %[3]s.

Try it in another terminal:

  curl %[1]s/auth/register -H 'Content-Type: application/json' \
       -d '{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}'
  curl %[1]s/auth/jwt/login -d username=ada@example.org -d 'password=analytical engine'
  curl %[1]s/authenticated-route -H 'Authorization: Bearer <the access_token>'

Stop it with Ctrl-C. examples/quickstart/README.md goes on from here.
`, base, cfg.database, mails)
}
