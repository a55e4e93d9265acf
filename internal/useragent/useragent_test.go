package useragent_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/useragent"
)

func TestLabel(t *testing.T) {
	for name, c := range map[string]struct{ agent, want string }{
		"plain":              {"Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"},
		"E03 control":        {"a\r\nb\x1b[31mc\x7f", "ab[31mc"},
		"not UTF-8":          {"a\xffb\uFFFD", "ab"},
		"E03 long":           {strings.Repeat("x", 1<<20), strings.Repeat("x", 200)},
		"long, at a letter":  {strings.Repeat("é", 101), strings.Repeat("é", 100)},
		"long, in a letter":  {"x" + strings.Repeat("é", 101), "x" + strings.Repeat("é", 99)},
		"as long as allowed": {strings.Repeat("x", 200), strings.Repeat("x", 200)},
	} {
		if got := useragent.Label(c.agent); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
