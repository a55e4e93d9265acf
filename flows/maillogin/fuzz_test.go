package maillogin

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// FuzzCode checks that what a person types is a code in one way alone, and that
// no other text has its HMAC.
func FuzzCode(f *testing.F) {
	for _, text := range []string{
		"", "12345678", "1234 5678", "12-34-56-78", "123456789", "+1234567", "1e345678", "٠١٢٣٤٥٦٧", "12345678\n", "1234\u00a05678",
		strings.Repeat("-", 100) + "12345678",
	} {
		f.Add(text)
	}
	right := mac("flow", "12345678")
	f.Fuzz(func(t *testing.T, text string) {
		code := digits(text)
		if code == "" {
			return
		}
		if len(code) != codeLen || strings.Trim(text, "0123456789 -") != "" || digits(code) != code ||
			strings.NewReplacer(" ", "", "-", "").Replace(text) != code {
			t.Errorf("%q is the code %q", text, code)
		}
		if string(mac("flow", code)) == string(right) != (code == "12345678") {
			t.Errorf("%q is as good as the code", text)
		}
	})
}

// FuzzToken checks that the token of a link that works in any browser names one
// ticket, in one form.
func FuzzToken(f *testing.F) {
	digest := core.Digest("flow")
	for _, text := range []string{
		"", named(digest, strings.Repeat("A", core.SecretLen)), strings.Repeat("A", 2*core.SecretLen),
		strings.Repeat("_", 2*core.SecretLen), strings.Repeat("=", 2*core.SecretLen), strings.Repeat("\n", 2*core.SecretLen),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if digest, ok := ticketOf(text); ok && named(digest, text[core.SecretLen:]) != text {
			t.Errorf("%q is another form of %q", text, named(digest, text[core.SecretLen:]))
		}
	})
}

// FuzzTicket checks that a ticket that cannot be read is an error, and that one
// that can has what it had.
func FuzzTicket(f *testing.F) {
	whole, err := json.Marshal(letter{
		Backend: "web", Address: "ada@example.org", Link: []byte{1}, Code: mac("flow", "12345678"),
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(whole), string(whole[:20]), "", "null", "[]", `{"Link": 1}`, `{"Code": "%"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := letterOf(core.Ticket{Data: data})
		if err != nil {
			if e, ok := errors.AsType[*core.Error](err); !ok || e.Status != 503 {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		again, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := letterOf(core.Ticket{Data: again}); err != nil || string(second.Code) != string(l.Code) ||
			string(second.Link) != string(l.Link) || second.Backend != l.Backend && !strings.Contains(l.Backend, "\ufffd") {
			t.Errorf("%q is read as %+v, and then as %+v, %v", data, l, second, err)
		}
	})
}
