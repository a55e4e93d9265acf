package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// unreleased are the modules that nobody gets.
var unreleased = []string{"benchmarks", "examples", "integration", "integration/mongostore", "tools"}

// tree is the modules of the repository, the root module first.
type tree struct {
	modules []goModule
	version string // what they require of each other
}

type goModule struct {
	dir  string // on disk
	name string // dir below the root, "." for the root module
	path string
	file *modfile.File
}

// readTree finds the modules and refuses a tree in which they do not agree
// about one version.
func readTree(root string) (tree, error) {
	var t tree
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.Name() != "go.mod":
			return nil
		}
		m, err := readModule(root, path)
		t.modules = append(t.modules, m)
		return err
	})
	if err != nil {
		return t, err
	}
	slices.SortFunc(t.modules, func(a, b goModule) int { return strings.Compare(a.name, b.name) })
	if len(t.modules) == 0 || t.modules[0].name != "." {
		return t, fmt.Errorf("%s has no go.mod", root)
	}
	return t, t.agree()
}

func readModule(root, path string) (goModule, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return goModule{}, err
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		return goModule{}, err
	}
	dir := filepath.Dir(path)
	name, err := filepath.Rel(root, dir)
	return goModule{dir: dir, name: filepath.ToSlash(name), path: file.Module.Mod.Path, file: file}, err
}

// agree sets version, and reports every requirement between the tree's modules
// that has another one.
func (t *tree) agree() error {
	var problems []error
	for _, m := range t.modules {
		for _, r := range m.file.Require {
			if !t.contains(r.Mod.Path) {
				continue
			}
			if t.version == "" {
				t.version = r.Mod.Version
			}
			if r.Mod.Version != t.version {
				problems = append(problems,
					fmt.Errorf("%s requires %s, others %s: all modules share one version", m.name, r.Mod, t.version))
			}
			if strings.HasPrefix(r.Mod.Version, "v0.0.0") {
				problems = append(problems, fmt.Errorf("%s requires %s: nobody could get it", m.name, r.Mod))
			}
		}
	}
	if t.version == "" {
		problems = append(problems, errors.New("no module requires another: the version is not known"))
	}
	return errors.Join(problems...)
}

func (t *tree) contains(path string) bool {
	return slices.ContainsFunc(t.modules, func(m goModule) bool { return m.path == path })
}

func (t *tree) released() []goModule {
	return slices.DeleteFunc(slices.Clone(t.modules), func(m goModule) bool { return slices.Contains(unreleased, m.name) })
}
