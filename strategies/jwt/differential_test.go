package jwt

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	strict "github.com/go-jose/go-jose/v4/json"

	"github.com/latchkey-go/latchkey/core"
)

// byPolicy is the reference for the strategy's own reader: go-jose verifies,
// its strict decoder reads, and the claims then pass through the same code. It
// is slow and plain.
func byPolicy(s *Strategy, key Key, token string) bool {
	c, ok := split(token)
	if !ok || !c.canonical() || len(token) > MaxToken {
		return false
	}
	algorithm, keyID, ok := c.namedKey()
	if !ok || keyID != key.id || algorithm != string(key.algorithm) {
		return false
	}
	payload, ok := c.verified(key)
	if !ok {
		return false
	}
	members, ok := parseStrictly(payload)
	if !ok {
		return false
	}
	var list object
	for name, value := range members {
		list = append(list, member{name, string(value)})
	}
	session, ok := s.own(list)
	return ok && s.timely(list, session.Expires)
}

func parseStrictly(text []byte) (map[string]json.RawMessage, bool) {
	var members map[string]json.RawMessage
	if !utf8.Valid(text) || strict.Unmarshal(text, &members) != nil || members == nil {
		return nil, false
	}
	for name := range members {
		if replaced(name) {
			return nil, false
		}
	}
	return members, true
}

// FuzzAgainstPolicy mutates our own tokens and signs the result: the fast path
// accepts nothing that the policy refuses, and refuses nothing that has our
// header and that the policy accepts.
func FuzzAgainstPolicy(f *testing.F) {
	secret := []byte("q7Zp-_m2xW9vTk4LrB8nYc6HdJ3gFs5A")
	key, err := HS256("hs", secret)
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	s, err := New(Options{Keys: []Key{key}, Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	sign := func(payload []byte) string {
		signed, err := s.signer(payload)
		if err != nil {
			f.Fatal(err)
		}
		token, err := signed.CompactSerialize()
		if err != nil {
			f.Fatal(err)
		}
		return token
	}
	user := core.Session{UserID: "ada", Backend: "api", Epoch: 7, Proofs: []core.Proof{{Method: "password", At: now}}}
	issued, err := s.Issue(f.Context(), core.Login{Session: user})
	if err != nil {
		f.Fatal(err)
	}
	payload, _ := strict64.DecodeString(strings.Split(issued.Raw, ".")[1])
	f.Add(payload, 0, byte(0))
	f.Add([]byte(strings.Replace(string(payload), `"sub"`, `"s\u0075b"`, 1)), 3, byte(1))
	f.Add([]byte(`{"sub":"ada","sub":"bob"}`), 90, byte('A'))
	f.Add([]byte(` { "a" : [ 1e5, -0.5E+2, {} , [ ] , null ] , "b":"\ud83d\udd11" } `), len(issued.Raw), byte('\n'))
	f.Fuzz(func(t *testing.T, payload []byte, at int, b byte) {
		token := sign(payload)
		spoiled := []byte(token)
		if at >= 0 && at < len(spoiled) {
			spoiled[at] ^= b
		}
		for _, token := range []string{token, string(spoiled)} {
			found, err := s.Verify(t.Context(), token)
			ours := strings.HasPrefix(token, key.protectedHeader()+".")
			if policy := byPolicy(s, key, token); (err == nil) != (policy && ours) {
				t.Errorf("Verify says %v, the policy %v of %q, whose payload is %q", err, policy, token, payload)
			}
			if err == nil && found.Session == nil || err != nil && !errors.Is(err, core.ErrInvalid) &&
				!errors.Is(err, core.ErrNoCredential) {
				t.Errorf("got %v, %v", found, err)
			}
		}
	})
}

// FuzzParseObject checks that the scanner reads exactly what go-jose's strict
// decoder reads.
func FuzzParseObject(f *testing.F) {
	for _, text := range []string{
		`{}`, ` {"a":1} `, `{"a":1,"a":2}`, `{"a":"\u0061","\u0061":1}`, `{"a":[1,{"b":null}],"c":true,"d":-1.5e+7}`, `{"a":01}`, `{"a":1.}`, `{"a":"\x"}`,
		"{\"a\":\"\x01\"}", `{"a":1,}`, `{,}`, `{"a":1}x`, `null`, `[]`, `{"a":"\ud800"}`, "{\"\xff\":1}", `{"a":nul}`, `{"a":truee}`, `{"a" "b"}`, `{"a":-}`, `{"a":[1,]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := parseObject(string(text), nil)
		want, wantOK := parseStrictly(text)
		if ok != wantOK {
			t.Fatalf("%q: accepted is %v, want %v", text, ok, wantOK)
		}
		if !ok {
			return
		}
		members := map[string]json.RawMessage{}
		for _, m := range got {
			members[m.name] = json.RawMessage(m.value)
		}
		if !maps.EqualFunc(members, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Errorf("%q: got %v, want %v", text, members, want)
		}
	})
}

// The header that tokens are compared with is the one that go-jose writes.
func TestProtectedHeaders(t *testing.T) {
	for _, id := range []string{"", "k", "a.b_c-9", strings.Repeat("x", 64)} {
		key, err := HS256(id, []byte("q7Zp-_m2xW9vTk4LrB8nYc6HdJ3gFs5A"))
		if err != nil {
			t.Fatal(err)
		}
		sign, err := newSigner(key)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := sign([]byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		token, err := signed.CompactSerialize()
		if header, _, _ := strings.Cut(token, "."); err != nil || header != key.protectedHeader() {
			t.Errorf("go-jose writes %q for %q (%v), want %q", header, id, err, key.protectedHeader())
		}
	}
}
