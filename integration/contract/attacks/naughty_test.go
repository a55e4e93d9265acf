package attacks_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// naughty are strings that break programs which take a text for something else.
var naughty = []string{
	"undefined", "null", "NULL", "(null)", "nil", "None", "true", "false", "NaN", "Infinity", "[object Object]", "constructor", "__proto__", "hasOwnProperty",
	"0", "-1", "1e100", "0x10", "1/0", "00000000-0000-0000-0000-000000000000", "9223372036854775808", "1,000.00", "١٢٣", "½", "２０２６",
	" ", "\t", "\n", "\r\n", "\v", "\f", "\u0085", "\u00a0", "\u2028", "\u3000", "\ufeff", "\u200b", "\u2060", " x ", "x\ty", "\u001b[31mred\u001b[0m", "\u0007", "\u007f", "\u0001",
	"\u202etxet", "\u2066a\u2069", "Z\u0351\u036b\u0343\u036a\u0302a\u0334l\u0334g\u0335o", "e\u0301", "\u00e9", "\u212b", "\ufb03", "\u0130stanbul", "stra\u00dfe", "\u1e9e", "\u03c2\u03c3", "\u0e01\u0e33", "\ufdfa", "\u1100\u1161\u11a8",
	"👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇦🇶", "👍🏿", "\U0010ffff", "\ufffe", "\uffff", "\ufffd", "\ue000", "田中さん", "אבג", "مرحبا", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ⓐⓑⓒ", "ａｂｃ", "¯\\_(ツ)_/¯",
	"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "<!--", "]]>", "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>", "javascript:alert(1)", "&lt;b&gt;", "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "{{.Token}}", "%{7*7}",
	"'", "''", "\"", "`", "\\", "\\\\", "\\u0041", "\\'; --", "' OR ''='", "Robert'); DROP TABLE students;--", "$$", "$1", "?", ":x", "%", "_", "%s%s%n", "%d", "%!s(int=1)", "%00", "%2e%2e%2f",
	"../../../../etc/passwd", "..\\..\\windows", "C:\\con", "/dev/null", "file:///etc/passwd", "|ls", ";ls", "`ls`", "$(ls)", "&& ls", "> x", "$HOME", "${jndi:ldap://127.0.0.1/a}", "() { :; }; ls", "=1+1", "@SUM(1)", "*)(uid=*", "{\"$gt\":\"\"}",
	"a@b", "a@b@c", "@", "a@", "@b", "\"a b\"@example.org", "a@[127.0.0.1]", "a,b", "a;b", "<a@example.org>", "a\r\nBcc: b@example.org",
	strings.Repeat("a", 300), strings.Repeat("é", 300), strings.Repeat("👍", 100), strings.Repeat("\u0301", 300),
	strings.Repeat(" ", 300), strings.Repeat("x", 10_000), "Ａ" + strings.Repeat("\u0300", 50), "x\x00y", "\xff", "\xc3",
	"\xed\xa0\x80", "\xf5\x80\x80\x80",
}

// raw is a JSON string with exactly these bytes, even where they are not text.
func raw(s string) string {
	if utf8.ValidString(s) {
		b, _ := json.Marshal(s) // strings always marshal
		return string(b)
	}
	return `"` + s + `"`
}

func TestAttackP08NaughtyStrings(t *testing.T) {
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.InsecureNoLimits = true },
		func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			mine := a.LogIn(t, "session", u)
			stored := 0
			refused := func(t *testing.T, got harness.Answer) bool {
				t.Helper()
				if got.Status != 400 && got.Status != 422 {
					stored++
					return false
				}
				return true
			}
			for i, s := range naughty {
				t.Run(fmt.Sprintf("P08 %d %.20q", i, s), func(t *testing.T) {
					if got := a.Want(t, "PATCH /users/me <500", mine, harness.JSON(`{"full_name": `+raw(s)+`}`)); !refused(t, got) {
						u.FullName = s
						got.WantUser(t, u)
					}
					a.Want(t, "GET /users/me 200", mine).WantUser(t, u)
					for _, email := range []string{s, s + "@example.org", fmt.Sprint("p08.", i, s, "@example.org"), "p08@" + s +
						".example"} {
						got := a.Want(t, "POST /auth/register <500",
							harness.JSON(`{"email": `+raw(email)+`, "password": `+raw(harness.Password)+`}`))
						if !refused(t, got) && got.Member(t, "email") != email {
							t.Errorf("the address %q became %q", email, got.Member(t, "email"))
						}
						if got.Status == 201 {
							a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm(email, harness.Password))
						}
						a.Want(t, "POST /auth/jwt/login <500", harness.LoginForm(email, s))
					}
					name := fmt.Sprint("password.", i, "@example.org")
					for _, secret := range []string{s, s + s, "long enough " + s} {
						if got := a.Want(t, "POST /auth/register <500",
							harness.JSON(`{"email": "`+name+`", "password": `+raw(secret)+`}`)); !refused(t,
							got) {
							a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm(name, secret))
							a.Want(t, badLogin, harness.LoginForm(name, secret+"x"))
							break
						}
					}
					for _, route := range []string{"POST /auth/verify", "POST /auth/reset-password"} {
						if got := a.Want(t, route+" <500", harness.JSON(`{"token": `+raw(s)+`, "password": `+raw(s)+`}`)); !refused(t,
							got) {
							t.Errorf("%s: %d", route, got.Status)
						}
					}
					a.Want(t, "GET /users <500", mine, harness.Query(url.Values{"email": {s}, "cursor": {s}, "limit": {s}}.Encode()))
				})
			}
			if stored < len(naughty) {
				t.Errorf("twin: %d of the strings were stored, so refusals prove nothing", stored)
			}
		})
}
