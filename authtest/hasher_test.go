package authtest_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
)

func TestHasher(t *testing.T) {
	t.Parallel()
	h := authtest.Hasher()
	one, err := h.Hash("analytical engine")
	other, err2 := h.Hash("analytical engine")
	if err != nil || err2 != nil || one == other || !h.Knows(one) || h.Outdated(one) || h.Knows("$2b$04$x") {
		t.Fatalf("got %q and %q, %v, %v", string(one), string(other), err, err2)
	}
	for name, c := range map[string]struct {
		hash     core.PasswordHash
		password string
		right    bool
	}{
		"right":       {one, "analytical engine", true},
		"right again": {other, "analytical engine", true},
		"wrong":       {one, "analytical engines", false},
		"empty":       {one, "", false},
		"truncated":   {one[:len(one)-1], "analytical engine", false},
		"of nothing":  {"$authtest$", "", false},
	} {
		if ok, err := h.Verify(c.hash, c.password); ok != c.right || err != nil {
			t.Errorf("%s: got %v, %v", name, ok, err)
		}
	}
}

// A program that is no test gets neither the hasher nor the provider.
func TestOutsideATest(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "run", "./testdata/outside").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		"hasher: latchkey: authtest.Hasher is for tests", "use argon2id",
		"provider: latchkey: authtest.Provider is for tests", "use providers.OIDC",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the program says %s, want %q", out, want)
		}
	}
}
