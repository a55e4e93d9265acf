package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// pack lays the released modules out in dir as a module proxy does, for
// GOPROXY=file://.
func (t *tree) pack(dir string) error {
	for _, m := range t.released() {
		if err := m.pack(dir, t.version); err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
	}
	return nil
}

func (m goModule) pack(dir, version string) (err error) {
	path, err := module.EscapePath(m.path)
	if err != nil {
		return err
	}
	base := filepath.Join(dir, filepath.FromSlash(path), "@v", version)
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return err
	}
	info := fmt.Sprintf(`{"Version":%q}`, version)
	if err := os.WriteFile(base+".info", []byte(info), 0o600); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(m.dir, "go.mod"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(base+".mod", mod, 0o600); err != nil {
		return err
	}
	archive, err := os.Create(base + ".zip")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	return zip.CreateFromDir(archive, module.Version{Path: m.path, Version: version}, m.dir)
}
