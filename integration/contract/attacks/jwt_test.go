package attacks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

var encode = base64.RawURLEncoding.EncodeToString

const goodHeader = `{"alg":"HS256","typ":"JWT"}`

// forged signs any header and claims with HMAC-SHA-256, whatever the header
// says.
func forged(header, claims string, secret []byte) string {
	return sealed(encode([]byte(header))+"."+encode([]byte(claims)), secret)
}

// sealed signs parts that are encoded already.
func sealed(input string, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}

// claims are a token's, with one of them replaced by raw JSON, or left out
// where that is empty. They are put together by hand, because Marshal would
// mend what is meant to be broken.
func claims(t *testing.T, token, name, value string) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(harness.DecodeBase64URL(t, strings.Split(token, ".")[1]), &all); err != nil {
		t.Fatal(err)
	}
	if delete(all, name); value != "" {
		all[name] = json.RawMessage(value)
	}
	var members []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		members = append(members, fmt.Sprintf("%q:%s", name, all[name]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func TestAttackJWTHeaders(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.Token(t, "jwt", u)
		good := claims(t, token, "", "")
		var asked atomic.Int64
		attacker := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
		defer attacker.Close()
		url := `"` + attacker.URL + `/keys"`
		nested := good
		for range 100 {
			if next := forged(`{"alg":"HS256","typ":"JWT","cty":"JWT"}`, nested, harness.Secret); len(next) < jwt.MaxToken {
				nested = next
			}
		}
		for name, header := range map[string]string{
			"J01 alg none":          `{"alg":"none","typ":"JWT"}`,
			"J01 alg None":          `{"alg":"None","typ":"JWT"}`,
			"J01 alg nOnE":          `{"alg":"nOnE","typ":"JWT"}`,
			"J01 no alg":            `{"typ":"JWT"}`,
			"J01 another alg":       `{"alg":"HS512","typ":"JWT"}`,
			"J04 kid is a path":     `{"alg":"HS256","typ":"JWT","kid":"../../../../dev/null"}`,
			"J04 kid is SQL":        `{"alg":"HS256","typ":"JWT","kid":"x' UNION SELECT 'secret' --"}`,
			"J04 kid with NUL":      `{"alg":"HS256","typ":"JWT","kid":"\u0000"}`,
			"J04 kid of 10 kB":      `{"alg":"HS256","typ":"JWT","kid":"` + strings.Repeat("k", 10_000) + `"}`,
			"J05 jku":               `{"alg":"HS256","typ":"JWT","jku":` + url + `}`,
			"J05 x5u":               `{"alg":"HS256","typ":"JWT","x5u":` + url + `}`,
			"J05 jwk":               `{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"` + encode(harness.Secret) + `"}}`,
			"J05 x5c":               `{"alg":"HS256","typ":"JWT","x5c":["AA=="]}`,
			"J07 crit":              `{"alg":"HS256","typ":"JWT","crit":["unknown"],"unknown":1}`,
			"J08 b64 false":         `{"alg":"HS256","typ":"JWT","crit":["b64"],"b64":false}`,
			"J11 alg twice":         `{"alg":"none","alg":"HS256","typ":"JWT"}`,
			"J11 alg twice, hidden": `{"\u0061lg":"none","alg":"HS256","typ":"JWT"}`,
			"J16 typ of another":    `{"alg":"HS256","typ":"at+jwt"}`,
			"J19 cty JWT":           `{"alg":"HS256","typ":"JWT","cty":"JWT"}`,
		} {
			a.Want(t, "GET /users/me 401", harness.Case(name), harness.Bearer(forged(header, good, harness.Secret)))
		}
		a.Want(t, "GET /users/me 401", harness.Case("J19 nested"), harness.Bearer(nested))
		a.Want(t, "GET /users/me 401", harness.Case("J19 nested, in a plain header"),
			harness.Bearer(forged(goodHeader, nested, harness.Secret)))
		if asked.Load() > 0 {
			t.Error("J05: the attacker's server was asked for a key")
		}
		t.Run("J04 no store is asked about a key", func(t *testing.T) {
			for _, store := range []string{"users", "tickets", "sessions"} {
				a.Break(store)
				a.Want(t, "GET /users/me 401",
					harness.Bearer(forged(`{"alg":"HS256","typ":"JWT","kid":"x"}`, good, harness.Secret)))
			}
			a.Mend()
		})
		a.Want(t, "GET /users/me 200 (twin, made by hand)",
			harness.Bearer(forged(goodHeader, good, harness.Secret))).WantUser(t, u)
	})
}

