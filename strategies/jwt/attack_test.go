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

// refused fails unless the token is no good; the error must not repeat it.
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

func TestForgedHeaders(t *testing.T) {
	s := newStrategy(t, jwt.Options{})
	nested := forge(goodHeader, goodClaims, goodSecret)
	for range 8 { // a hundred are over 8 KiB and never get this far
		nested = forge(`{"alg":"HS256","cty":"JWT","kid":"hs","typ":"JWT"}`, nested, goodSecret)
	}
	for name, header := range map[string]string{
		"J01 none":              `{"alg":"none","kid":"hs","typ":"JWT"}`,
		"J01 None":              `{"alg":"None","kid":"hs","typ":"JWT"}`,
		"J01 nOnE":              `{"alg":"nOnE","kid":"hs","typ":"JWT"}`,
		"J01 no alg":            `{"kid":"hs","typ":"JWT"}`,
		"J01 alg null":          `{"alg":null,"kid":"hs","typ":"JWT"}`,
		"J01 alg array":         `{"alg":["HS256"],"kid":"hs","typ":"JWT"}`,
		"J01 other case":        `{"alg":"hs256","kid":"hs","typ":"JWT"}`,
		"J01 other length":      `{"alg":"HS512","kid":"hs","typ":"JWT"}`,
		"J04 path":              `{"alg":"HS256","kid":"../../../../dev/null","typ":"JWT"}`,
		"J04 SQL":               `{"alg":"HS256","kid":"hs' OR '1'='1","typ":"JWT"}`,
		"J04 NUL":               `{"alg":"HS256","kid":"hs\u0000","typ":"JWT"}`,
		"J04 10 kB":             `{"alg":"HS256","kid":"` + strings.Repeat("h", 10_000) + `","typ":"JWT"}`,
		"J04 absent":            `{"alg":"HS256","typ":"JWT"}`,
		"J04 empty":             `{"alg":"HS256","kid":"","typ":"JWT"}`,
		"J04 number":            `{"alg":"HS256","kid":1,"typ":"JWT"}`,
		"J04 other case":        `{"alg":"HS256","kid":"HS","typ":"JWT"}`,
		"J05 jku":               `{"alg":"HS256","kid":"hs","typ":"JWT","jku":"http://127.0.0.1:1/"}`,
		"J05 x5u":               `{"alg":"HS256","kid":"hs","typ":"JWT","x5u":"http://127.0.0.1:1/"}`,
		"J05 jwk":               `{"alg":"HS256","kid":"hs","typ":"JWT","jwk":{"kty":"oct","k":"AA"}}`,
		"J05 x5c":               `{"alg":"HS256","kid":"hs","typ":"JWT","x5c":["AA=="]}`,
		"J07 crit":              `{"alg":"HS256","kid":"hs","typ":"JWT","crit":["exp"]}`,
		"J07 crit empty":        `{"alg":"HS256","kid":"hs","typ":"JWT","crit":[]}`,
		"J08 b64":               `{"alg":"HS256","kid":"hs","typ":"JWT","b64":false,"crit":["b64"]}`,
		"J08 b64 true":          `{"alg":"HS256","kid":"hs","typ":"JWT","b64":true}`,
		"J11 two alg":           `{"alg":"none","alg":"HS256","kid":"hs","typ":"JWT"}`,
		"J11 two kid":           `{"alg":"HS256","kid":"x","kid":"hs","typ":"JWT"}`,
		"J11 two by escape":     `{"alg":"HS256","\u0061lg":"HS256","kid":"hs","typ":"JWT"}`,
		"J11 Alg":               `{"Alg":"HS256","kid":"hs","typ":"JWT"}`,
		"J16 typ of another":    `{"alg":"HS256","kid":"hs","typ":"at+jwt"}`,
		"J16 typ jwt":           `{"alg":"HS256","kid":"hs","typ":"jwt"}`,
		"J16 no typ":            `{"alg":"HS256","kid":"hs"}`,
		"J19 cty":               `{"alg":"HS256","kid":"hs","typ":"JWT","cty":"JWT"}`,
		"J28 bytes":             "{\"alg\":\"HS256\",\"kid\":\"hs\xff\",\"typ\":\"JWT\"}",
		"array":                 `[]`,
		"text":                  `"HS256"`,
		"two values":            goodHeader + goodHeader,
		"cut":                   goodHeader[:len(goodHeader)-1],
		"unknown":               `{"alg":"HS256","kid":"hs","typ":"JWT","zip":"DEF"}`,
		"unknown in alg's room": `{"zip":"DEF","kid":"hs","typ":"JWT"}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, forge(header, goodClaims, goodSecret)) })
	}
	t.Run("J19 nested", func(t *testing.T) {
		refused(t, s, nested)
		refused(t, s, forge(goodHeader, nested, goodSecret))
	})
	t.Run("twin", func(t *testing.T) { accepted(t, s, forge(goodHeader, goodClaims, goodSecret)) })
	t.Run("twin in another order", func(t *testing.T) {
		accepted(t, s, forge(` {"typ":"JWT", "alg":"HS256", "kid":"hs"} `, goodClaims, goodSecret))
	})
}

func TestForgedClaims(t *testing.T) {
	s := newStrategy(t, jwt.Options{Leeway: 10 * time.Second})
	unix := func(d time.Duration) string { return fmt.Sprint(start.Add(d).Unix()) }
	for name, claims := range map[string]string{
		"J11 two sub":            goodClaims[:len(goodClaims)-1] + `,"sub":"bob"}`,
		"J11 two sub by escape":  goodClaims[:len(goodClaims)-1] + `,"s\u0075b":"bob"}`,
		"J11 Sub":                strings.Replace(goodClaims, `"sub"`, `"Sub"`, 1),
		"J13 iat ahead":          with("iat", unix(12*time.Second)),
		"J13 nbf ahead":          with("nbf", unix(12*time.Second)),
		"J13 nbf text":           with("nbf", `"0"`),
		"J14 no aud":             with("aud", ""),
		"J14 other aud":          with("aud", `"latchkey:other"`),
		"J14 ours and another":   with("aud", `["latchkey:auth","latchkey:other"]`),
		"J14 ours twice":         with("aud", `["latchkey:auth","latchkey:auth"]`),
		"J14 aud empty":          with("aud", `""`),
		"J14 aud empty array":    with("aud", `[]`),
		"J14 aud number":         with("aud", `1`),
		"J14 aud null":           with("aud", `null`),
		"J14 aud [null]":         with("aud", `[null]`),
		"J14 aud object":         with("aud", `{"latchkey:auth":1}`),
		"J14 aud other case":     with("aud", `"Latchkey:auth"`),
		"J16 reset audience":     with("aud", `"fastapi-users:reset"`),
		"J16 verify audience":    with("aud", `"fastapi-users:verify"`),
		"J28 sub invalid UTF-8":  with("sub", "\"ada\xff\""),
		"J28 sub lone surrogate": with("sub", `"ada\ud800"`),
		"J28 sub low surrogate":  with("sub", `"ada\udc00"`),
		"J28 name":               goodClaims[:len(goodClaims)-1] + `,"\ud800":1}`,
		"no sub":                 with("sub", ""),
		"sub empty":              with("sub", `""`),
		"sub number":             with("sub", `1`),
		"sub null":               with("sub", `null`),
		"no backend":             with("backend", ""),
		"no jti":                 with("jti", ""),
		"jti empty":              with("jti", `""`),
		"no epoch":               with("epoch", ""),
		"epoch text":             with("epoch", `"7"`),
		"epoch fraction":         with("epoch", `7.5`),
		"epoch too large":        with("epoch", `9223372036854775808`),
		"no iat":                 with("iat", ""),
		"no exp":                 with("exp", ""),
		"exp null":               with("exp", `null`),
		"exp text":               with("exp", `"`+unix(time.Minute)+`"`),
		"exp fraction":           with("exp", unix(time.Minute)+`.5`),
		"exp exponent":           with("exp", `1e10`),
		"exp beyond year 9999":   with("exp", `253402300800`),
		"exp overflow":           with("exp", `99999999999999999999`),
		"exp negative":           with("exp", `-1`),
		"exp now":                with("exp", unix(0)),
		"exp past, no leeway":    with("exp", unix(-time.Second)),
		"amr without times":      with("amr", `["password"]`),
		"amr text":               with("amr", `"password"`),
		"array":                  `[]`,
		"null":                   `null`,
		"two values":             goodClaims + `{}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, forge(goodHeader, claims, goodSecret)) })
	}
	for name, claims := range map[string]string{
		"J13 twin iat within leeway":   with("iat", unix(9*time.Second)),
		"J13 twin nbf within leeway":   with("nbf", unix(9*time.Second)),
		"J14 twin array of ours alone": with("aud", `["latchkey:auth"]`),
		"J28 twin pair of surrogates":  with("sub", `"\ud83d\udd11"`),
		"iss not looked at":            with("iss", `"anybody"`),
	} {
		t.Run(name, func(t *testing.T) { accepted(t, s, forge(goodHeader, claims, goodSecret)) })
	}
}

