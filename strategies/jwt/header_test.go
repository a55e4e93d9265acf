package jwt_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/strategies/jwt"
)

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
	t.Run("our own key, another spelling", func(t *testing.T) {
		refused(t, s, forge(`{"typ":"JWT","alg":"HS256","kid":"hs"}`, goodClaims, goodSecret))
	})
}

// A key that others sign with: they spell headers in their own way, and must
// keep to the same policy.
func TestHeadersOfOthers(t *testing.T) {
	all := keys()
	s := newStrategy(t, jwt.Options{Keys: []jwt.Key{all["HS256"], must(jwt.ES256Public("es", &ecdsaKey().PublicKey))}})
	for _, header := range []string{
		`{"alg":"ES256","kid":"es","typ":"JWT"}`, ` {"typ":"JWT", "alg":"ES256", "kid":"es"} `, `{"\u0061lg":"ES256","kid":"es","typ":"JWT"}`,
	} {
		accepted(t, s, forgeES256(header, goodClaims))
	}
	for _, header := range []string{
		`{"kid":"es","alg":"none","typ":"JWT"}`, `{"kid":"es","alg":"ES256"}`, `{"kid":"hs","alg":"ES256","typ":"JWT"}`, `{"kid":"es","alg":"HS256","typ":"JWT"}`,
		`{"kid":"es","alg":"ES256","typ":"JWT","crit":[]}`, `{"kid":"es","kid":"es","alg":"ES256","typ":"JWT"}`,
	} {
		refused(t, s, forgeES256(header, goodClaims))
	}
	// not a key that others sign with
	refused(t, s, forge(`{"kid":"hs","alg":"HS256","typ":"JWT"}`, goodClaims, goodSecret))
}
