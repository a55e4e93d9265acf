// Package serve contains what the examples' servers have in common: an address
// from the environment, timeouts, an orderly shutdown.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Main runs a program until it returns or receives SIGINT or SIGTERM, and exits
// with status 1 after an error.
func Main(name string, run func(ctx context.Context, log *slog.Logger) error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, log); err != nil {
		fmt.Fprintln(os.Stderr, name+":", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// Listener is where a program listens, and the URL its users know it by.
type Listener struct {
	net.Listener
	BaseURL string // without a trailing slash
}

// Listen opens an address, whose port may be 0. The default base URL is http://
// and the address.
func Listen(addr, baseURL string) (Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return Listener{}, fmt.Errorf("ADDR must be HOST:PORT, and free: %w", err)
	}
	l := Listener{listener, strings.TrimSuffix(baseURL, "/")}
	if l.BaseURL == "" {
		host, _, _ := net.SplitHostPort(addr)
		if l.at().IP.IsUnspecified() {
			host = "localhost"
		}
		l.BaseURL = "http://" + net.JoinHostPort(host, l.port())
	}
	return l, nil
}

func (l Listener) at() *net.TCPAddr { return l.Addr().(*net.TCPAddr) }
func (l Listener) port() string     { return strconv.Itoa(l.at().Port) }

// AtLocalhost returns the listener with a base URL of the name localhost in
// place of the default one's 127.0.0.1 or ::1: passkeys belong to a name.
func (l Listener) AtLocalhost() Listener {
	if ip := l.at().IP; l.BaseURL == l.URL() && (ip.Equal(net.IPv4(127, 0, 0, 1)) || ip.Equal(net.IPv6loopback)) {
		l.BaseURL = "http://localhost:" + l.port()
	}
	return l
}

// HasName reports whether the base URL has a name, and not an address.
func (l Listener) HasName() bool {
	u, err := url.Parse(l.BaseURL)
	return err == nil && net.ParseIP(u.Hostname()) == nil
}

// URL returns the URL of the address itself.
func (l Listener) URL() string { return "http://" + l.Addr().String() }

// OnLoopback reports whether only this machine can reach the program, and the
// base URL says so too.
func (l Listener) OnLoopback() bool {
	u, err := url.Parse(l.BaseURL)
	return err == nil && l.at().IP.IsLoopback() && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

// OtherNames returns the other names that a browser on this machine may use for
// the program.
func (l Listener) OtherNames() []string {
	return []string{"http://localhost:" + l.port(), "http://127.0.0.1:" + l.port()}
}

// HTTP serves until ctx is done, and then finishes the requests in progress.
func HTTP(ctx context.Context, l Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return Until(ctx, log, func() error { return server.Serve(l) }, server.Shutdown)
}

// Until runs a server until ctx is done, and then allows ten seconds for the
// requests in progress.
func Until(ctx context.Context, log *slog.Logger, start func() error, stop func(context.Context) error) error {
	failed := make(chan error, 1)
	go func() { failed <- start() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping after the requests in progress")
	deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return stop(deadline)
}

// Close allows an application ten seconds for work outside of requests, such as
// queued mail.
func Close(app interface{ Close(context.Context) error }, parts ...func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	errs := []error{app.Close(ctx)}
	for _, part := range parts {
		errs = append(errs, part())
	}
	return errors.Join(errs...)
}
