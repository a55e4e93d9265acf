package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// found sets what there is to find, so that nothing is looked for.
func found(t *testing.T) {
	t.Helper()
	for _, variable := range []string{
		"AXE", "OIDC_PROVIDER", "OPENAPI_TYPESCRIPT", "CHROMIUM", "POSTGRES_BIN", "PGBOUNCER", "MARIADBD", "REDIS_SERVER",
	} {
		t.Setenv("LATCHKEY_TEST_"+variable, "/my/"+variable)
	}
}

func TestCommandRunsInTheTreeWithTheVariablesThatAreSet(t *testing.T) {
	found(t)
	root := t.TempDir()
	// LATCHKEY_TEST_LONG is for the tests, this one too.
	script := `env | sed -n 's/^LATCHKEY_TEST_\(.*\)/\1/p' | grep -v ^LONG= | sort >said`
	if err := run(t.Context(), root, []string{"sh", "-c", script}); err != nil {
		t.Fatal(err)
	}
	want := "AXE=/my/AXE\nCHROMIUM=/my/CHROMIUM\nMARIADBD=/my/MARIADBD\nOIDC_PROVIDER=/my/OIDC_PROVIDER\nOPENAPI_TYPESCRIPT=/my/OPENAPI_TYPESCRIPT\nPGBOUNCER=/my/PGBOUNCER\nPOSTGRES_BIN=/my/POSTGRES_BIN\nREDIS_SERVER=/my/REDIS_SERVER\n"
	if said, err := os.ReadFile(filepath.Join(root, "said")); string(said) != want {
		t.Errorf("the command was given %q (%v)", said, err)
	}
}

func TestExitCodeIsTheCommands(t *testing.T) {
	found(t)
	var exit *exec.ExitError
	if err := run(t.Context(), t.TempDir(), []string{"sh", "-c", "exit 7"}); !errors.As(err, &exit) ||
		exit.ExitCode() != 7 {
		t.Errorf("got %v, want the exit code 7", err)
	}
}

// alive reports whether there is a process, that is no zombie.
func alive(pid int) bool {
	state, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(state), ") Z ")
}

func TestNothingIsLeftRunning(t *testing.T) {
	for name, then := range map[string]string{"when the command ends": "exit", "when the command is stopped": "wait"} {
		t.Run(name, func(t *testing.T) {
			found(t)
			left := filepath.Join(t.TempDir(), "left")
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = run(ctx, t.TempDir(),
					[]string{"sh", "-c", `sleep 600 & echo $! >"$1.new"; mv "$1.new" "$1"; ` + then, "sh", left})
			}()
			pid := eventually(t, func() (int, bool) {
				text, err := os.ReadFile(left)
				pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
				return pid, err == nil
			})
			if then == "wait" {
				stop()
			}
			<-done
			eventually(t, func() (int, bool) { return pid, !alive(pid) })
		})
	}
}

// eventually waits for something that another process does.
func eventually(t *testing.T, did func() (int, bool)) int {
	t.Helper()
	for range 1000 {
		if n, ok := did(); ok {
			return n
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not happen")
	return 0
}
