package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// tree writes files, by their paths, and returns their folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func testOf(name, body string) string {
	return "package p\n\nimport \"testing\"\n\nfunc " + name + "(t *testing.T) {\n" + body + "\n}\n"
}

var modules = map[string]string{
	"go.work":        "go 1.26.0\n\nuse ./good\n",
	"good/go.mod":    "module good\n\ngo 1.26.0\n",
	"good/a_test.go": testOf("TestGood", `t.Log("not of interest")`),
	"none/go.mod":    "module none\n\ngo 1.26.0\n",
	"none/a.go":      "package p\n",
	"bad/go.mod":     "module bad\n\ngo 1.26.0\n",
	"bad/a_test.go": testOf("TestBad", `t.Run("one", func(t *testing.T) { t.Error("this failed") })
	t.Run("two", func(t *testing.T) { t.Log("this passed") })`),
	"bad/good/a_test.go": testOf("TestGood", ""),
	"bad/dies/a_test.go": testOf("TestDies", `panic("it died")`),
	"broken/go.mod":      "module broken\n\ngo 1.26.0\n",
	"broken/a_test.go":   testOf("TestBroken", "undefined()"),
	"lost/go.mod":        "no module\n",
	"z/go.mod":           "module z\n\ngo 1.26.0\n",
	"z/a_test.go":        testOf("TestZ", ""),
}

func TestEveryModuleIsTested(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), newReport(&out), tree(t, modules), nil)
	for _, want := range []string{
		`(?m)^ok  \tgood\t`, `(?m)^ok  \tbad/good\t`, `(?m)^ok  \tz\t`, `(?m)^FAIL\tbad\t`, `this failed`, `it died`, `undefined: undefined`,
		`(?m)^FAIL\tlost \[go test: `,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("%s was not printed", want)
		}
	}
	for _, not := range []string{"this passed", "not of interest", "no test files"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%s was printed", not)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
	if err == nil || !strings.HasSuffix(err.Error(), "FAILED in:\n\tbad\n\tbad/dies\n\tbroken\n\tlost") {
		t.Errorf("the end is: %v", err)
	}
}

func TestModulesAreChosen(t *testing.T) {
	root := tree(t, modules)
	for _, arguments := range [][]string{
		{"good", "z"}, {"work", "none", "--", "-count=1"}, {"bad", "--", "-run=Good"}, {"bad:good"}, {"bad:!.,dies", "z"},
		{"!bad", "!broken", "!lost"}, {"!bad", "!broken", "!lost", "bad:good"},
	} {
		var out strings.Builder
		if err := run(t.Context(), newReport(&out), root, arguments); err != nil {
			t.Errorf("%s: %v\n%s", arguments, err, out.String())
		}
		if !strings.Contains(out.String(), "ok  \t") {
			t.Errorf("%s: nothing is ok:\n%s", arguments, out.String())
		}
	}
	for _, fails := range []string{"bad", "bad:.", "bad:!good", "good:not-there"} {
		if err := run(t.Context(), newReport(&strings.Builder{}), root, []string{fails}); err == nil {
			t.Errorf("%s is no failure", fails)
		}
	}
}

func TestTheSlowestPackageIsFirst(t *testing.T) {
	root := tree(t, modules)
	for name, want := range map[string]string{
		"bad:!dies":            "bad bad/good",
		"bad:!dies,+good":      "bad/good bad",
		"bad:!.,+dies":         "bad/dies bad/good",
		"bad:.,+good":          "bad/good bad",
		"bad:!dies,+not-there": "bad bad/good " + filepath.Join(root, "bad/not-there"),
	} {
		got, n := packagesOf(t.Context(), root, name)
		if strings.Join(got, " ") != want || n != len(got) {
			t.Errorf("%s: %d packages: %s, want %s", name, n, got, want)
		}
	}
}

func TestSilenceIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		r := newReport(&out)
		defer r.beat(15 * time.Second)()
		said := func() string {
			synctest.Wait()
			r.mu.Lock()
			defer r.mu.Unlock()
			defer out.Reset()
			return out.String()
		}
		m := r.begin("integration", 2)
		said()
		time.Sleep(20 * time.Second)
		if got := said(); !strings.Contains(got, "compiling integration") {
			t.Errorf("got %q", got)
		}
		for _, line := range []string{
			`{"Action":"start","Package":"slow"}`, `{"Action":"run","Package":"slow","Test":"TestA"}`, `{"Action":"run","Package":"slow","Test":"TestB"}`,
			`{"Action":"pass","Package":"slow","Test":"TestB"}`, `{"Action":"start","Package":"fast"}`, `{"Action":"output","Package":"fast","Output":"ok  \tfast\t1s\n"}`,
			`{"Action":"pass","Package":"fast"}`,
		} {
			r.event(m, line)
		}
		if got := said(); got != "ok  \tfast\t1s\n" {
			t.Errorf("got %q", got)
		}
		<-m.few // so that the next module begins
		time.Sleep(10 * time.Second)
		if got := said(); got != "" {
			t.Errorf("after 10 s it says %q", got)
		}
		time.Sleep(10 * time.Second)
		if got := said(); !regexp.MustCompile(`slow \(\d+s, TestA\)`).MatchString(got) || strings.Contains(got, "fast") {
			t.Errorf("got %q", got)
		}
	})
}
