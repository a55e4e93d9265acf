// Command subjects checks that the subjects of commits have at most 72
// characters.
//
//	go run ./subjects ROOT
//
// It looks at the commits since the one that base.txt names; those before it
// stay as they are. Where they are missing, as in a shallow clone or an
// unpacked archive, it says so and succeeds.
package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"unicode/utf8"
)

// longest is how many characters a subject has at most.
const longest = 72

//go:embed base.txt
var base string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: subjects ROOT")
		os.Exit(2)
	}
	if err := check(os.Args[1], strings.TrimSpace(base)); err != nil {
		fmt.Fprintln(os.Stderr, "subjects:", err)
		os.Exit(1)
	}
}

// check returns an error that names the commits of the tree at root since base
// whose subjects are too long.
func check(root, base string) error {
	if known := exec.Command("git", "-C", root, "merge-base", "--is-ancestor", base, "HEAD").Run() == nil; !known {
		fmt.Println("subjects: the history since", base, "is missing, so no commit is checked")
		return nil
	}
	log, err := exec.Command("git", "-C", root, "log", "--format=%h %s", base+"..HEAD").Output()
	if err != nil {
		return fmt.Errorf("git log: %w", err)
	}
	var long []string
	for line := range strings.Lines(string(log)) {
		commit, subject, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if n := utf8.RuneCountInString(subject); n > longest {
			long = append(long, fmt.Sprintf("\n%s has %d characters: %s", commit, n, subject))
		}
	}
	if len(long) > 0 {
		return fmt.Errorf("a subject has at most %d characters:%s", longest, strings.Join(long, ""))
	}
	return nil
}
