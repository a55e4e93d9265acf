package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// unpack is the way of users who may not install: the package, and what it needs beyond what the machine has, are unpacked into a folder,
// and a script in bin runs the program there.
func (m machine) unpack(ctx context.Context, p program) error {
	root := filepath.Join(m.cache, p.pkg)
	err := once(root, func(folder string) error {
		packages, err := download(ctx, filepath.Join(folder, "apt"), p.pkg)
		if err != nil {
			return err
		}
		for _, pkg := range packages {
			if err := quietly(ctx, "dpkg-deb", "--extract", pkg, folder); err != nil {
				return err
			}
		}
		return errors.Join(relocateNode(folder), os.RemoveAll(filepath.Join(folder, "apt")))
	})
	if err != nil {
		return err
	}
	return m.script(root, p)
}

// download gives the files of a package and of what the machine lacks for it. apt's lists and cache are in folder, which it can write.
func download(ctx context.Context, folder, pkg string) ([]string, error) {
	lists, archives := filepath.Join(folder, "lists"), filepath.Join(folder, "archives")
	for _, dir := range []string{lists, archives} {
		if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o700); err != nil {
			return nil, err
		}
	}
	for _, command := range [][]string{{"update"}, {"install", "--download-only", "--yes", "--no-install-recommends", pkg}} {
		options := []string{"-o", "Dir::State::lists=" + lists, "-o", "Dir::Cache=" + folder, "-o", "Debug::NoLocking=1"}
		if err := quietly(ctx, "apt-get", append(options, command...)...); err != nil {
			return nil, err
		}
	}
	return filepath.Glob(filepath.Join(archives, "*.deb"))
}

// script writes the program's script.
func (m machine) script(root string, p program) error {
	libraries, err := libraryFolders(root)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`#!/bin/sh
root=%q
export LD_LIBRARY_PATH=%q FONTCONFIG_SYSROOT="$root"
parts="$root"/usr/share/nodejs
[ ! -d "$parts" ] || { exec %d<"$parts"; export NODE_PATH="$parts:$NODE_PATH"; }
exec "$root"/%s "$@"
`, root, strings.Join(libraries, ":"), nodeDescriptor, p.archive)
	if err := os.MkdirAll(m.bin(), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(m.bin(), p.names[0]), []byte(text), 0o700)
}

// libraryFolders are those that have shared libraries. Some packages name theirs, which are elsewhere now, absolutely.
func libraryFolders(root string) (folders []string, err error) {
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if folder := filepath.Dir(path); strings.Contains(filepath.Base(path), ".so") && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
		return err
	})
	return folders, err
}

// Debian's Node reads parts of itself from /usr/share/nodejs. Its copy elsewhere reads them from the folder that its script has opened,
// by a path of the same length.
const (
	nodeDescriptor = 9
	nodeParts      = "/usr/share/nodejs/"
	nodePartsMoved = "/proc/self/fd/9/./"
)

func relocateNode(root string) error {
	libraries, err := filepath.Glob(filepath.Join(root, "usr", "lib", "*", "libnode.so.*"))
	if err != nil {
		return err
	}
	for _, path := range libraries {
		code, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		code = bytes.ReplaceAll(code, []byte(nodeParts), []byte(nodePartsMoved))
		if err := os.WriteFile(path, code, 0o600); err != nil {
			return err
		}
	}
	return nil
}