func TestAttackJWTSpelling(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		token := a.Token(t, "jwt", a.NewUser(t))
		part := strings.Split(token, ".")
		stranger := claims(t, token, "sub", `"`+a.NewUser(t).ID+`"`)
		for name, changed := range map[string]string{
			"J01 empty signature":         part[0] + "." + part[1] + ".",
			"J01 no third part":           part[0] + "." + part[1],
			"J01 alg none, unsigned":      encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part[1] + ".",
			"J08 detached payload":        part[0] + ".." + part[2],
			"J10 padding":                 token + "=",
			"J10 a space":                 part[0] + ". " + part[1] + "." + part[2],
			"J10 the standard alphabet":   part[0] + "." + part[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(part[2][:42]) + "+",
			"J23 signature cut":           token[:len(token)-1],
			"J23 signature extended":      token + "A",
			"J23 signature extended by 3": token + "AAAA",
			"J23 another's signature":     part[0] + "." + encode([]byte(stranger)) + "." + part[2],
			"J23 one more part":           token + "." + part[2],
			"J23 JWE":                     token + "." + part[1] + "." + part[2],
			"J17 8 kB and more":           strings.Repeat("A", jwt.MaxToken) + "." + part[1] + "." + part[2],
		} {
			a.Want(t, "GET /users/me 401", harness.Case(name), harness.Bearer(changed))
		}
		t.Run("J10 unused bits of the signature", func(t *testing.T) {
			const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			for _, last := range alphabet {
				if changed := token[:len(token)-1] + string(last); changed != token {
					a.Want(t, "GET /users/me 401", harness.Bearer(changed))
				}
			}
		})
		for name, c := range map[string]struct {
			value string
			want  int
		}{
			"J17 10^6 dots":        {strings.Repeat(".", 1_000_000), 401},
			"J17 a header of 2 MB": {strings.Repeat("A", 2<<20), 431},
		} {
			t.Run(name, func(t *testing.T) {
				got, _ := a.SendRaw(t, "GET /users/me HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer "+c.value+"\r\n\r\n")
				if got.Status != c.want {
					t.Errorf("got %d, want %d", got.Status, c.want)
				}
			})
		}
		a.Want(t, "GET /users/me 200 (twin)", harness.Bearer(token))
	})
}

func TestAttackJWTClaims(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u, victim := a.NewUser(t), a.NewUser(t)
		token := a.Token(t, "jwt", u)
		now := a.Now().Unix()
		refused := func(name, claims string) {
			t.Helper()
			a.Want(t, "GET /users/me 401", harness.Case(name), harness.Bearer(forged(goodHeader, claims, harness.Secret)))
		}
		refused("J11 sub twice", strings.Replace(claims(t, token, "", ""), "{", `{"sub":"`+victim.ID+`",`, 1))
		for name, aud := range map[string]string{
			"J14 no aud": "", "J14 another aud": `"another"`, "J14 aud with another beside ours": `["latchkey:auth","another"]`,
			"J14 empty aud": `""`, "J14 aud is a number": `1`, "J14 aud is an empty list": `[]`, "J14 aud is null": `null`,
		} {
			refused(name, claims(t, token, "aud", aud))
		}
		for name, at := range map[string]int64{"1 second": now + 1, "1 hour": now + 3600, "an age": 253402300799} {
			refused("J13 iat in the future, "+name, claims(t, token, "iat", fmt.Sprint(at)))
			refused("J13 nbf in the future, "+name, claims(t, token, "nbf", fmt.Sprint(at)))
		}
		for name, sub := range map[string]string{
			"J28 sub with bytes that are not UTF-8": "\"" + u.ID + "\xff\"", "J28 sub with a lone surrogate": `"` + u.ID + `\ud800"`,
			"J28 sub is empty": `""`, "J28 no sub": "", "J28 sub is a list": `["` + u.ID + `"]`, "J28 sub of nobody": `"` + harness.NobodyID + `"`,
		} {
			refused(name, claims(t, token, "sub", sub))
		}
		for _, exp := range []string{"", fmt.Sprint(now), "null", `"` + fmt.Sprint(now+60) + `"`, "1e99", "-1"} {
			refused("J13 exp is "+exp, claims(t, token, "exp", exp))
		}
		for name, changed := range map[string]string{
			"J25 a later epoch":   claims(t, token, "epoch", "1"),
			"J25 no epoch":        claims(t, token, "epoch", ""),
			"J16 another backend": claims(t, token, "backend", `"cookie"`),
			"J16 no such backend": claims(t, token, "backend", `"x"`),
		} {
			refused(name, changed)
		}
		for _, changed := range []string{claims(t, token, "nbf", fmt.Sprint(now)),
			claims(t, token, "aud", `["latchkey:auth"]`), claims(t, token, "more", `1`)} {
			a.Want(t, "GET /users/me 200 (twin)", harness.Bearer(forged(goodHeader, changed, harness.Secret))).WantUser(t, u)
		}
	})
}
