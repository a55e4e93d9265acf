// Command servers runs a command that needs foreign programs: it finds them, installs what is missing, and tells the command by
// environment variables where they are.
//
//	go run ./servers ROOT COMMAND [ARGUMENT]…
//
// COMMAND runs in ROOT, the tree's root. Its exit code is that of servers, and what it leaves running is stopped.
//
// A program is taken from its variable, if that is set, or from PATH. On Debian a missing one is installed: by root as everybody knows it,
// by others into a folder below the user's cache. Nothing is written into the tree.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
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
	m, err := newMachine(ctx, root)
	if err != nil {
		return err
	}
	env, err := m.environment(ctx)
	if err != nil {
		return err
	}
	return runGroup(ctx, root, env, command)
}

// environment gives the variables by which tests find what they need.
func (m machine) environment(ctx context.Context) ([]string, error) {
	needs := []struct {
		variable string
		find     func(context.Context) (string, error)
	}{
		{"LATCHKEY_TEST_OIDC_PROVIDER", m.oidcProvider},
		{"LATCHKEY_TEST_CHROMIUM", m.chromium},
	}
	env := os.Environ()
	for _, n := range needs {
		if os.Getenv(n.variable) != "" {
			continue
		}
		value, err := n.find(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w (tests find it by %s)", err, n.variable)
		}
		env = append(env, n.variable+"="+value)
	}
	return env, nil
}
