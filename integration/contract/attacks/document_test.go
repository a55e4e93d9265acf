package attacks_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	documentRow  = regexp.MustCompile(`(?m)^\| ([A-Z][0-9]{2}) \|.*\| ([^|]+) \|$`)
	documentFile = regexp.MustCompile("`([^`]+)`")
	// A test is named by a string, or is a function of its own.
	namesOfTests = regexp.MustCompile("[\"`]((?:[A-Z][0-9]{2} )+)|func Test(?:Attack)?([A-Z][0-9]{2})")
)

// idsOf are the ids that begin the names of a file's tests.
func idsOf(t *testing.T, file string) (ids []string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "..", file))
	if err != nil {
		t.Error(err)
	}
	for _, found := range namesOfTests.FindAllStringSubmatch(string(source), -1) {
		ids = append(ids, strings.Fields(found[1]+found[2])...)
	}
	return ids
}

// packageLists are the ids that the doc comment of the package in a folder
// lists, by file.
func packageLists(t *testing.T, folder string) map[string][]string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(folder, "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	lists, file := map[string][]string{}, ""
	for line := range strings.Lines(string(source)) {
		rest, listed := strings.CutPrefix(line, "//\t")
		words := strings.Fields(rest)
		if !listed || len(words) == 0 {
			continue
		}
		if strings.HasSuffix(words[0], "_test.go") {
			file, words = words[0], words[1:]
		}
		lists[file] = append(lists[file], words...)
	}
	return lists
}

func TestTheAttackCasesAreWhereTheDocumentSays(t *testing.T) {
	document, err := os.ReadFile("../../../docs/attack-cases.md")
	if err != nil {
		t.Fatal(err)
	}
	listed, rows := map[string][]string{}, map[string]int{} // files to ids, ids to rows
	for _, row := range documentRow.FindAllStringSubmatch(string(document), -1) {
		if rows[row[1]]++; rows[row[1]] == 2 {
			t.Errorf("%s has more than one row", row[1])
		}
		for _, file := range documentFile.FindAllStringSubmatch(row[2], -1) {
			listed[file[1]] = append(listed[file[1]], row[1])
		}
	}
	if len(listed) < 20 {
		t.Fatalf("the document lists %d files", len(listed))
	}
	for file, ids := range listed {
		there := idsOf(t, file)
		for _, id := range ids {
			if !slices.Contains(there, id) {
				t.Errorf("%s is not in a test's name in %s", id, file)
			}
		}
	}
	for _, folder := range []string{"attacks", "proofs"} {
		listedThere(t, folder, listed)
	}
}

// listedThere compares the ids of a package's tests with its doc comment and
// the document's lists.
func listedThere(t *testing.T, folder string, listed map[string][]string) {
	t.Helper()
	packageList := packageLists(t, filepath.Join("..", folder))
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		file := "integration/contract/" + folder + "/" + name
		ids := idsOf(t, file)
		for _, id := range packageList[name] {
			if !slices.Contains(ids, id) {
				t.Errorf("doc.go lists %s, which is not in a test's name in %s", id, file)
			}
		}
		for _, id := range ids {
			if !slices.Contains(listed[file], id) {
				t.Errorf("the document does not list %s of %s", id, file)
			}
			if !slices.Contains(packageList[name], id) {
				t.Errorf("doc.go does not list %s of %s", id, file)
			}
		}
	}
}
