package contract_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

func TestCookieDefaults(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		got := a.row(t, "POST /auth/cookie/login 204 (the cookie)", form("username", a.user(t).Email, "password", password))
		value := got.cookie(t).Value
		// 30 days, as the session lives
		want := cookieName + "=" + value + "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"
		if got.header.Get("Set-Cookie") != want || len(value) != 43 || got.body != "" {
			t.Errorf("got %s %s, want %s", got.header.Get("Set-Cookie"), got.body, want)
		}
	})
}

func TestJWTDefaults(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.token(t, "jwt", u)
		mine := credential("jwt", token)
		t.Run("POST /auth/jwt/login 200 (the claims)", func(t *testing.T) {
			var head, payload object
			for i, to := range []*object{&head, &payload} {
				if err := json.Unmarshal(decode(t, strings.Split(token, ".")[i]), to); err != nil {
					t.Fatal(err)
				}
			}
			now := float64(a.Now().Unix())
			want := object{
				"sub": u.ID, "aud": "latchkey:auth", "backend": "jwt", "epoch": 0.0, "iat": now, "exp": now + 3600, "jti": payload["jti"],
				"amr": []any{"password"}, "auth_time": now, "proved_at": []any{now},
			}
			if !reflect.DeepEqual(head, object{"typ": "JWT", "alg": "HS256"}) || !reflect.DeepEqual(payload, want) {
				t.Errorf("got %v\n%v, want\n%v", head, payload, want)
			}
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(token[:strings.LastIndexByte(token, '.')]))
			if !hmac.Equal(mac.Sum(nil), decode(t, strings.Split(token, ".")[2])) {
				t.Error("it is not signed by the secret")
			}
		})
		a.pass(time.Hour - time.Second)
		a.row(t, "GET /users/me 200 (JWT, 1 second less than an hour old)", mine)
		a.pass(time.Second)
		a.row(t, "GET /users/me 401 (JWT, 1 hour old)", mine)
	})
}

func TestSessionDefaults(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range []string{"cookie", "session"} {
			u := a.user(t)
			idle, busy := a.login(t, backend, u), a.login(t, backend, u)
			a.pass(week - time.Second)
			a.row(t, "GET /users/me 200 ("+backend+", idle for 1 second less than 7 days)", idle)
			a.want(t, "GET /users/me 200", busy)
			a.pass(week - time.Second)
			a.want(t, "GET /users/me 200", busy)
			a.pass(time.Second)
			a.row(t, "GET /users/me 401 ("+backend+", idle for 7 days)", idle)
			for range 3 { // on the days 14, 19 and 24
				a.want(t, "GET /users/me 200", busy)
				a.pass(5 * day)
			}
			a.want(t, "GET /users/me 200", busy)
			a.pass(day)
			a.row(t, "GET /users/me 200 ("+backend+", 1 second less than 30 days old)", busy)
			a.pass(time.Second)
			a.row(t, "GET /users/me 401 ("+backend+", 30 days old however busy)", busy)
		}
	})
}

func TestHasherDefaults(t *testing.T) {
	onOne(t, func(_ *app, o *options) { o.Hashers = nil }, func(t *testing.T, a *app) {
		const email = "real@example.org"
		a.row(t, "POST /auth/register 201 (argon2id)", members(object{"email": email, "password": password}))
		u, err := a.Manager().FindByEmail(t.Context(), email)
		if err != nil || !strings.HasPrefix(string(u.HashedPassword), "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("the hash is %.40s, %v", string(u.HashedPassword), err)
		}
		a.row(t, "POST /auth/cookie/login 204 (argon2id)", form("username", email, "password", password))
		a.row(t, "POST /auth/cookie/login 400 LOGIN_BAD_CREDENTIALS (argon2id)", form("username", email, "password", another))
	})
}
