// Command releasecheck proves, before a release, that a module outside the
// workspace can get each released module and compiles nothing but that module's
// dependencies.
//
//	go run ./releasecheck ROOT
//
// It packs every released module of the tree as the version that they all
// require of each other, serves the archives to the go command from a folder,
// and for each module builds a consumer that imports all of its packages.
// Module cache, archives and consumers live in a temporary folder: what is
// packed here never reaches the real module cache.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: releasecheck ROOT")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1], dependencies)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, dependencies map[string][]string) (err error) {
	tree, err := readTree(root)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "latchkey-release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()

	if err := tree.pack(filepath.Join(temp, "proxy")); err != nil {
		return err
	}
	env, err := tree.consumerEnv(ctx, temp)
	if err != nil {
		return err
	}
	var problems []error
	for i, m := range tree.released() {
		allowed, ok := dependencies[m.name]
		if !ok {
			problems = append(problems, fmt.Errorf("releasecheck does not know the dependencies of %s", m.path))
			continue
		}
		c := consumer{filepath.Join(temp, fmt.Sprintf("consumer%d", i)), env, &tree, m, allowed}
		problems = append(problems, c.check(ctx))
	}
	return errors.Join(problems...)
}
