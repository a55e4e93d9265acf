package command_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/internal/testclock"
)

var update = flag.Bool("update", false, "write the golden files anew")

// steps are the walk: a line is a command, with what it reads behind "<"; one
// that begins with "login" is a login at the application, "later" lets time
// pass. LAST is the last ID that was printed for a script or of a service
// account.
const steps = `
migrate status
migrate up
users list
migrate status --check
users create ada@example.org --superuser --verified --set full_name=Ada --password-stdin < analytical engine
users create Bob@Example.org --password-stdin --json < difference engine
users create bob@example.org --password-stdin < difference engine
users create carol@example.org --password-stdin < short
users create carol@example.org --set shoe_size=7 --no-password
users create carol@example.org --link
users create not-an-address --no-password --json
users list
users list --superuser --json
users list --email b
users show ada@example.org
users show nobody@example.org
users show nobody@example.org --json
login bob@example.org Firefox on Linux
later
login bob@example.org A browser with a name that is longer than anybody reads in a table of sessions
sessions list bob@example.org
sessions revoke bob@example.org --all
sessions list bob@example.org
users update bob@example.org --set full_name=Robert --email robert@example.org
users verify robert@example.org
users deactivate robert@example.org
users suspend robert@example.org --reason Unpaid --until 2999-01-01
users reinstate robert@example.org
users show robert@example.org
users export robert@example.org
users export nobody@example.org --json
users set-password robert@example.org --link
users reset-password robert@example.org
users activate robert@example.org
users set-password robert@example.org --password-stdin < another difference engine
users set-password robert@example.org --link --json
users delete robert@example.org
users delete robert@example.org --yes
users delete robert@example.org --yes
users superuser ada@example.org --off
keys list ada@example.org
keys make ada@example.org --name nightly --scope read,write --expires-in 1h
keys make ada@example.org --name reports --scope read
keys make ada@example.org --name more --scope read
keys make ada@example.org --name all --scope *
keys make nobody@example.org --name all --scope read
keys list ada@example.org
keys list ada@example.org --json
keys end ada@example.org LAST
keys end ada@example.org LAST
users create-service --set shoe_size=7
users create-service --set full_name=Export --json
users create-service --set full_name=Export
users show LAST
keys make LAST --name export --scope read --json
users list --limit 0
audit --limit 9
audit --by ada@example.org
audit --user ada@example.org --oldest --json
audit --user nobody@example.org
audit --action user.deleted --from 2026-12-01 --before 2026-12-02
audit --from yesterday
users frobnicate
sweep
`

// printed are IDs that LAST stands for.
var printed = regexp.MustCompile(`(?:"id":"|account )([0-9a-f-]{32,})`)

// statements are as many as a database needs.
var statements = regexp.MustCompile(`\d+ statements`)

// TestWalk: both databases have the same transcript.
func TestWalk(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, s *shop) {
		clock := testclock.New(time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC))
		s.now = clock.Now
		var got strings.Builder
		last := ""
		for line := range strings.Lines(strings.TrimSpace(steps)) {
			line = strings.TrimSpace(line)
			line = strings.ReplaceAll(line, "LAST", last)
			fmt.Fprintf(&got, "$ shop %s\n", line)
			words, stdin, _ := strings.Cut(line, " < ")
			args := strings.Fields(words)
			switch args[0] {
			case "login":
				s.login(args[1], strings.Join(args[2:], " "))
				continue
			case "later":
				clock.Advance(90 * time.Minute)
				continue
			}
			code, out, errs := s.run(t.Context(), stdin, args...)
			got.WriteString(out)
			if all := printed.FindAllStringSubmatch(out, -1); all != nil {
				last = all[len(all)-1][1]
			}
			for line := range strings.Lines(errs) {
				got.WriteString("! " + line)
			}
			if code != 0 {
				fmt.Fprintf(&got, "= %d\n", code)
			}
		}
		compare(t, "walk", statements.ReplaceAllString(got.String(), "N statements"))
	})
}

// The SQL of a migration is the database's own.
func TestMigratePrints(t *testing.T) {
	everywhere(t, func(t *testing.T, name string, s *shop) {
		compare(t, "migrate_"+name, s.want(0, "migrate print"))
		s.want(0, "migrate up")
		if out := s.want(0, "migrate print"); out != "" {
			t.Errorf("after a migration it prints %q", out)
		}
		s.want(0, "migrate up", "it was up to date")
	})
}

// hashTime is what no two machines agree about.
var hashTime = regexp.MustCompile(`(?m)^\w+  HASH_TIME\n(  .*\n)+\n`)

func TestDoctor(t *testing.T) {
	everywhere(t, func(t *testing.T, name string, s *shop) {
		s.want(1, "doctor", "PENDING_MIGRATIONS")
		s.want(0, "migrate up")
		s.slow = true
		out := s.want(0, "doctor")
		if !hashTime.MatchString(out) {
			t.Errorf("the time of a hash is missing:\n%s", out)
		}
		out, _, _ = strings.Cut(hashTime.ReplaceAllString(out, ""), "No errors")
		compare(t, "doctor_"+name, out)
		s.want(0, "users create ada@example.org --superuser --no-password")
		if out := s.want(0, "doctor --json"); strings.Contains(out, "NO_SUPERUSER") {
			t.Error("a superuser is overlooked")
		}
	})
}

// compare compares with a golden file.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it is not as %s has it (go test -update writes it anew):\n%s", path, got)
	}
}
