package canary_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/canary"
)

type nested struct{ Inner string }

type open struct {
	Name   string
	Secret []byte
	List   []string
	Map    map[string]string
	Nested nested
	inside string
	Count  int
}

// closed shows its name alone.
type closed open

func (c closed) Format(s fmt.State, _ rune)   { _, _ = io.WriteString(s, c.Name) }
func (c closed) MarshalText() ([]byte, error) { return []byte(c.Name), nil }

func TestOptions(t *testing.T) {
	all := []string{"Name", "Secret", "List", "Map", "Nested", "inside"}
	for i, name := range all {
		others := append(append([]string{}, all[:i]...), all[i+1:]...)
		problems := canary.Options(open{inside: ""}, others...)
		if len(problems) != 1 || !strings.Contains(problems[0], " shows canary-"+name) {
			t.Errorf("%s: %q", name, problems)
		}
		for _, way := range []string{"value %v", "value %#v", "value %x", "value %d", "pointer %+v", "slice %q", "map % X",
			"field JSON", "value slog"} {
			if name != "Secret" && way == "value %d" || name == "inside" && way == "field JSON" ||
				strings.Contains(problems[0], way) {
				continue
			}
			t.Errorf("%s is not found by %s", name, way)
		}
	}
	if problems := canary.Options(open{Name: "see " + canary.Secret}, all...); len(problems) != 1 {
		t.Errorf("Secret in a public field: %q", problems)
	}
	if problems := canary.Options(open{}, all...); problems != nil {
		t.Errorf("all is public: %q", problems)
	}
	if problems := canary.Options(closed{}, "Name"); problems != nil {
		t.Errorf("all else is hidden: %q", problems)
	}
	if problems := canary.Options(closed{}, "Name", "List"); len(problems) != 1 {
		t.Errorf("a public field is hidden: %q", problems)
	}
}
