package benchmarks

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

var secret = sha256.Sum256([]byte("benchmark"))

// candidate is a way to protect a chi route, and a request that it lets through.
type candidate struct {
	middleware []func(http.Handler) http.Handler
	authorize  func(r *http.Request)
}

// BenchmarkChi is a GET through a chi router: bare, with only a value put into its context, and behind each candidate.
func BenchmarkChi(b *testing.B) {
	ours := latchkeyCandidates(b)
	for _, c := range []struct {
		name string
		candidate
	}{
		{"bare", candidate{}},
		{"ctx-only", candidate{middleware: []func(http.Handler) http.Handler{contextOnly}}},
		{"latchkey session", ours["session"]},
		{"latchkey jwt", ours["jwt"]},
		{"scs", scsCandidate(b)},
		{"jwtauth", jwtauthCandidate(b)},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := chi.NewRouter()
			r.With(c.middleware...).Get("/plan", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
			request := httptest.NewRequest(http.MethodGet, "/plan", nil)
			if c.authorize != nil {
				c.authorize(request)
			}
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				r.ServeHTTP(w, request)
			}
			if w.Code != http.StatusNoContent {
				b.Fatalf("the request was answered with %d", w.Code)
			}
		})
	}
}

type contextKey struct{}

func contextOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, "ada")))
	})
}

func latchkeyCandidates(b *testing.B) map[string]candidate {
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	check(b, err)
	key, err := jwt.HS256("", secret[:])
	check(b, err)
	tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
	check(b, err)
	strategies := map[string]core.Strategy{"session": sessions, "jwt": tokens}
	users := memstore.NewUsers[latchkey.User]()
	ada := &latchkey.User{Email: "ada@example.org", EmailKey: "ada@example.org", IsActive: true}
	check(b, users.Create(b.Context(), ada))
	candidates := map[string]candidate{}
	for name, strategy := range strategies {
		auth, err := latchkey.New(users, latchkey.Options[latchkey.User]{
			Backends: []latchkey.Backend{{Name: name, Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		})
		check(b, err)
		token, err := strategy.Issue(b.Context(), core.Login{User: ada, Session: core.Session{UserID: ada.ID, Backend: name}})
		check(b, err)
		candidates[name] = candidate{
			middleware: []func(http.Handler) http.Handler{chiauth.Require(auth)},
			authorize:  func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token.Raw) },
		}
	}
	return candidates
}

func scsCandidate(b *testing.B) candidate {
	manager := scs.New() // its memory store
	ctx, err := manager.Load(b.Context(), "")
	check(b, err)
	manager.Put(ctx, "user", "ada")
	token, _, err := manager.Commit(ctx)
	check(b, err)
	return candidate{
		middleware: []func(http.Handler) http.Handler{manager.LoadAndSave},
		authorize:  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "session", Value: token}) },
	}
}

func jwtauthCandidate(b *testing.B) candidate {
	auth := jwtauth.New("HS256", secret[:], nil)
	_, token, err := auth.Encode(map[string]any{"sub": "ada", "aud": "latchkey:auth", "exp": time.Now().Add(time.Hour).Unix()})
	check(b, err)
	return candidate{
		middleware: []func(http.Handler) http.Handler{jwtauth.Verifier(auth), jwtauth.Authenticator(auth)},
		authorize:  func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
	}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
