package session_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

func BenchmarkVerify(b *testing.B) {
	s, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		b.Fatal(err)
	}
	token, err := s.Issue(b.Context(), login("ada", 0))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("good", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Verify(b.Context(), token.Raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("other shape", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Verify(b.Context(), "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"); err == nil {
				b.Fatal("accepted")
			}
		}
	})
}
