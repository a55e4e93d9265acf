package contract_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

var encode = base64.RawURLEncoding.EncodeToString

const goodHeader = `{"alg":"HS256","typ":"JWT"}`

// forged signs any header and claims with HMAC-SHA-256, whatever the header says.
func forged(header, claims string, secret []byte) string {
	return sealed(encode([]byte(header))+"."+encode([]byte(claims)), secret)
}

// sealed signs parts that are encoded already.
func sealed(input string, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}

// claims are a token's, with one of them replaced by raw JSON, or left out where that is empty. They are put together by hand, because
// Marshal would mend what is meant to be broken.
func claims(t *testing.T, token, name, value string) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(decode(t, strings.Split(token, ".")[1]), &all); err != nil {
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
	everywhere(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.token(t, "jwt", u)
		good := claims(t, token, "", "")
		var asked atomic.Int64
		attacker := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
		defer attacker.Close()
		url := `"` + attacker.URL + `/keys"`
		nested := good
		for range 100 {
			if next := forged(`{"alg":"HS256","typ":"JWT","cty":"JWT"}`, nested, secret); len(next) < jwt.MaxToken {
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
			"J05 jwk":               `{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"` + encode(secret) + `"}}`,
			"J05 x5c":               `{"alg":"HS256","typ":"JWT","x5c":["AA=="]}`,
			"J07 crit":              `{"alg":"HS256","typ":"JWT","crit":["unknown"],"unknown":1}`,
			"J08 b64 false":         `{"alg":"HS256","typ":"JWT","crit":["b64"],"b64":false}`,
			"J11 alg twice":         `{"alg":"none","alg":"HS256","typ":"JWT"}`,
			"J11 alg twice, hidden": `{"\u0061lg":"none","alg":"HS256","typ":"JWT"}`,
			"J16 typ of another":    `{"alg":"HS256","typ":"at+jwt"}`,
			"J19 cty JWT":           `{"alg":"HS256","typ":"JWT","cty":"JWT"}`,
		} {
			a.attack(t, name, "GET /users/me 401", asBearer(forged(header, good, secret)))
		}
		a.attack(t, "J19 nested", "GET /users/me 401", asBearer(nested))
		a.attack(t, "J19 nested, in a plain header", "GET /users/me 401", asBearer(forged(goodHeader, nested, secret)))
		if asked.Load() > 0 {
			t.Error("J05: the attacker's server was asked for a key")
		}
		t.Run("J04 no store is asked about a key", func(t *testing.T) {
			for _, store := range []string{"users", "tickets", "sessions"} {
				a.begin(store)
				a.want(t, "GET /users/me 401", asBearer(forged(`{"alg":"HS256","typ":"JWT","kid":"x"}`, good, secret)))
			}
			a.end()
		})
		a.want(t, "GET /users/me 200 (twin, made by hand)", asBearer(forged(goodHeader, good, secret))).wantUser(t, u)
	})
}

func TestAttackJWTSpelling(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, a *app) {
		token := a.token(t, "jwt", a.user(t))
		part := strings.Split(token, ".")
		stranger := claims(t, token, "sub", `"`+a.user(t).ID+`"`)
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
			a.attack(t, name, "GET /users/me 401", asBearer(changed))
		}
		t.Run("J10 unused bits of the signature", func(t *testing.T) {
			const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			for i := range alphabet {
				if changed := token[:len(token)-1] + alphabet[i:i+1]; changed != token {
					a.want(t, "GET /users/me 401", asBearer(changed))
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
				got, _ := a.wire(t, "GET /users/me HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer "+c.value+"\r\n\r\n")
				if got.status != c.want {
					t.Errorf("got %d, want %d", got.status, c.want)
				}
			})
		}
		a.want(t, "GET /users/me 200 (twin)", asBearer(token))
	})
}

