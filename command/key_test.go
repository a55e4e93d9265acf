package command_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// key runs a command about keys, which needs no application.
func key(t *testing.T, args ...string) result {
	t.Helper()
	return execute(t, t.Context(), command.App[account]{Name: "shop"}, "", append([]string{"key"}, args...)...)
}

func TestKeyNew(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"hs256", "ed25519", "es256", "ES256"} {
		r := key(t, "new", kind).want(0)
		keys, err := jwt.ParseKeys([]byte(r.out))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if _, err := jwt.New(jwt.Options{Keys: keys}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	one, other := key(t, "new", "secret").want(0).out, key(t, "new", "secret").want(0).out
	if b, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(one)); err != nil || len(b) != 32 || one == other {
		t.Errorf("got %q and %q", one, other)
	}
	key(t, "new", "ed25519", "--id", "no blanks").want(2)
	key(t, "new").want(2)
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	r := key(t, "new", "ed25519", "--id", "a", "--out", path).want(0, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v", info.Mode())
	}
	content, _ := os.ReadFile(path)
	if strings.Contains(r.out+r.err, `"d":`) {
		t.Error("it prints the key too")
	}
	key(t, "new", "ed25519", "--out", path).want(1, "is there already")
	if again, _ := os.ReadFile(path); string(again) != string(content) {
		t.Error("the file was replaced")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"a signs", "b signs", "c signs"} {
		next := string(rune(step[0] + 1))
		out := key(t, "rotate", link, "--id", next).want(0).out
		if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Replace(step, " ", " EdDSA ", 1)) {
			t.Errorf("want %q in\n%s", step, out)
		}
	}
	if info, _ = os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("after rotations the mode is %v, want that of the file", info.Mode())
	}
	shown := key(t, "show", path).want(0, "c", "signs after the next step", "verifies what it signed before").out
	if n := strings.Count(shown, "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, shown)
	}
	rotated, _ := os.ReadFile(path)
	if strings.Count(string(rotated), `"d":`) != 2 {
		t.Errorf("an old key keeps its private half:\n%s", shown)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
	key(t, "rotate", path, "--id", "c").want(1, "already")
	key(t, "rotate", path, "--keep", "-1").want(2)
	key(t, "rotate", filepath.Join(t.TempDir(), "none")).want(1)
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := key(t, "show", path).want(1); strings.Contains(r.err, "secret") {
		t.Errorf("the error quotes the file: %s", r.err)
	}
}
