package passkey_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// TestAttackM47: what no browser sends is 400 or 422, and burns nothing.
func TestAttackM47BadBodies(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	c := authtest.As(t, a.Auth, "api", u)
	o := a.options(c, "/auth/api/login/passkey/options", "")
	good := k.get(o)
	burnt := a.tickets.burnt
	bodies := []string{
		`{}`, `{"credential": null}`, `{"credential": "x"}`, `{"credential": []}`, `{"credential": 7}`, `{"credential": {}}`,
		`{"credential": {"id": 1}}`, `{"credential": {"id": "x", "rawId": "x", "type": "public-key", "response": null}}`,
		`{"credential": ` + strings.Replace(good, "public-key", "password", 1) + `}`,
		`{"credential": ` + strings.Replace(good, `"rawId":"`, `"rawId":"AAAA`, 1) + `}`,
		`{"credential": ` + strings.Replace(good, `"authenticatorData":"`, `"authenticatorData":"!`, 1) + `}`,
		`{"credential": ` + strings.Replace(good, `"clientDataJSON":"`, `"clientDataJSON":"AAAA`, 1) + `}`,
		`{"credential": ` + strings.Replace(good, `"clientExtensionResults":{}`, `"clientExtensionResults":[1]`, 1) + `}`,
		`{"credential": ` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40) + `}`,
		`{"credential": {"id": "` + strings.Repeat("A", 60<<10) + `"}}`,
		`{"credential": ` + good + `, "pending": 1, "label": {}}`,
	}
	for _, path := range []string{"/login/passkey", "/passkey", "/prove/passkey", "/passkeys", "/login/passkeys"} {
		for _, body := range bodies {
			if path == "/login/passkey" && strings.HasSuffix(body, `"label": {}}`) {
				continue // it reads neither
			}
			if path == "/prove/passkey" && strings.HasSuffix(body, `"label": {}}`) {
				continue
			}
			w := a.do(c, "/auth/api"+path, body)
			if w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s of %.60s: %d %s", path, body, w.Code, w.Body)
			}
		}
	}
	for _, path := range []string{"/passkey/options", "/login/passkeys/options"} {
		for _, body := range []string{`{"pending": 7}`, `[]`, `null`} {
			a.want(c, "/auth/api"+path, body, http.StatusUnprocessableEntity, "")
		}
	}
	if a.tickets.burnt != burnt {
		t.Errorf("%d challenges were spent", a.tickets.burnt-burnt)
	}
	a.want(authtest.NewClient(t), "/auth/api/login/passkey", credential(good), http.StatusOK, "access_token")
}

// A problem of each member is named.
func TestProblems(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	w := a.do(authtest.NewClient(t), "/auth/api/login/passkeys", `{"credential": [], "pending": 1, "label": 2}`)
	for _, part := range []string{
		`{"loc":["body","credential"],"msg":"Input should be a valid dictionary","type":"dict_type"}`,
		`["body","pending"]`, `["body","label"]`,
	} {
		if w.Code != 422 || !strings.Contains(w.Body.String(), part) {
			t.Errorf("%d %s lacks %s", w.Code, w.Body, part)
		}
	}
}

// One network asks for so many options, and sends so many answers, and others
// are not concerned.
func TestLimits(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{Requests: core.Limit{Events: 3, Window: time.Minute}},
		func(o *latchkey.Options[member]) {
			o.Limiter = memstore.NewLimiter(memstore.LimiterOptions{Now: o.Now})
		})
	post := func(path, from string) int {
		r := authtest.NewClient(t).Request(http.MethodPost, "/auth/api"+path, `{"credential": {}}`)
		r.RemoteAddr = from + ":1234"
		return do(a, r).Code
	}
	for _, path := range []string{"/login/passkey/options", "/login/passkey"} {
		for i := range 5 {
			want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusOK}[i >= 3]
			if got := post(path, "192.0.2.1"); got != want && (want != http.StatusOK || got != 400) {
				t.Errorf("request %d of %s: %d", i, path, got)
			}
		}
		if got := post(path, "192.0.2.2"); got == http.StatusTooManyRequests {
			t.Errorf("another network at %s: %d", path, got)
		}
	}
	for _, path := range []string{"/passkey", "/login/passkeys", "/passkey/options", "/login/passkeys/options"} {
		if got := post(path, "192.0.2.1"); got != http.StatusTooManyRequests {
			t.Errorf("%s has a count of its own: %d", path, got)
		}
	}
	a.clock.Advance(time.Minute)
	if got := post("/login/passkey/options", "192.0.2.1"); got != http.StatusOK {
		t.Errorf("a minute later: %d", got)
	}
}
