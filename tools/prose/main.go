// Command prose checks how the Go files of a tree read.
//
//	go run ./prose ROOT
//
// It lists, as file:line: problem, the lines that are too wide and the doc
// comments that use a refused word. Files that a program wrote, and folders
// named testdata, are left out. That a doc comment begins with the name that it
// documents is godoclint's to check.
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: prose ROOT")
		os.Exit(2)
	}
	problems, err := check(os.Args[1])
	for _, p := range problems {
		fmt.Println(p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
	}
	if err != nil || len(problems) > 0 {
		os.Exit(1)
	}
}

// problem is what is wrong with a line.
type problem struct {
	file string // below the root
	line int
	what string
}

func (p problem) String() string { return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.what) }

// check returns the problems of all files below root, in the order of files and
// lines. The error joins the files that could not be read.
func check(root string) ([]problem, error) {
	var all []problem
	var broken []error
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(entry.Name()) && path != root:
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		found, err := checkFile(path)
		broken = append(broken, err)
		name, err := filepath.Rel(root, path)
		for _, p := range found {
			p.file = filepath.ToSlash(name)
			all = append(all, p)
		}
		return err
	})
	return all, errors.Join(append(broken, err)...)
}

func skipped(dir string) bool {
	return strings.HasPrefix(dir, ".") || dir == "node_modules" || dir == "testdata"
}

// checkFile returns the problems of a file in the order of its lines.
func checkFile(path string) ([]problem, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(file) {
		return nil, nil
	}
	problems := append(wide(string(text)), refused(files, file)...)
	slices.SortStableFunc(problems, func(a, b problem) int { return a.line - b.line })
	return problems, nil
}
