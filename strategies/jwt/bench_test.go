package jwt_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/strategies/jwt"
)

func BenchmarkVerify(b *testing.B) {
	for name, key := range keys() {
		b.Run(name, func(b *testing.B) {
			s := newStrategy(b, jwt.Options{Keys: []jwt.Key{key}})
			token := issue(b, s)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
