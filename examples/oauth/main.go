// Command oauth is a server-rendered application whose users log in with accounts at other services, and link several of them.
//
//	go run ./examples/oauth
//	GITHUB_CLIENT_ID=… GITHUB_CLIENT_SECRET=… go run ./examples/oauth
//
// A service is on when its variables are set. Without any the application brings a local provider of its own, for development, so that it
// always runs. README.md beside this file has the variables.
//
// Security notes. Sessions are cookies that pass a cross-origin check. The services' tokens are kept only if there is a VAULT_KEY to seal
// them with. The local provider believes everybody: it is refused where the application is not on loopback.
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
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, log); err != nil {
		fmt.Fprintln(os.Stderr, "oauth:", strings.ReplaceAll(err.Error(), "\n", "; "))
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
		Handler:           app.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	fmt.Print(app.welcome(cfg))

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	go app.sweepHourly(ctx)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(deadline)
}

// welcome says which services are on, and what has to be registered with each.
func (a *app) welcome(cfg config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Latchkey's OAuth example listens on http://%s: open %s (users in %s).\n", cfg.at, cfg.baseURL, cfg.databasePath)
	if cfg.vault == nil {
		b.WriteString("VAULT_KEY is not set: the services' tokens are not kept.\n")
	}
	b.WriteString("\nThese services are on; each must know its two redirect URIs:\n\n")
	for _, s := range a.services {
		fmt.Fprintf(&b, "  %s\n    %[2]s/auth/cookie/%[3]s/callback\n    %[2]s/auth/associate/%[3]s/callback\n", s.Brand().Title, cfg.baseURL, s.Name())
	}
	return b.String()
}
