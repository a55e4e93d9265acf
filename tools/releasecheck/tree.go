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

// outside are the folders of modules that nobody gets and that stay out of the
// workspace. examples is in the workspace, and is not released either.
var outside = []string{"benchmarks", "integration", "tools"}

// tree is the modules of the repository, the root module first.
type tree struct {
	modules   []goModule
	workspace []string // names of the modules in go.work
	version   string   // what they require of each other
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
	if err := t.readWorkspace(root); err != nil {
		return t, err
	}
	return t, t.agree()
}

// readWorkspace sets workspace, which has every module but those outside: it is
// the one list of modules.
func (t *tree) readWorkspace(root string) error {
	path := filepath.Join(root, "go.work")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := modfile.ParseWork(path, text, nil)
	if err != nil {
		return err
	}
	for _, use := range file.Use {
		t.workspace = append(t.workspace, filepath.ToSlash(filepath.Clean(use.Path)))
	}
	var problems []error
	for _, m := range t.modules {
		folder, _, _ := strings.Cut(m.name, "/")
		if !slices.Contains(outside, folder) && !slices.Contains(t.workspace, m.name) {
			problems = append(problems, fmt.Errorf("%s is not in go.work", m.name))
		}
	}
	return errors.Join(problems...)
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

// released returns the modules that others can get.
func (t *tree) released() []goModule {
	return slices.DeleteFunc(slices.Clone(t.modules), func(m goModule) bool {
		return m.name == "examples" || !slices.Contains(t.workspace, m.name)
	})
}
