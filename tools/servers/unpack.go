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

// unpack unpacks a package, and what it needs beyond what the machine has, into
// a folder, and writes scripts that run its programs there. Installing would
// need root, take longer, and start servers.
func (m machine) unpack(ctx context.Context, p pkg) error {
	root := filepath.Join(m.cache, p.name)
	err := once(root, func(folder string) error {
		if err := m.update(); err != nil {
			return err
		}
		archives := filepath.Join(folder, "archives")
		if err := aptGet(ctx, m.apt, archives, "install", "--download-only", "--yes", "--no-install-recommends",
			p.name); err != nil {
			return err
		}
		packages, err := filepath.Glob(filepath.Join(archives, "*.deb"))
		if err != nil {
			return err
		}
		for _, file := range packages {
			if err := quietly(ctx, "dpkg-deb", "--extract", file, folder); err != nil {
				return err
			}
		}
		return errors.Join(relocateNode(folder), os.RemoveAll(archives))
	})
	if err != nil {
		return err
	}
	return m.scripts(root, p.programs)
}

// aptGet runs apt-get with lists and archives in folders of the user's. It
// changes nothing on the machine, so it needs no lock.
func aptGet(ctx context.Context, folder, archives string, arguments ...string) error {
	lists := filepath.Join(folder, "lists")
	for _, dir := range []string{lists, archives} {
		if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o755); err != nil {
			return err
		}
	}
	options := []string{"Dir::State::lists=" + lists, "Dir::Cache=" + folder, "Dir::Cache::archives=" + archives,
		"Debug::NoLocking=1",
		"APT::Sandbox::User=root"}
	command := arguments
	for _, option := range options {
		command = append([]string{"-o", option}, command...)
	}
	return quietly(ctx, "apt-get", command...)
}

// launcher is the script that runs a program where it was unpacked: the folder,
// its libraries, its fonts, its parts of Node, the program and its arguments. A
// change of it changes the folder of the scripts, so that no earlier one is
// used.
const launcher = `#!/bin/sh
root=%q
export LD_LIBRARY_PATH=%q
[ ! -d "$root"/%s ] || export FONTCONFIG_FILE=%q
parts="$root"/usr/share/nodejs
[ ! -d "$parts" ] || { exec %d<"$parts"; export NODE_PATH="$parts:$NODE_PATH"; }
exec %q "$@" %s
`

// scripts writes a script for each program.
func (m machine) scripts(root string, programs []program) error {
	libraries, err1 := libraryFolders(root)
	fonts, err2 := m.fonts(root)
	if err := errors.Join(err1, err2, os.MkdirAll(m.bin(), 0o755)); err != nil {
		return err
	}
	for _, p := range programs {
		files, err := filepath.Glob(filepath.Join(root, p.file))
		if err == nil && len(files) == 0 {
			err = fmt.Errorf("%s: %w", p.file, fs.ErrNotExist)
		}
		if err != nil {
			return err
		}
		text := fmt.Sprintf(launcher,
			root, strings.Join(libraries, ":"), unpackedFonts, fonts, nodeDescriptor, files[0], p.arguments)
		if err := os.WriteFile(filepath.Join(m.bin(), p.names[0]), []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// libraryFolders are those that have shared libraries. Some packages name
// theirs, which are elsewhere now, absolutely.
func libraryFolders(root string) (folders []string, err error) {
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if folder := filepath.Dir(path); strings.Contains(filepath.Base(path), ".so") && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
		return err
	})
	return folders, err
}

// Debian's Node reads parts of itself from /usr/share/nodejs. Its copy
// elsewhere reads them from the folder that its script has opened, by a path of
// the same length.
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
