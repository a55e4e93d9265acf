// Command servers runs a command that needs foreign programs: it finds them,
// installs what is missing, and sets environment variables that say where they
// are.
//
//	go run ./servers ROOT COMMAND [ARGUMENT]…
//
// COMMAND runs in ROOT, the tree's root. Its exit code is that of servers, and
// what it leaves running is stopped.
//
// A program is taken from its variable, if that is set, or from PATH. On Debian
// a missing one is unpacked from the distribution's packages into a folder of
// the user's cache, by root into /var/cache. Nothing is installed, so no
// service starts, and nothing is written into the tree.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: servers ROOT COMMAND [ARGUMENT]…")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1], os.Args[2:])
	stop()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		os.Exit(exit.ExitCode()) // the command has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, command []string) error {
	cache, err := cacheFolder()
	if err != nil {
		return err
	}
	m, err := newMachine(ctx, root, cache)
	if err != nil {
		return err
	}
	env, err := m.environment(ctx)
	if err != nil {
		return err
	}
	return runGroup(ctx, root, env, command)
}

// environment returns the variables by which tests find what they need. Only
// few need PgBouncer, which say so themselves where it cannot be had.
func (m machine) environment(ctx context.Context) ([]string, error) {
	needs := []struct {
		variable string
		find     func(context.Context) (string, error)
	}{
		{"LATCHKEY_TEST_OIDC_PROVIDER", m.oidcProvider},
		{"LATCHKEY_TEST_AXE", m.axe},
		{"LATCHKEY_TEST_OPENAPI_TYPESCRIPT", m.openAPITypeScript},
		{"LATCHKEY_TEST_CHROMIUM", m.chromium},
		{"LATCHKEY_TEST_POSTGRES_BIN", m.postgres},
		{pgBouncer, m.pgbouncer},
		{"LATCHKEY_TEST_MARIADBD", m.mariadbd},
		{"LATCHKEY_TEST_REDIS_SERVER", m.redisServer},
	}
	values, errs := make([]string, len(needs)), make([]error, len(needs))
	defer m.beat(interval)()
	var finding sync.WaitGroup // at the same time, since downloads wait
	for i, n := range needs {
		finding.Go(func() {
			value := os.Getenv(n.variable)
			if value == "" {
				value, errs[i] = n.find(ctx)
			}
			values[i] = n.variable + "=" + value
			if errs[i] == nil {
				return
			}
			errs[i] = fmt.Errorf("%w (tests find it by %s)", errs[i], n.variable)
			if n.variable == pgBouncer {
				_, _ = fmt.Fprintln(m.out, "servers:", errs[i])
				errs[i] = nil
			}
		})
	}
	finding.Wait()
	err := errors.Join(append(errs, os.RemoveAll(m.apt))...)
	return append(os.Environ(), values...), err
}
