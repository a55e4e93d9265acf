package jwt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// FuzzVerify checks that only issued tokens are accepted, that nothing panics,
// and that no input looks like an unreachable store.
func FuzzVerify(f *testing.F) {
	legacy := &jwt.Legacy{Key: must(jwt.InsecureHS256([]byte(fastapiSecret))), Backend: "jwt"}
	all := keys()
	s := newStrategy(f, jwt.Options{
		Keys: []jwt.Key{all["EdDSA"], all["HS256"], all["RS256"]}, Legacy: legacy, Extra: claimsOf(plan{}),
		Random: strings.NewReader(strings.Repeat("not random at all", 10)), // every fuzzing process issues the same token
	})
	issued := issue(f, s)
	f.Add(issued)
	f.Add(strings.ToLower(issued))
	f.Add(issued + "A")
	f.Add(issued[:strings.LastIndex(issued, ".")+1] + "AAAA")
	f.Add(forge(goodHeader, goodClaims, fill('x')))
	f.Add(forge(`{"alg":"none","typ":"JWT"}`, goodClaims, nil))
	f.Add(forge(fastapiHeader, fastapiClaims(`["fastapi-users:auth"]`, 0), []byte(fastapiSecret)))
	f.Add("a.b.c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		found, err := s.Verify(t.Context(), token)
		switch {
		case err == nil && (token != issued || found.UserID != "ada"):
			t.Errorf("accepted %q", token)
		case err != nil && !errors.Is(err, core.ErrInvalid) && !errors.Is(err, core.ErrNoCredential):
			t.Errorf("got %v", err)
		}
	})
}

// FuzzSigned signs arbitrary headers and claims: no combination panics, and
// only complete claims make a session.
func FuzzSigned(f *testing.F) {
	s := newStrategy(f, jwt.Options{Extra: claimsOf(plan{})})
	f.Add(goodHeader, goodClaims)
	f.Add(goodHeader, with("aud", `["latchkey:auth"]`))
	f.Add(goodHeader, with("amr", `["password"]`))
	f.Add(`{"alg":"HS256","kid":"hs","typ":"JWT","crit":[]}`, `{"sub":"\ud800"}`)
	f.Fuzz(func(t *testing.T, header, claims string) {
		found, err := s.Verify(t.Context(), forge(header, claims, goodSecret))
		if err == nil && (found.ID == "" || found.UserID == "" || found.Backend == "" || !found.Expires.After(start)) {
			t.Errorf("accepted %q with %q", claims, header)
		}
	})
}

func fill(c byte) []byte { return []byte(strings.Repeat(string(c), 32)) }
