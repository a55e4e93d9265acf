package latchkey_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// A handshake of a WebSocket is a GET with cookies that any page may begin (RFC
// 6455, section 10.2).
func TestStreamingRefusesOtherOrigins(t *testing.T) {
	strategy, err1 := session.New(memstore.NewSessions(nil), session.Options{})
	cookies, err2 := cookie.New(cookie.Options{Name: "s", TrustedOrigins: []string{"https://www.app.example"}})
	users := memstore.NewUsers[Member]()
	auth, err3 := latchkey.New(users, latchkey.Options[Member]{Backends: []latchkey.Backend{
		{Name: "web", Transport: cookies, Strategy: strategy},
		{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: strategy},
	}})
	ada := &Member{User: latchkey.User{Email: "ada@example.org", EmailKey: "ada@example.org", IsActive: true}}
	if err := errors.Join(err1, err2, err3, users.Create(context.Background(), ada)); err != nil {
		t.Fatal(err)
	}
	token := func(backend string) string {
		issued, err := strategy.Issue(t.Context(),
			core.Login{User: ada, Session: core.Session{UserID: ada.ID, Backend: backend}})
		if err != nil {
			t.Fatal(err)
		}
		return issued.Raw
	}
	own, api := http.Header{"Cookie": {"s=" + token("web")}}, http.Header{"Authorization": {"Bearer " + token("api")}}

	opened := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux := http.NewServeMux()
	mux.Handle("GET /plain", httpauth.Require(auth)(opened))
	mux.Handle("GET /stream", httpauth.Require(auth, latchkey.Streaming)(opened))
	mux.Handle("GET /optional", httpauth.Optional(auth, latchkey.Streaming)(opened))
	for _, c := range []struct {
		name             string
		credentials      []http.Header
		origin, site     string
		plain, streaming int
	}{
		{"own page, WebSocket", []http.Header{own}, "https://app.example", "", 204, 204},
		{"own page, EventSource", []http.Header{own}, "", "same-origin", 204, 204},
		{"trusted sibling", []http.Header{own}, "https://www.app.example", "same-site", 204, 204},
		{"no browser", []http.Header{own}, "", "", 204, 204},
		{"hijacked from another site", []http.Header{own}, "https://evil.example", "cross-site", 204, 403},
		{"without fetch metadata", []http.Header{own}, "https://evil.example", "", 204, 403},
		{"hijacked from a sibling", []http.Header{own}, "https://evil.app.example", "same-site", 204, 403},
		{"sandboxed frame", []http.Header{own}, "null", "", 204, 403},
		{"no credential", nil, "https://evil.example", "cross-site", 401, 401},
		{"bearer", []http.Header{api}, "https://evil.example", "cross-site", 204, 204},
		{"bearer beside a cookie", []http.Header{own, api}, "https://evil.example", "cross-site", 204, 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			for path, want := range map[string]int{"/plain": c.plain, "/stream": c.streaming,
				"/optional": optional(c.streaming)} {
				r := httptest.NewRequest("GET", "https://app.example"+path, nil)
				r.Header.Set("Connection", "Upgrade")
				r.Header.Set("Upgrade", "websocket")
				for name, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
					if value != "" {
						r.Header.Set(name, value)
					}
				}
				for _, h := range c.credentials {
					for name, lines := range h {
						r.Header[name] = lines
					}
				}
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, r)
				if w.Code != want || w.Code == 403 && !strings.Contains(w.Body.String(), core.CodeCrossOriginRefused) {
					t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, want)
				}
			}
		})
	}
}

// optional is the status where a missing credential makes anonymous; one that
// another site sends does not.
func optional(status int) int {
	if status == http.StatusUnauthorized {
		return http.StatusNoContent
	}
	return status
}

func TestStreamingNeedsStrategiesThatCanBeAskedAgain(t *testing.T) {
	strategy, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{Backends: []latchkey.Backend{
		{Name: "old", Transport: header{}, Strategy: static{}},
		{Name: "web", Transport: other{}, Strategy: decorated{strategy}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	auth.Resolve(false, latchkey.Streaming, latchkey.Via("web")) // found behind its decorator
	defer func() {
		if p, _ := recover().(string); !strings.Contains(p, "backend old has no core.Rechecker") ||
			!strings.Contains(p, "Via") {
			t.Errorf("panicked with %q", p)
		}
	}()
	auth.Resolve(false, latchkey.Streaming)
}

// decorated is a strategy around another.
type decorated struct{ core.Strategy }

func (d decorated) Unwrap() any { return d.Strategy }