func TestAttackJWTClaims(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, a *app) {
		u, victim := a.user(t), a.user(t)
		token := a.token(t, "jwt", u)
		now := a.Now().Unix()
		refused := func(name, claims string) {
			t.Helper()
			a.attack(t, name, "GET /users/me 401", asBearer(forged(goodHeader, claims, secret)))
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
			"J28 sub is empty": `""`, "J28 no sub": "", "J28 sub is a list": `["` + u.ID + `"]`, "J28 sub of nobody": `"` + nobody + `"`,
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
		for _, changed := range []string{claims(t, token, "nbf", fmt.Sprint(now)), claims(t, token, "aud", `["latchkey:auth"]`), claims(t, token, "more", `1`)} {
			a.want(t, "GET /users/me 200 (twin)", asBearer(forged(goodHeader, changed, secret))).wantUser(t, u)
		}
	})
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// strategy is one that can be exchanged while the application runs, as a restart with other keys does.
type strategy struct{ core.Strategy }

func (s *strategy) use(t *testing.T, a *app, keys ...jwt.Key) {
	t.Helper()
	made, err := jwt.New(jwt.Options{Keys: keys, Now: a.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.Strategy = made
}

func TestAttackJWTKeys(t *testing.T) {
	rs, err1 := jwt.RS256("rs", rsaKey())
	hs, err2 := jwt.HS256("hs", secret)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	var strategies per[strategy]
	with := func(a *app, o *options) {
		strategies.of(a).use(t, a, rs)
		o.Backends = append(o.Backends, latchkey.Backend{
			Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: strategies.of(a),
		})
	}
	everywhere(t, with, func(t *testing.T, a *app) {
		api := strategies.of(a)
		a.serve(t, func(r router) { r.mount("/auth/api", a.Login("api")) })
		u := a.user(t)
		token := a.token(t, "api", u)
		good := claims(t, token, "", "")
		refused := func(name, token string) {
			t.Helper()
			a.attack(t, name, "GET /users/me 401", asBearer(token))
		}
		der, err := x509.MarshalPKIXPublicKey(&rsaKey().PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		var set struct{ Keys []json.RawMessage }
		if err := json.Unmarshal([]byte(a.want(t, "GET /auth/jwks.json 200").body), &set); err != nil || len(set.Keys) != 1 {
			t.Fatal(err, set.Keys)
		}
		for name, public := range map[string][]byte{
			"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "DER": der, "PKCS 1": x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey),
			"JWK": set.Keys[0], "nothing": {},
		} {
			refused("J02 HS256 with the public key as secret, "+name, forged(`{"alg":"HS256","kid":"rs","typ":"JWT"}`, good, public))
			refused("J02 RS256 in name, "+name, forged(`{"alg":"RS256","kid":"rs","typ":"JWT"}`, good, public))
		}
		refused("J04 kid is absent", forged(`{"alg":"RS256","typ":"JWT"}`, good, secret))
		for _, salt := range []int{32, 20, 0} {
			for _, alg := range []string{"PS256", "RS256"} {
				input := encode([]byte(`{"alg":"`+alg+`","kid":"rs","typ":"JWT"}`)) + "." + encode([]byte(good))
				digest := sha256.Sum256([]byte(input))
				signature, err := rsa.SignPSS(rand.Reader, rsaKey(), crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: salt})
				if err != nil {
					t.Fatal(err)
				}
				refused(fmt.Sprintf("J22 PSS as %s, salt of %d bytes", alg, salt), input+"."+encode(signature))
			}
		}
		a.want(t, "GET /users/me 200 (twin)", asBearer(token)).wantUser(t, u)

		api.use(t, a, hs, rs)
		a.want(t, "GET /users/me 200 (twin, a key that is kept verifies)", asBearer(token))
		t.Run("J26 a key that is kept verifies only", func(t *testing.T) {
			if head := string(decode(t, strings.Split(a.token(t, "api", u), ".")[0])); !strings.Contains(head, `"hs"`) {
				t.Errorf("signed under %s", head)
			}
		})
		api.use(t, a, hs)
		refused("J26 a key that is rotated out", token)
		a.want(t, "GET /users/me 200 (twin, the new key)", asBearer(a.token(t, "api", u)))
	})
}

func TestAttackJ16CrossPurpose(t *testing.T) {
	everywhere(t, withSecondFactor, func(t *testing.T, a *app) {
		a.serveSecondFactor(t)
		u := a.user(t)
		tokens := map[string]string{
			"access token": a.token(t, "jwt", u), "session token": a.token(t, "session", u), "cookie": a.token(t, "cookie", u),
			"reset token": a.asked(t, "reset", u), "verify token": a.asked(t, "verify", u),
		}
		a.change(t, u, latchkey.Changes[Account]{Edit: func(u *Account) error { u.FullName = enrolled; return nil }})
		tokens["pending ticket"] = a.pending(t, "session", u)
		uses := []struct{ as, refused, accepted, own string }{
			{"bearer token", "GET /users/me 401", "GET /users/me 200", "access token, session token"},
			{"cookie", "GET /users/me 401", "GET /users/me 200", "cookie"},
			{"verify token", "POST /auth/verify 400 VERIFY_USER_BAD_TOKEN", "POST /auth/verify 200", "verify token"},
			{"pending ticket", "POST /auth/second 400 LOGIN_BAD_CREDENTIALS", "POST /auth/second 200", "pending ticket"},
			{"reset token", "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN", "POST /auth/reset-password 200", "reset token"},
		}
		present := func(as, token string) option {
			switch as {
			case "bearer token":
				return asBearer(token)
			case "cookie":
				return credential("cookie", token)
			}
			return members(object{"token": token, "pending": token, "password": another, "code": "123456"})
		}
		for _, use := range uses {
			for what, token := range tokens {
				if !strings.Contains(use.own, what) {
					a.attack(t, "J16 "+what+" as "+use.as, use.refused, present(use.as, token))
				}
			}
		}
		for _, use := range uses { // the reset comes last, as it ends everything else
			for what, token := range tokens {
				if strings.Contains(use.own, what) {
					a.want(t, use.accepted+" (twin)", present(use.as, token))
				}
			}
		}
	})
}

func TestAttackJ25Epoch(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, a *app) {
		admin := a.login(t, "session", a.user(t, superuser))
		for name, end := range map[string]func(t *testing.T, u *Account, mine option){
			"password changed": func(t *testing.T, u *Account, mine option) {
				a.want(t, "PATCH /users/me 200", mine, members(object{"password": another}))
			},
			"password changed to the same": func(t *testing.T, u *Account, mine option) {
				a.want(t, "PATCH /users/me 200", mine, members(object{"password": password}))
			},
			"password changed by a superuser": func(t *testing.T, u *Account, _ option) {
				a.want(t, "PATCH /users/{id} 200", admin, id(u.ID), members(object{"password": another}))
			},
			"password reset": func(t *testing.T, u *Account, _ option) {
				a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u)))
			},
			"all sessions ended": func(t *testing.T, _ *Account, mine option) { a.want(t, "DELETE /auth/sessions 204", mine) },
			"ended outside HTTP": func(t *testing.T, u *Account, _ option) {
				if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
					t.Fatal(err)
				}
			},
			"deactivated and active again": func(t *testing.T, u *Account, _ option) {
				a.want(t, "PATCH /users/{id} 200", admin, id(u.ID), text(`{"is_active": false}`))
				a.want(t, "PATCH /users/{id} 200", admin, id(u.ID), text(`{"is_active": true}`))
			},
		} {
			t.Run("J25 "+name, func(t *testing.T) {
				u, other := a.user(t), a.user(t)
				token, others, mine := a.token(t, "jwt", u), a.login(t, "jwt", other), a.login(t, "session", u)
				a.want(t, "GET /users/me 200 (twin, before)", asBearer(token))
				end(t, u, mine)
				a.want(t, "GET /users/me 401", asBearer(token))
				a.want(t, "GET /users/me 401 (the same, with the new epoch, unsigned)", asBearer(forged(goodHeader, claims(t, token, "epoch", "1"), nil)))
				a.pass(time.Second)
				a.want(t, "GET /users/me 401 (later)", asBearer(token))
				a.want(t, "GET /users/me 200 (twin, another user)", others)
			})
		}
	})
}
