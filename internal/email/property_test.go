package email_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/internal/email"
	"golang.org/x/text/unicode/norm"
)

// TestEveryCharacter tries each character of the planes that have scripts with
// letter case, in each part: its cases and its decomposition share one key, and
// only ASCII letters give ASCII.
func TestEveryCharacter(t *testing.T) {
	accepted := 0
	for r := range rune(0x20000) {
		if !utf8.ValidRune(r) {
			continue
		}
		checkKey(t, "x@x"+string(r)+"x.com")
		key := checkKey(t, string(r)+"@example.com")
		if key == "" {
			continue
		}
		accepted++
		if r >= utf8.RuneSelf && key[0] < utf8.RuneSelf {
			t.Errorf("%U becomes the ASCII %q", r, key)
		}
		for _, other := range []string{string(unicode.ToUpper(r)), string(unicode.ToLower(r)), norm.NFD.String(string(r))} {
			k, err := email.Canonical(other + "@example.com")
			fromASCII := utf8.RuneCountInString(other) == 1 && other[0] < utf8.RuneSelf
			if err == nil && k != key && fromASCII == (r < utf8.RuneSelf) {
				t.Errorf("%U becomes %q, its other form %q becomes %q", r, key, other, k)
			}
		}
	}
	if accepted < 50_000 {
		t.Errorf("only %d characters accepted", accepted)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"", "ada@example.com", "ADA@EXAMPLE.COM", "e\u0301@bücher.de", "a@xn--bcher-kva.de", "a@xn--example-.com", "\xff@\xff",
		"I\u0307@a.b", "=\u0338@a.b", "ς@ς.gr", "a@b@c.d", "ａ@ｂ．ｃ", "a\u0345\u0301@a.b", "a@\u200db.com",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) { checkKey(t, typed) })
}

// checkKey returns the canonical form, "" if the address is refused, and checks
// what holds for every address.
func checkKey(t *testing.T, typed string) string {
	t.Helper()
	key, err := email.Canonical(typed)
	if err != nil {
		if key != "" || typed != "" && strings.Contains(err.Error(), typed) && len(typed) > 3 {
			t.Errorf("%q: refused with %q, %q", typed, key, err)
		}
		return ""
	}
	local, domain, _ := strings.Cut(key, "@")
	ldh := strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
	switch again, err := email.Canonical(key); {
	case again != key || err != nil:
		t.Errorf("%q: %q becomes %q, %v", typed, key, again, err)
	case strings.Count(key, "@") != 1 || len(key) > 254 || local == "" || len(local) > 64:
		t.Errorf("%q: %q is no address", typed, key)
	case !ldh || !strings.Contains(domain, ".") || strings.HasSuffix(domain, "."):
		t.Errorf("%q: %q has no ASCII domain", typed, key)
	case !norm.NFC.IsNormalString(key) || strings.ContainsFunc(key, invisible):
		t.Errorf("%q: %q is not NFC, or has invisible characters", typed, key)
	}
	return key
}

func invisible(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) || unicode.IsSpace(r) }
