package routes_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

func TestCookieDefaults(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		got := a.Want(t, "POST /auth/cookie/login 204 (the cookie)", harness.LoginForm(a.NewUser(t).Email, harness.Password))
		value := got.Cookie(t).Value
		// 30 days, as the session lives
		want := harness.CookieName + "=" + value + "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"
		if got.Header.Get("Set-Cookie") != want || len(value) != 43 || got.Body != "" {
			t.Errorf("got %s %s, want %s", got.Header.Get("Set-Cookie"), got.Body, want)
		}
	})
}

func TestJWTDefaults(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.Token(t, "jwt", u)
		mine := harness.Credential("jwt", token)
		t.Run("POST /auth/jwt/login 200 (the claims)", func(t *testing.T) {
			var head, payload harness.Object
			for i, to := range []*harness.Object{&head, &payload} {
				if err := json.Unmarshal(harness.DecodeBase64URL(t, strings.Split(token, ".")[i]), to); err != nil {
					t.Fatal(err)
				}
			}
			now := float64(a.Now().Unix())
			want := harness.Object{
				"sub": u.ID, "aud": "latchkey:auth", "backend": "jwt", "epoch": 0.0, "iat": now, "exp": now + 3600, "jti": payload["jti"],
				"amr": []any{"password"}, "auth_time": now, "proved_at": []any{now},
			}
			if !reflect.DeepEqual(head, harness.Object{"typ": "JWT", "alg": "HS256"}) || !reflect.DeepEqual(payload, want) {
				t.Errorf("got %v\n%v, want\n%v", head, payload, want)
			}
			mac := hmac.New(sha256.New, harness.Secret)
			mac.Write([]byte(token[:strings.LastIndexByte(token, '.')]))
			if !hmac.Equal(mac.Sum(nil), harness.DecodeBase64URL(t, strings.Split(token, ".")[2])) {
				t.Error("it is not signed by the secret")
			}
		})
		a.Advance(time.Hour - time.Second)
		a.Want(t, "GET /users/me 200 (JWT, 1 second less than an hour old)", mine)
		a.Advance(time.Second)
		a.Want(t, "GET /users/me 401 (JWT, 1 hour old)", mine)
	})
}

func TestSessionDefaults(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range []string{"cookie", "session"} {
			u := a.NewUser(t)
			idle, busy := a.LogIn(t, backend, u), a.LogIn(t, backend, u)
			a.Advance(week - time.Second)
			a.Want(t, "GET /users/me 200 ("+backend+", idle for 1 second less than 7 days)", idle)
			a.Want(t, "GET /users/me 200", busy)
			a.Advance(week - time.Second)
			a.Want(t, "GET /users/me 200", busy)
			a.Advance(time.Second)
			a.Want(t, "GET /users/me 401 ("+backend+", idle for 7 days)", idle)
			for range 3 { // on the days 14, 19 and 24
				a.Want(t, "GET /users/me 200", busy)
				a.Advance(5 * day)
			}
			a.Want(t, "GET /users/me 200", busy)
			a.Advance(day)
			a.Want(t, "GET /users/me 200 ("+backend+", 1 second less than 30 days old)", busy)
			a.Advance(time.Second)
			a.Want(t, "GET /users/me 401 ("+backend+", 30 days old however busy)", busy)
		}
	})
}

func TestHasherDefaults(t *testing.T) {
	harness.OnOneAdapter(t, func(_ *harness.App, o *harness.Options) { o.Hashers = nil },
		func(t *testing.T, a *harness.App) {
			const email = "real@example.org"
			a.Want(t, "POST /auth/register 201 (argon2id)",
				harness.JSONObject(harness.Object{"email": email, "password": harness.Password}))
			u, err := a.Manager().FindByEmail(t.Context(), email)
			if err != nil || !strings.HasPrefix(string(u.HashedPassword), "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("the hash is %.40s, %v", string(u.HashedPassword), err)
			}
			a.Want(t, "POST /auth/cookie/login 204 (argon2id)", harness.LoginForm(email, harness.Password))
			a.Want(t, "POST /auth/cookie/login 400 LOGIN_BAD_CREDENTIALS (argon2id)",
				harness.LoginForm(email, harness.OtherPassword))
		})
}
