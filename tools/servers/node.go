package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// findNPM returns npm. node is in PATH then.
func (m machine) findNPM(ctx context.Context) (string, error) {
	return m.path(ctx, pkg{"npm", []program{
		{names: []string{"npm"}, file: "usr/bin/npm"},
		{names: []string{"node"}, file: "usr/bin/node"},
	}})
}

// oidcProvider returns a folder with npm's oidc-provider.
func (m machine) oidcProvider(ctx context.Context) (string, error) {
	return m.modules(ctx, "oidc-provider", filepath.Join("integration", "oidc", "node"))
}

// axe returns a folder with npm's axe-core.
func (m machine) axe(ctx context.Context) (string, error) {
	return m.modules(ctx, "axe-core", filepath.Join("integration", "pages", "axe"))
}

// openAPITypeScript returns a folder with npm's openapi-typescript and
// TypeScript.
func (m machine) openAPITypeScript(ctx context.Context) (string, error) {
	return m.modules(ctx, "openapi-typescript", filepath.Join("integration", "openapi", "node"))
}

// modules returns a folder with the node_modules that a folder of the tree
// pins.
func (m machine) modules(ctx context.Context, name, folder string) (string, error) {
	npm, err := m.npm()
	if err != nil {
		return "", err
	}
	pinned := filepath.Join(m.root, folder)
	lock, err := os.ReadFile(filepath.Join(pinned, "package-lock.json"))
	if err != nil {
		return "", err
	}
	at := filepath.Join(m.cache, fmt.Sprintf("%s-%.8x", name, sha256.Sum256(lock)))
	return at, once(at, func(folder string) error {
		for _, file := range []string{"package.json", "package-lock.json"} {
			text, err := os.ReadFile(filepath.Join(pinned, file))
			if err := errors.Join(err, os.WriteFile(filepath.Join(folder, file), text, 0o600)); err != nil {
				return err
			}
		}
		defer m.begin(name)()
		return quietly(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder)
	})
}

// once fills a folder unless it is there. It is there as a whole or not at all,
// whoever else is at it.
func once(at string, fill func(folder string) error) error {
	if _, err := os.Stat(at); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(filepath.Dir(at), "unfinished-")
	if err != nil {
		return err
	}
	err = errors.Join(fill(folder), os.Chmod(folder, 0o755)) // root's servers are another user's processes
	if err == nil {
		err = os.Rename(folder, at)
	}
	if errors.Is(err, os.ErrExist) { // another one was faster
		err = nil
	}
	return errors.Join(err, os.RemoveAll(folder))
}
