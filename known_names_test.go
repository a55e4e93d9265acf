package latchkey_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// A known browser is that of a user, by whatever they log in with: an address,
// a name beside it, or a name alone.
func TestAttackQ02KnownBrowserOfAName(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, emailOptional, func(o *latchkey.Options[Handled]) {
		sessions, err1 := session.New(memstore.NewSessions(nil), session.Options{})
		cookies, err2 := cookie.New(cookie.Options{})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		o.Backends = append(o.Backends, latchkey.Backend{Name: "web", Transport: cookies, Strategy: sessions})
		o.Limiter, o.Log = memstore.NewLimiter(memstore.LimiterOptions{}), slog.New(slog.DiscardHandler)
	})
	const secret = "a password of ada's"
	for _, u := range []*Handled{
		{User: latchkey.User{Email: "ada@example.org", IsActive: true}, Named: latchkey.Named{Username: "ada"}},
		{User: latchkey.User{IsActive: true}, Named: latchkey.Named{Username: "grace"}},
	} {
		if err := a.Manager().Create(t.Context(), u, secret); err != nil {
			t.Fatal(err)
		}
	}
	known := ""
	login := func(name, password, cookie string) int {
		r := httptest.NewRequest(http.MethodPost, "/auth/web/login",
			strings.NewReader(`{"username": "`+name+`", "password": "`+password+`"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		a.mux.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			if strings.HasSuffix(c.Name, "-known") {
				known = c.Name + "=" + c.Value
			}
		}
		return w.Code
	}
	for name, others := range map[string][]string{"ada": {"ada", "ada@example.org"}, "grace": {"grace"}} {
		if got := login(name, secret, ""); got != 204 {
			t.Fatalf("%s: %d", name, got)
		}
		for range 5 {
			login(name, "a guess", "")
		}
		for _, typed := range others {
			if got := login(typed, secret, ""); got == 204 {
				t.Errorf("%s: a stranger is let in after five wrong passwords", typed)
			}
			if got := login(typed, secret, known); got != 204 {
				t.Errorf("%s in a known browser: %d", typed, got)
			}
		}
	}
}
