package main

import (
	"os/exec"
	"strings"
	"testing"
)

// repository makes commits with these subjects, and returns the first one.
func repository(t *testing.T, subjects ...string) (root, first string) {
	t.Helper()
	root = t.TempDir()
	git := func(arguments ...string) string {
		options := []string{"-C", root, "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"}
		command := append(options, arguments...)
		out, err := exec.Command("git", command...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	for i, subject := range subjects {
		git("commit", "-q", "--allow-empty", "-m", subject, "-m", strings.Repeat("the body may be longer ", 10))
		if i == 0 {
			first = git("rev-parse", "HEAD")
		}
	}
	return root, first
}

func TestSubjects(t *testing.T) {
	long := strings.Repeat("x", 73)
	for name, c := range map[string]struct {
		subjects []string
		bad      bool
	}{
		"short":                   {[]string{"one", "two", strings.Repeat("é", 72)}, false},
		"long":                    {[]string{"one", long, "three"}, true},
		"long, in two bytes each": {[]string{"one", strings.Repeat("é", 73)}, true},
		"the base is not judged":  {[]string{long, "two"}, false},
		"nothing since the base":  {[]string{long}, false},
	} {
		t.Run(name, func(t *testing.T) {
			root, first := repository(t, c.subjects...)
			if err := check(root, first); (err != nil) != c.bad {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMissingHistoryPasses(t *testing.T) {
	root, _ := repository(t, strings.Repeat("x", 80))
	for name, err := range map[string]error{
		"another repository": check(root, strings.TrimSpace(base)),
		"no repository":      check(t.TempDir(), strings.TrimSpace(base)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
