package jwt_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/strategies/jwt"
)

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
		"J28 bytes elsewhere":    with("x", "\"\xff\""),
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
