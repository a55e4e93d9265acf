package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// machine is where the command runs.
type machine struct {
	root   string       // of the tree
	cache  string       // of what is installed for tests alone
	update func() error // of root's lists of packages, once
}

// newMachine puts what earlier runs have unpacked behind everything else in PATH.
func newMachine(ctx context.Context, root string) (machine, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return machine{}, err
	}
	update := sync.OnceValue(func() error { return quietly(ctx, "apt-get", "update") })
	m := machine{root, filepath.Join(cache, "latchkey-test"), update}
	return m, os.Setenv("PATH", os.Getenv("PATH")+string(os.PathListSeparator)+m.bin())
}

func (m machine) bin() string { return filepath.Join(m.cache, "bin") }

// program is what a package of the distribution brings.
type program struct {
	names   []string // in PATH; the first is the package's
	pkg     string
	archive string // where it is in the package
}

// path finds a program, or installs it.
func (m machine) path(ctx context.Context, p program) (string, error) {
	for _, name := range p.names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return "", fmt.Errorf("none of %q is in PATH, and there is no apt-get to install the first with", p.names)
	}
	fmt.Fprintln(os.Stderr, "servers: installing", p.pkg)
	install := m.unpack
	if os.Geteuid() == 0 {
		install = m.install
	}
	if err := install(ctx, p); err != nil {
		return "", fmt.Errorf("installing %s: %w", p.pkg, err)
	}
	return exec.LookPath(p.names[0])
}

// install is the way of root.
func (m machine) install(ctx context.Context, p program) error {
	if err := m.update(); err != nil {
		return err
	}
	return quietly(ctx, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--no-install-recommends", p.pkg)
}

// quietly runs a command whose output is of interest only when it fails.
func quietly(ctx context.Context, name string, arguments ...string) error {
	cmd := exec.CommandContext(ctx, name, arguments...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %v\n%s", cmd.Args, err, out) // its exit code is not that of the command
	}
	return nil
}
