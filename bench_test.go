package latchkey_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// BenchmarkRequest is an authenticated request through httpauth, beside the
// same handler bare.
func BenchmarkRequest(b *testing.B) {
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		b.Fatal(err)
	}
	secret := sha256.Sum256([]byte("benchmark"))
	key, err := jwt.HS256("", secret[:])
	if err != nil {
		b.Fatal(err)
	}
	tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
	if err != nil {
		b.Fatal(err)
	}
	users := memstore.NewUsers[Member]()
	auth, err := latchkey.New(users, latchkey.Options[Member]{Backends: []latchkey.Backend{
		{Name: "jwt", Transport: bearer.New(bearer.Options{}), Strategy: tokens},
		{Name: "session", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
	}})
	if err != nil {
		b.Fatal(err)
	}
	ada := &Member{User: latchkey.User{Email: "ada@example.org", EmailKey: "ada@example.org", IsActive: true}}
	if err := users.Create(context.Background(), ada); err != nil {
		b.Fatal(err)
	}
	token := func(s core.Strategy, backend string) string {
		issued, err := s.Issue(context.Background(),
			core.Login{User: ada, Session: core.Session{UserID: ada.ID, Backend: backend}})
		if err != nil {
			b.Fatal(err)
		}
		return issued.Raw
	}
	bare := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		name, token string
		handler     http.Handler
	}{
		{"bare", "", bare},
		{"session", token(sessions, "session"), httpauth.Require(auth)(bare)},
		{"session only", token(sessions, "session"), httpauth.Require(auth, latchkey.SessionOnly)(bare)},
		{"jwt", token(tokens, "jwt"), httpauth.Require(auth)(bare)},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+c.token)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				c.handler.ServeHTTP(w, r)
			}
			if w.Code != http.StatusOK {
				b.Fatalf("the request was answered with %d", w.Code)
			}
		})
	}
}
