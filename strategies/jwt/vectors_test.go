package jwt

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Other projects' vectors sign arbitrary payloads, often not JSON, and their
// headers have no typ: Verify refuses them all. They are therefore passed to
// the functions that Verify consists of, which decide everything but typ and
// claims.

// A vectorKey is a foreign key. refusal is the constructor's error; key is made
// nevertheless, to check the signatures.
type vectorKey struct {
	key     Key
	refusal error
}

var errNoKey = errors.New("no key of HS256, RS256, ES256 or EdDSA")

// readJWK reads the public half of a JWK. It only looks at the kind of key, as
// the constructors do, which take Go's keys.
func readJWK(raw json.RawMessage) vectorKey {
	var jwk jose.JSONWebKey
	if json.Unmarshal(raw, &jwk) != nil {
		return vectorKey{refusal: errNoKey}
	}
	if public := jwk.Public(); public.Key != nil {
		return newVectorKey(jwk.KeyID, public.Key)
	}
	return newVectorKey(jwk.KeyID, jwk.Key)
}

func readPEM(text string) vectorKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return vectorKey{refusal: errNoKey}
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return vectorKey{refusal: errNoKey}
	}
	return newVectorKey("", key)
}

func newVectorKey(id string, public any) vectorKey {
	if !keyID.MatchString(id) {
		id = ""
	}
	var algorithm jose.SignatureAlgorithm
	key, refusal := Key{}, errNoKey
	switch public := public.(type) {
	case []byte:
		algorithm = jose.HS256
		key, refusal = HS256(id, public)
	case *rsa.PublicKey:
		algorithm = jose.RS256
		key, refusal = RS256Public(id, public)
	case *ecdsa.PublicKey:
		algorithm = jose.ES256
		key, refusal = ES256Public(id, public)
	case ed25519.PublicKey:
		algorithm = jose.EdDSA
		key, refusal = EdDSAPublic(id, public)
	}
	if refusal != nil && algorithm != "" {
		key, _ = newKey(id, algorithm, nil, public)
	}
	return vectorKey{key, refusal}
}

// The reasons for exceptions.
const (
	notCompact     = "not three parts of canonical base64url"
	otherAlgorithm = "another algorithm than the key's"
	cutTag         = "the tag is cut"
	badSignature   = "signature"
)

// refuses returns why a token is refused, or "" if it is not. The key itself is
// checked last: if it is the reason, the signature is valid.
func (v vectorKey) refuses(t *testing.T, token string) string {
	t.Helper()
	if v.key.public == nil {
		return v.refusal.Error()
	}
	c, ok := split(token)
	if !ok || !c.canonical() {
		return notCompact
	}
	header, err := base64.RawURLEncoding.DecodeString(c.header)
	members, ok := parseObject(string(header), nil)
	if err != nil || !ok {
		return "the header is none, or has more than alg, kid and typ"
	}
	for _, m := range members {
		if m.name != "alg" && m.name != "kid" && m.name != "typ" {
			return "the header is none, or has more than alg, kid and typ"
		}
	}
	if members.text("alg") != string(v.key.algorithm) {
		return otherAlgorithm
	}
	dot := strings.LastIndexByte(token, '.')
	_, signature, ok := open([]byte(token), strings.IndexByte(token, '.'), dot, &scratch{})
	fast := ok && v.key.check()([]byte(c.signingInput()), signature)
	if _, slow := c.verified(v.key); fast != slow && v.refusal == nil {
		t.Errorf("our own verifier says %v, go-jose %v", fast, slow)
	}
	if !fast {
		return badSignature
	}
	if v.refusal != nil {
		return v.refusal.Error()
	}
	return ""
}

// A tally counts the vectors of a set, and by reason those decided differently
// from what the set says.
type tally struct {
	vectors, expected int
	exceptions        map[string]int
}

func (s *tally) count(expected bool, reason string) {
	s.vectors++
	if expected {
		s.expected++
		return
	}
	if s.exceptions == nil {
		s.exceptions = map[string]int{}
	}
	s.exceptions[reason]++
}

// check fails unless each count is what it was when this was written, so that
// it notices a vector that is skipped or decided differently.
func (s *tally) check(t *testing.T, want tally) {
	t.Helper()
	t.Logf("%d vectors, %d decided as expected, exceptions: %v", s.vectors, s.expected, s.exceptions)
	if s.vectors != want.vectors || s.expected != want.expected || !maps.Equal(s.exceptions, want.exceptions) {
		t.Errorf("want %d vectors, %d as expected, exceptions: %v", want.vectors, want.expected, want.exceptions)
	}
}

func TestRFCExamples(t *testing.T) {
	var examples []struct {
		Name     string
		Key      json.RawMessage
		Token    string
		Verifies bool
	}
	readTestdata(t, "rfc.json", &examples)
	var set tally
	for _, e := range examples {
		t.Run("J23 "+e.Name, func(t *testing.T) {
			reason := readJWK(e.Key).refuses(t, e.Token)
			if reason == errPublished.Error() && e.Verifies { // the signature is valid, the key is everybody's
				reason = ""
			}
			set.count((reason == "") == e.Verifies, reason)
		})
	}
	set.check(t, tally{vectors: 25, expected: 25})
}
