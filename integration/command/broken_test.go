package command_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

func TestMissingTables(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, s *shop) {
		for _, args := range []string{
			"users list", "users show ada@example.org", "users create ada@example.org --no-password",
		} {
			s.want(5, args, "migrate up makes them")
		}
		s.want(0, "migrate up")
		s.want(0, "users create ada@example.org --no-password")
	})
}

func TestADatabaseThatIsDown(t *testing.T) {
	t.Parallel()
	process := server.StartPostgres(t)
	s := &shop{t: t, driver: "pgx", dialect: sqlstore.PostgreSQL, address: process.URL(),
		random: newRandom()}
	s.want(0, "migrate up")
	s.want(0, "users create ada@example.org --no-password")
	process.Stop()
	for _, args := range []string{
		"users list", "users show ada@example.org", "users superuser ada@example.org", "sessions list ada@example.org", "migrate status",
		"migrate up", "sweep", "users delete ada@example.org --yes",
	} {
		s.want(5, args, "Is the server running")
	}
	s.want(1, "doctor", "STORE_UNREACHABLE")
	process.Start()
	s.want(0, "users show ada@example.org", "ada@example.org")
}

// lines writes a file of n users.
func lines(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"email": "user%d@example.org", "full_name": "User %d", "is_verified": true, "hashed_password": "$2b$04$6OFoILgFzDPwKXtQ1FV9xe5kbAIwxHgNYTcVgtwQaHBFsF4bzC1Bm"}`+"\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "users.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImport(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, s *shop) {
		s.want(0, "migrate up")
		path := lines(t, 450)
		s.want(2, "import jsonl "+path, "--dry-run")
		s.want(0, "import jsonl "+path+" --dry-run", "450 would be imported")
		s.want(0, "users list", "No user")
		s.want(0, "import jsonl "+path+" --yes", "450 imported")
		s.want(0, "users show user7@example.org", "User 7", "password   yes")
		s.want(0, "import jsonl "+path+" --yes --json", `"same":450`)
	})
}

func TestAnImportThatIsInterrupted(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, s *shop) {
		s.want(0, "migrate up")
		path := lines(t, 1200)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() { // as soon as the first users are there
			defer close(done)
			for {
				_, out, _ := s.run(t.Context(), "", "users", "list", "--limit", "1", "--json")
				if out != "" {
					cancel()
					return
				}
			}
		}()
		code, _, errs := s.run(ctx, "", "import", "jsonl", path, "--yes")
		<-done
		after, ok := strings.CutPrefix(errs[strings.LastIndex(errs, "--after "):], "--after ")
		if code != 1 || !ok || !strings.Contains(errs, "interrupted") {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		s.want(0, "import jsonl "+path+" --yes --after "+strings.TrimSpace(after), "imported")
		out := s.want(0, "users list --limit 0 --json")
		if n := strings.Count(out, "\n"); n != 1200 {
			t.Errorf("%d users are there, want 1200", n)
		}
	})
}
