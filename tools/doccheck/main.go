// Command doccheck checks the Markdown files of a tree: relative links resolve,
// and a code block that names its source is that source, so that what the
// documentation shows is what the tests ran.
//
//	go run ./doccheck ROOT
//
// A block names its source in a comment above it: a file, or a function or type
// of a Go file. Of a function it shows the body, or all of it from the word
// func.
//
//	<!-- source: examples/quickstart/main.go -->
//	<!-- source: example_test.go ExampleNew -->
//
// The first Go block of README.md must have one. A README.md below docs links
// to each Markdown file beside it.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: doccheck ROOT")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// check joins every problem of the Markdown files under root.
func check(root string) error {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return err
	}
	var problems []error
	if first := firstGoBlock(string(readme)); first == nil || first.source == "" {
		problems = append(problems, errors.New("README.md: the first Go block names no source"))
	}
	walk := func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(entry.Name()) && path != root:
			return filepath.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found := slices.Concat(checkLinks(path, string(text)), checkBlocks(root, string(text)))
		if strings.HasPrefix(name, "docs/") && entry.Name() == "README.md" {
			found = append(found, checkIndex(path, string(text))...)
		}
		for _, problem := range found {
			problems = append(problems, fmt.Errorf("%s:%w", name, problem))
		}
		return nil
	}
	return errors.Join(append(problems, filepath.WalkDir(root, walk))...)
}

func skipped(dir string) bool {
	return strings.HasPrefix(dir, ".") || dir == "node_modules" || dir == "testdata"
}
