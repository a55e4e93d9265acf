package jwt

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/weak"
)

// wycheproof is a file of C2SP's Wycheproof project: a set of vectors of one of
// several kinds.
type wycheproof struct {
	TestGroups []struct {
		Private, Public json.RawMessage // JWKs or sets of them; Public is absent for secrets
		PublicKeyPEM    string
		Tests           []wycheproofTest
	}
}

type wycheproofTest struct {
	Comment, Result    string
	JWS                string
	Key, Msg, Sig, Tag hexadecimal
}

type hexadecimal []byte

func (h *hexadecimal) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// count records whether accepting the vector (an empty reason), or refusing it
// for reason, agrees with the set's authors. Refusing one of the few
// "acceptable" vectors agrees.
func (v wycheproofTest) count(set *tally, reason string) {
	if reason == "" {
		set.count(v.Result == "valid", "accepted: "+v.Comment)
		return
	}
	set.count(v.Result != "valid", reason)
}

func readWycheproof(t *testing.T, name string) (w wycheproof) {
	t.Helper()
	file, err := os.Open("testdata/wycheproof/" + name + "_test.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(unpacked).Decode(&w); err != nil {
		t.Fatal(err)
	}
	return w
}

// Signatures of bytes that no token is made of.
func TestWycheproofSignatures(t *testing.T) {
	for name, want := range map[string]tally{
		"J23 ecdsa_secp256r1_sha256_p1363": {vectors: 262, expected: 262},
		"J23 ed25519": {vectors: 151, expected: 147, exceptions: map[string]int{
			errPublished.Error(): 4, // RFC 8032's own keys
		}},
		"J23 rsa_signature_2048_sha256": {vectors: 259, expected: 257, exceptions: map[string]int{
			"jwt: the RSA key's exponent is not safe": 2, // 3
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := readWycheproof(t, strings.TrimPrefix(name, "J23 "))
			var set tally
			for _, group := range w.TestGroups {
				key := readPEM(group.PublicKeyPEM)
				for _, v := range group.Tests {
					reason := ""
					if key.key.public == nil || !key.key.check()(v.Msg, v.Sig) {
						reason = badSignature
					} else if key.refusal != nil {
						reason = key.refusal.Error()
					}
					v.count(&set, reason)
				}
			}
			set.check(t, want)
		})
	}
}

func TestWycheproofHMAC(t *testing.T) {
	t.Run("J23 J20 hmac_sha256", func(t *testing.T) {
		var set tally
		for _, group := range readWycheproof(t, "hmac_sha256").TestGroups {
			for _, v := range group.Tests {
				key, reason := newVectorKey("", []byte(v.Key)), ""
				switch ok := key.key.check()(v.Msg, v.Tag); {
				case !ok && len(v.Tag) < weak.MinSecret:
					reason = cutTag
				case !ok:
					reason = badSignature
				case key.refusal != nil:
					reason = key.refusal.Error()
				}
				v.count(&set, reason)
			}
		}
		set.check(t, tally{vectors: 174, expected: 138, exceptions: map[string]int{
			cutTag:                 33, // to 128 bits, which JWS does not allow
			errShortSecret.Error(): 3,
		}})
	})
}

// Tokens, each with its key.
func TestWycheproofTokens(t *testing.T) {
	t.Run("J01 J02 J05 J10 J22 J23 json_web_signature", func(t *testing.T) {
		var set tally
		for _, group := range readWycheproof(t, "json_web_signature").TestGroups {
			key := readJWK(group.Private)
			if group.Public != nil {
				key = readJWK(group.Public)
			}
			for _, v := range group.Tests {
				v.count(&set, key.refuses(t, v.JWS))
				neverAccepted(t, []vectorKey{key}, v)
			}
		}
		set.check(t, tally{vectors: 401, expected: 358, exceptions: map[string]int{
			otherAlgorithm:       21, // RS384, RS512, PS256, PS384, PS512, ES512
			notCompact:           8,  // no payload, but a JWT has claims; two with foreign characters, which some decoders skip
			errPublished.Error(): 4,  // RFC 7520's keys
			errPattern.Error():   5,  // the secret is all zeros

			// The key is passed as Go's type, without the JWK's
			// alg, use and key_ops: whoever reads the JWK checks
			// these.
			"accepted: UsingRS256":        1,
			"accepted: rejectWrongUse":    2,
			"accepted: rejectWrongKeyOps": 2,
		}})
	})
}

// Tokens, each with a set of keys.
func TestWycheproofKeys(t *testing.T) {
	t.Run("J04 J20 A22 json_web_key", func(t *testing.T) {
		var set tally
		for _, group := range readWycheproof(t, "json_web_key").TestGroups {
			raw := group.Private
			if group.Public != nil {
				raw = group.Public
			}
			var jwks struct{ Keys []json.RawMessage }
			if err := json.Unmarshal(raw, &jwks); err != nil {
				t.Fatal(err)
			}
			var keys []vectorKey
			for _, jwk := range jwks.Keys {
				keys = append(keys, readJWK(jwk))
			}
			for _, v := range group.Tests {
				v.count(&set, refusesAll(t, keys, v.JWS))
				neverAccepted(t, keys, v)
			}
		}
		set.check(t, tally{vectors: 26, expected: 16, exceptions: map[string]int{
			otherAlgorithm:     2, // HS384, HS512
			errPattern.Error(): 1, // the secret counts from 0 to 64

			// The JWK's alg and use, as above; ModifiedKey has the
			// use "enc".
			"accepted: mismatchedAlgAndCurve": 2,
			"accepted: rejectsAesKey":         2,
			"accepted: rejectsWrongUse":       1,
			"accepted: rejectsModifiedKey":    1,
			// A secret and a public key in one set: each has its
			// one algorithm.
			"accepted: rejectsValid": 1,
		}})
	})
}

// refusesAll is refuses for a set of keys, one of which the header names.
func refusesAll(t *testing.T, keys []vectorKey, token string) string {
	t.Helper()
	if _, err := newWith(keys); err != nil {
		return err.Error()
	}
	reason := "an unknown kid"
	for _, key := range keys {
		header, _, _ := strings.Cut(token, ".")
		decoded, _ := strict64.DecodeString(header)
		members, _ := parseObject(string(decoded), nil)
		if key.refusal == errNoKey || members.text("kid") == key.key.id {
			reason = key.refuses(t, token)
		}
	}
	return reason
}

// newWith returns a strategy that also accepts the tokens of those keys that it
// can.
func newWith(keys []vectorKey) (*Strategy, error) {
	own, err := HS256("own", []byte("q7Zp-_m2xW9vTk4LrB8nYc6HdJ3gFs5A"))
	if err != nil {
		return nil, err
	}
	all := []Key{own}
	for _, key := range keys {
		if key.refusal == nil {
			all = append(all, key.key)
		}
	}
	return New(Options{Keys: all})
}

// neverAccepted checks that Verify accepts no vector, since none has typ and
// our claims.
func neverAccepted(t *testing.T, keys []vectorKey, v wycheproofTest) {
	t.Helper()
	s, err := newWith(keys)
	if err != nil {
		return
	}
	if found, err := s.Verify(t.Context(), v.JWS); err == nil {
		t.Errorf("%s: accepted as %v", v.Comment, found)
	}
}
