package harness

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
)

// Canaries are secrets, by what they are.
type Canaries map[string]string

// WantNone checks that none of the secrets, however it is spelled, is in a
// text.
func (c Canaries) WantNone(t *testing.T, where, text string) {
	t.Helper()
	for what, s := range c {
		for _, spelling := range []string{s, url.QueryEscape(s), hex.EncodeToString([]byte(s)),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))} {
			if strings.Contains(text, spelling) {
				t.Errorf("%s holds the %s", where, what)
			}
		}
	}
}
