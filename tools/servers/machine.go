package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// machine is where the command runs.
type machine struct {
	root   string       // of the tree
	cache  string       // of what is installed for tests alone
	apt    string       // folder of apt's lists for this run
	update func() error // fills it, once
	npm    func() (string, error)
	*installs
}

// newMachine puts the folders of servers, and what earlier runs have unpacked,
// behind everything else in PATH.
func newMachine(ctx context.Context, root, cache string) (machine, error) {
	m := machine{root: root, cache: cache, apt: filepath.Join(cache, fmt.Sprintf("apt-%d", os.Getpid()))}
	m.installs = &installs{out: os.Stderr, folder: cache}
	m.update = sync.OnceValue(func() error { return aptGet(ctx, m.apt, m.apt, "update") })
	m.npm = sync.OnceValues(func() (string, error) { return m.findNPM(ctx) })
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return machine{}, err
	}
	slices.Reverse(folders) // the newest first
	folders = append(folders, "/usr/sbin", m.bin())
	return m, os.Setenv("PATH",
		strings.Join(append([]string{os.Getenv("PATH")}, folders...), string(os.PathListSeparator)))
}

// cacheFolder is below the user's, but root's own are closed to the user that
// runs root's servers.
func cacheFolder() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/latchkey-test", nil
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "latchkey-test"), err
}

// bin is the folder of the scripts that run what was unpacked.
func (m machine) bin() string {
	return filepath.Join(m.cache, fmt.Sprintf("bin-%.4x", sha256.Sum256([]byte(launcher))))
}

// pkg is a package of the distribution, for the programs that it or what it
// depends on brings.
type pkg struct {
	name     string
	programs []program
}

type program struct {
	names     []string // in PATH; the first is the package's
	file      string   // where it is in the package, a pattern
	arguments string   // that it needs in the folder $root, more than in the place that it was made for
}

// path finds a package's programs, or installs the package, and returns the
// path of the first.
func (m machine) path(ctx context.Context, p pkg) (string, error) {
	if path, err := p.find(); err == nil {
		return path, nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return "", fmt.Errorf("the programs of %s are not in PATH, and there is no apt-get to install them with", p.name)
	}
	defer m.begin(p.name)()
	if err := m.unpack(ctx, p); err != nil {
		return "", fmt.Errorf("installing %s: %w", p.name, err)
	}
	return p.find()
}

// find finds all programs, or fails.
func (p pkg) find() (first string, err error) {
	for _, program := range slices.Backward(p.programs) {
		if first, err = program.find(); err != nil {
			return "", err
		}
	}
	return first, nil
}

func (p program) find() (path string, err error) {
	for _, name := range p.names {
		if path, err = exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", err
}

// quietly runs a command whose output is of interest only when it fails.
func quietly(ctx context.Context, name string, arguments ...string) error {
	cmd := exec.CommandContext(ctx, name, arguments...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %v\n%s", cmd.Args, err, out) // its exit code is not that of the command
	}
	return nil
}
