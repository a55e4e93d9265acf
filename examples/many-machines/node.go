package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/go-chi/chi/v5"

	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

// runNode is one process of the application.
func runNode(ctx context.Context, name string, log *slog.Logger) (err error) {
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
	r := chi.NewRouter()
	r.Use(sayNode(name))
	r.NotFound(chiauth.NotFound)
	r.MethodNotAllowed(chiauth.MethodNotAllowed)
	for _, backend := range site.Backends {
		chiauth.Mount(r, "/auth/"+backend, app.Auth.Login(backend))
	}
	chiauth.Mount(r, "/auth", app.Auth.Register(), app.Auth.Verify(), app.Auth.Reset(), app.Auth.Sessions())
	chiauth.Mount(r, "/users", app.Auth.Users())
	fmt.Println(listener.URL())
	return serve.HTTP(ctx, listener, r, log)
}

// sayNode adds a header that names the node that responded.
func sayNode(name string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Node", name)
			next.ServeHTTP(w, r)
		})
	}
}

// node is such a process, seen from outside.
type node struct {
	name, url string
	cmd       *exec.Cmd
}

// startNode starts this program again and waits until it prints where it
// listens.
func startNode(name string, env []string) (*node, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), env...), nodeVariable+"="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("node %s did not start", name), cmd.Wait())
	}
	return &node{name, strings.TrimSpace(line), cmd}, nil
}

func (n *node) stop() error {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may already have received the terminal's SIGINT
	return n.cmd.Wait()
}

// roundRobin returns the proxy. It appends the client's address to
// X-Forwarded-For, which the nodes trust it for.
func roundRobin(nodes []*node, log *slog.Logger) http.Handler {
	var turn atomic.Uint64
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			to, _ := url.Parse(nodes[turn.Add(1)%uint64(len(nodes))].url) // as the node printed it
			r.SetURL(to)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
