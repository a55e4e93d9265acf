// Command siblings checks that the parts of a family do not import each other,
// so that an application gets one without the rest.
//
//	go run ./siblings ROOT
//
// A family is a folder such as stores, and its parts are the folders in it. The
// exceptions: a test imports its family's conformance kit, the folder that ends
// in "test"; tests of a kit, and those in the family's own folder, import all
// parts; a part that is made for its siblings, and one that is made with what
// is in the family's own folder, and one whose tests need siblings, are in the
// lists below.
package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const module = "github.com/latchkey-go/latchkey/"

var families = []string{
	"adapters", "flows", "hashers", "providers", "senders", "stores", "strategies", "transports",
}

// shared are the parts that their siblings may import.
var shared = map[string]bool{"adapters/httpauth": true, "stores/sqlstore": true}

// within are the parts that may import their family's own folder, in whose
// module they are.
var within = map[string]bool{"providers/localprovider": true}

// beside are the parts that are nothing without a sibling, such as trusted
// browsers without a second factor: their tests import others.
var beside = map[string]bool{
	"flows/audit": true, "flows/emailchange": true, "flows/leaving": true, "flows/notices": true, "flows/trusted": true,
	"strategies/refresh": true,
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: siblings ROOT")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// check joins every import between siblings below root.
func check(root string) error {
	var problems []error
	for _, family := range families {
		err := filepath.WalkDir(filepath.Join(root, family), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err == nil {
				problems = append(problems, checkFile(path, filepath.ToSlash(name)))
			}
			return err
		})
		if !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// checkFile joins the imports of siblings in the file at path, which has that
// name below the root.
func checkFile(path, name string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	family, own := split(name)
	test := strings.HasSuffix(name, "_test.go")
	var problems []error
	for _, i := range file.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		target, ours := strings.CutPrefix(imported, module)
		theirFamily, other := split(target + "/")
		switch {
		case !ours || theirFamily != family || other == own:
		case shared[family+"/"+other]:
		case other == "" && within[family+"/"+own]:
		case test && beside[family+"/"+own]:
		case test && (strings.HasSuffix(other, "test") || strings.HasSuffix(own, "test") || own == ""):
		default:
			line := files.Position(i.Pos()).Line
			problems = append(problems, fmt.Errorf("%s:%d: imports %s: parts of a family do not import each other", name, line, target))
		}
	}
	return errors.Join(problems...)
}

// split returns the family and the part of a path below the root. The part is
// "" in the family's own folder.
func split(path string) (family, part string) {
	family, rest, _ := strings.Cut(path, "/")
	part, _, below := strings.Cut(rest, "/")
	if !below {
		part = ""
	}
	return family, part
}