func TestIssuer(t *testing.T) {
	s := newStrategy(t, jwt.Options{Issuer: "https://id.example.org"})
	for _, iss := range []string{"", `""`, `"https://id.example.org/"`, `["https://id.example.org"]`} {
		refused(t, s, forge(goodHeader, with("iss", iss), goodSecret))
	}
	accepted(t, s, forge(goodHeader, with("iss", `"https://id.example.org"`), goodSecret))
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
			padded := encode([]byte(goodHeader + strings.Repeat(" ", spaces)))
			accepted(t, s, signRaw(padded+"."+parts[1]))
			if len(padded)%4 != 0 {
				refused(t, s, signRaw(nextSpelling(padded)+"."+parts[1]))
			}
		}
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

func TestES256SignaturesHaveTwoForms(t *testing.T) {
	// Both forms are valid ECDSA. Denying goes by the token's ID, so a logged-out token does not come back in its other form.
	list := newDenyList(at(start))
	s := newStrategy(t, jwt.Options{Keys: []jwt.Key{must(jwt.ES256("es", ecdsaKey()))}, Denied: list})
	token := issue(t, s)
	if err := s.Revoke(t.Context(), accepted(t, s, token)); err != nil {
		t.Fatal(err)
	}
	refused(t, s, otherForm(token))
	accepted(t, s, otherForm(issue(t, s)))
}
