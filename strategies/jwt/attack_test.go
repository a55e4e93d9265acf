package jwt_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// refused fails unless the token is invalid; the error must not repeat it.
func refused(t *testing.T, s core.Strategy, token string) {
	t.Helper()
	_, err := s.Verify(t.Context(), token)
	if !errors.Is(err, core.ErrInvalid) && !errors.Is(err, core.ErrNoCredential) {
		t.Errorf("got %v for %.60q", err, token)
	}
	for part := range strings.SplitSeq(token, ".") {
		if err != nil && len(part) > 3 && strings.Contains(err.Error(), part) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

func accepted(t *testing.T, s core.Strategy, token string) *core.Session {
	t.Helper()
	found, err := s.Verify(t.Context(), token)
	if err != nil {
		t.Fatalf("got %v for %s", err, token)
	}
	return found.Session
}

func TestSpelling(t *testing.T) {
	s := newStrategy(t, jwt.Options{})
	token := forge(goodHeader, goodClaims, goodSecret)
	parts := strings.Split(token, ".")
	for name, changed := range map[string]string{
		"J01 no signature":        parts[0] + "." + parts[1] + ".",
		"J01 two parts":           parts[0] + "." + parts[1],
		"J08 detached":            parts[0] + ".." + parts[2],
		"J10 padding":             token + "=",
		"J10 space before":        " " + token,
		"J10 space inside":        parts[0] + " ." + parts[1] + "." + parts[2],
		"J10 newline":             parts[0] + ".\n" + parts[1] + "." + parts[2],
		"J10 carriage return":     token + "\r",
		"J10 standard alphabet":   strings.NewReplacer("-", "+", "_", "/").Replace(token + "_"),
		"J10 impossible length":   token + "AA", // 43 characters become 45, one more than a multiple of four
		"J23 signature cut":       token[:len(token)-4],
		"J23 signature longer":    token + "AAAA",
		"J23 signature of others": parts[0] + "." + encode([]byte(with("sub", `"bob"`))) + "." + parts[2],
		"J16 opaque token":        strings.Repeat("A", core.SecretLen),
		"five parts, as JWE":      token + ".AAAA.AAAA",
		"JSON serialization":      `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, changed) })
	}
	t.Run("J10 unused bits of the signature", func(t *testing.T) {
		for _, last := range []byte(base64url) {
			if last != token[len(token)-1] {
				refused(t, s, token[:len(token)-1]+string(last))
			}
		}
	})
	t.Run("J10 unused bits, signed so", func(t *testing.T) {
		for spaces := 1; spaces <= 3; spaces++ { // every number of unused bits
			padded := encode([]byte(goodClaims + strings.Repeat(" ", spaces)))
			accepted(t, s, signRaw(parts[0]+"."+padded))
			if len(padded)%4 != 0 {
				refused(t, s, signRaw(parts[0]+"."+nextSpelling(padded)))
			}
		}
	})
	t.Run("J10 line feeds, signed so", func(t *testing.T) {
		refused(t, s, signRaw(parts[0]+"."+parts[1][:8]+"\n"+parts[1][8:]))
		refused(t, s, signRaw(parts[0]+"."+parts[1]+"\r"))
	})
	t.Run("twin", func(t *testing.T) { accepted(t, s, token) })
}

func TestJ17TooLong(t *testing.T) {
	s := newStrategy(t, jwt.Options{})
	for name, token := range map[string]string{
		"J17 1 MB header": forge(`{"alg":"HS256","kid":"`+strings.Repeat("h", 1<<20)+`","typ":"JWT"}`, goodClaims, goodSecret),
		"J17 10^6 dots":   strings.Repeat(".", 1_000_000),
		"J17 8 kB and 1":  strings.Repeat("A", jwt.MaxToken-3) + ".A.A" + "A",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := s.Verify(t.Context(), token)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, core.ErrInvalid) {
				t.Errorf("got %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 16<<10 {
				t.Errorf("refusing took %d bytes", used)
			}
		})
	}
	t.Run("twin just short enough", func(t *testing.T) {
		padding := strings.Repeat("a", (jwt.MaxToken-len(forge(goodHeader, with("x", `""`), goodSecret)))*3/4-2)
		accepted(t, s, forge(goodHeader, with("x", `"`+padding+`"`), goodSecret))
	})
}

func TestJ02PublicKeyAsSecret(t *testing.T) {
	s := newStrategy(t, jwt.Options{Keys: []jwt.Key{must(jwt.RS256("rs", rsaKey()))}})
	der := must(x509.MarshalPKIXPublicKey(&rsaKey().PublicKey))
	for name, secret := range map[string][]byte{
		"J02 PEM":      pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"J02 DER":      der,
		"J02 PKCS1":    x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey),
		"J02 JWK":      s.PublicKeys()[0],
		"J02 modulus":  rsaKey().N.Bytes(),
		"J02 no bytes": {},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, s, forge(`{"alg":"HS256","kid":"rs","typ":"JWT"}`, goodClaims, secret))
			refused(t, s, forge(`{"alg":"RS256","kid":"rs","typ":"JWT"}`, goodClaims, secret))
		})
	}
	t.Run("twin", func(t *testing.T) { accepted(t, s, issue(t, s)) })
}

func TestJ22PSS(t *testing.T) {
	s := newStrategy(t, jwt.Options{Keys: []jwt.Key{must(jwt.RS256("rs", rsaKey()))}})
	for _, salt := range []int{32, 0, 20} {
		t.Run(fmt.Sprintf("J22 salt %d", salt), func(t *testing.T) {
			refused(t, s, forgePSS(`{"alg":"PS256","kid":"rs","typ":"JWT"}`, goodClaims, rsaKey(), salt))
			refused(t, s, forgePSS(`{"alg":"RS256","kid":"rs","typ":"JWT"}`, goodClaims, rsaKey(), salt))
		})
	}
	t.Run("twin", func(t *testing.T) {
		signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: rsaKey()},
			(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "rs")))
		accepted(t, s, must(must(signer.Sign([]byte(goodClaims))).CompactSerialize()))
	})
}

func TestJ16OtherAudience(t *testing.T) {
	access := newStrategy(t, jwt.Options{})
	other := newStrategy(t, jwt.Options{Audience: "latchkey:exchange"})
	t.Run("J16 each its own", func(t *testing.T) {
		refused(t, access, issue(t, other))
		refused(t, other, issue(t, access))
	})
	t.Run("twin", func(t *testing.T) {
		accepted(t, access, issue(t, access))
		accepted(t, other, issue(t, other))
	})
}

func TestJ25EpochIsKept(t *testing.T) {
	s := newStrategy(t, jwt.Options{})
	if got := accepted(t, s, issue(t, s)).Epoch; got != 7 {
		t.Errorf("J25: epoch %d, want 7: the front door could not tell that the password was changed", got)
	}
}

func TestJ26Rotation(t *testing.T) {
	old, fresh := must(jwt.HS256("2025", append([]byte("old"), goodSecret...))), must(jwt.EdDSA("2026", edKey()))
	before := newStrategy(t, jwt.Options{Keys: []jwt.Key{old}})
	during := newStrategy(t, jwt.Options{Keys: []jwt.Key{fresh, old}})
	after := newStrategy(t, jwt.Options{Keys: []jwt.Key{fresh}})
	oldToken, newToken := issue(t, before), issue(t, during)
	t.Run("J26 kept key verifies only", func(t *testing.T) {
		accepted(t, during, oldToken)
		if header, _ := decode(t, newToken); header["kid"] != "2026" {
			t.Errorf("signed with %v", header["kid"])
		}
	})
	t.Run("J26 rotated out", func(t *testing.T) {
		refused(t, after, oldToken)
		accepted(t, after, newToken)
	})
	t.Run("J26 another server verifies with the public half", func(t *testing.T) {
		public := must(jwt.EdDSAPublic("2026", edKey().Public().(ed25519.PublicKey)))
		accepted(t, newStrategy(t, jwt.Options{Keys: []jwt.Key{old, public}}), newToken)
	})
}

// Both forms of an ECDSA signature are valid, and a revoked token must not come
// back in its other form.
func TestES256SignaturesHaveTwoForms(t *testing.T) {
	ours := newStrategy(t, jwt.Options{Keys: []jwt.Key{must(jwt.ES256("es", ecdsaKey()))}, Denied: newDenyList(at(start))})
	legacy := newStrategy(t, jwt.Options{Denied: newDenyList(at(start)), Legacy: &jwt.Legacy{
		Key: must(jwt.ES256Public("", &ecdsaKey().PublicKey)), Backend: "jwt",
	}})
	old := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: ecdsaKey()},
		(&jose.SignerOptions{}).WithType("JWT")))
	oldToken := func(lifetime time.Duration) string {
		claims := fastapiClaims(`["fastapi-users:auth"]`, lifetime)
		return must(must(old.Sign([]byte(claims))).CompactSerialize())
	}
	for name, tt := range map[string]struct {
		*jwt.Strategy
		token, twin string
	}{
		"ours":   {ours, issue(t, ours), issue(t, ours)},
		"legacy": {legacy, oldToken(time.Hour), oldToken(2 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tt.Revoke(t.Context(), accepted(t, tt, tt.token)); err != nil {
				t.Fatal(err)
			}
			refused(t, tt, tt.token)
			refused(t, tt, otherForm(tt.token))
			accepted(t, tt, otherForm(tt.twin))
		})
	}
}
