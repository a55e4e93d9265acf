package latchkey_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// webBackend is the backend of the examples: sessions in memory, over a header
// of their own. An application takes transports/cookie or transports/bearer.
func webBackend() latchkey.Backend {
	strategy, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	return latchkey.Backend{Name: "web", Transport: header{}, Strategy: strategy}
}

// cheap replaces argon2id in the examples, which are not about hashing.
func cheap() []core.Hasher { return []core.Hasher{fast("cheap")} }

// exchange sends a request ("POST /auth/register") with a token and a JSON
// body, if they are not "", and returns the answer's status and body.
func exchange(h http.Handler, route, token, body string) (answer string) {
	method, path, _ := strings.Cut(route, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("X-Token", token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return strings.TrimSpace(strconv.Itoa(w.Code) + " " + w.Body.String())
}

// logIn returns the token of a login at /auth/login, "" if it is refused.
func logIn(h http.Handler, email, password string) (token string) {
	form := url.Values{"username": {email}, "password": {password}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "/auth/login", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer struct{ Token string }
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return answer.Token
}
