package apikey_test

import (
	"bytes"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// inBase62 is a number in base 62 with leading zeros, by math/big.
func inBase62(n *big.Int, length int) string {
	text := n.Text(62) // whose digits are 0-9a-zA-Z
	swap := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}
	return strings.Repeat("0", length-len(text)) + strings.Map(swap, text)
}

func TestTheFormOfAKey(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(apikey.Pattern("acme_live"))
	for _, secret := range [][]byte{
		make([]byte, 32), bytes.Repeat([]byte{0xff}, 32), append(make([]byte, 31), 61), append(make([]byte, 31), 62),
		[]byte("0123456789abcdefghijklmnopqrstuv"), append([]byte{1}, make([]byte, 31)...),
	} {
		s := servicetest.New(t)
		o := options()
		o.Prefix, o.Random, o.Now = "acme_live", bytes.NewReader(secret), s.Now
		s.Credentials = memstore.NewCredentials(s.Now)
		strategy, err := apikey.New(s.Credentials, o)
		if err != nil {
			t.Fatal(err)
		}
		u := s.Add("ada@example.org", "secret")
		token, _, err := strategy.Flow().Make(t.Context(), s.Services, u,
			apikey.Wanted{Name: "ci", Scopes: []string{"read"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		body := "acme_live_" + inBase62(new(big.Int).SetBytes(secret), 43)
		want := body + inBase62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), 6)
		if token != want {
			t.Errorf("%x\nmakes %s\nwant  %s", secret, token, want)
		}
		if found := pattern.FindString(`key="` + token + `",`); found != token {
			t.Errorf("the pattern finds %q of %q", found, token)
		}
		if _, err := strategy.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
		// Without randomness there is no key.
		if token, _, err := strategy.Flow().Make(t.Context(), s.Services, u,
			apikey.Wanted{Name: "ci", Scopes: []string{"read"}}, nil); err == nil || token != "" {
			t.Errorf("a key without randomness: %q, %v", token, err)
		}
	}
	zeros := strings.Repeat("0", 49)
	for _, other := range []string{"acme_live_short", "xacme_live_" + zeros, "acme_live_" + zeros + "0"} {
		if pattern.MatchString(other) {
			t.Errorf("the pattern matches %q", other)
		}
	}
}
