package benchmarks

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
	gorilla "github.com/gorilla/sessions"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// protection is a way to protect a route of chi, and a request that it lets
// through.
type protection struct {
	middleware []func(http.Handler) http.Handler
	authorize  func(r *http.Request)
}

func (p protection) router() http.Handler {
	r := chi.NewRouter()
	r.With(p.middleware...).Get("/plan",
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return r
}

// BenchmarkChi is a GET through a chi router: bare, with only a value put into
// its context, and behind each protection. "ID" means that no user is loaded,
// as the peers load none: Latchkey's SessionOnly.
func BenchmarkChi(b *testing.B) {
	redis := newRedis(b, server.Redis(b), redisstore.Options{})
	sessions := newSessions(b, redis.Sessions())
	candidates := []candidate{
		onChi("bare", protection{}),
		onChi("ctx-only", protection{middleware: []func(http.Handler) http.Handler{contextOnly}}),
		onChi("latchkey session, ID", ours(newApp(b, sessions), latchkey.SessionOnly)),
		onChi("latchkey session, user", ours(newApp(b, newSessions(b, memstore.NewSessions(nil))))),
		onChi("latchkey JWT cached, ID", ours(newApp(b, newJWT(b, 1000)), latchkey.SessionOnly)),
		onChi("latchkey JWT, ID", ours(newApp(b, newJWT(b, -1)), latchkey.SessionOnly)),
		onChi("latchkey JWT, user", ours(newApp(b, newJWT(b, -1)))),
		onChi("jwtauth", theirJWT(b, newApp(b, newJWT(b, -1)).token)),
		onChi("scs", theirScs(b)),
		onChi("gorilla", theirGorilla(b)),
		onChi("authboss", theirAuthboss(b)),
	}
	rounds(b, candidates...)
}

func onChi(name string, p protection) candidate {
	return candidate{name, func(b *testing.B) {
		r, request, w := p.router(), httptest.NewRequest(http.MethodGet, "/plan", nil), httptest.NewRecorder()
		if p.authorize != nil {
			p.authorize(request)
		}
		for b.Loop() {
			r.ServeHTTP(w, request)
		}
		if w.Code != http.StatusNoContent {
			b.Fatalf("the request was answered with %d", w.Code)
		}
	}}
}

type contextKey struct{}

func contextOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, "ada")))
	})
}

func bearing(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func ours(a app, guards ...core.Guard) protection {
	return protection{[]func(http.Handler) http.Handler{chiauth.Require(a, guards...)}, bearing(a.token)}
}

func theirJWT(_ *testing.B, token string) protection {
	auth := jwtauth.New("HS256", secret[:], nil)
	return protection{[]func(http.Handler) http.Handler{jwtauth.Verifier(auth), jwtauth.Authenticator(auth)},
		bearing(token)}
}

func theirScs(b *testing.B) protection {
	manager := scs.New() // its memory store
	ctx, err := manager.Load(b.Context(), "")
	check(b, err)
	manager.Put(ctx, "user", "ada")
	token, _, err := manager.Commit(ctx)
	check(b, err)
	return protection{
		[]func(http.Handler) http.Handler{manager.LoadAndSave},
		func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "session", Value: token}) },
	}
}

func theirGorilla(b *testing.B) protection {
	store := gorilla.NewCookieStore(secret[:])
	value := made(b, store, "user")
	read := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Get would keep the session with the request, which a
			// benchmark sends again.
			if s, err := store.New(r, "session"); err != nil || s.Values["user"] != "ada" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	return protection{[]func(http.Handler) http.Handler{read}, func(r *http.Request) { r.AddCookie(value) }}
}

// made is the cookie of a session of gorilla's in which key is ada.
func made(b *testing.B, store gorilla.Store, key string) *http.Cookie {
	b.Helper()
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	s, err := store.New(r, "session")
	check(b, err)
	s.Values[key] = "ada"
	check(b, s.Save(r, w))
	return w.Result().Cookies()[0]
}
