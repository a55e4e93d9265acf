package memstore_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func BenchmarkSessionFind(b *testing.B) {
	s := memstore.NewSessions(nil)
	for i := range 10_000 {
		one := core.Session{UserID: strconv.Itoa(i), Expires: time.Now().Add(time.Hour)}
		if err := s.Create(b.Context(), core.Digest(one.UserID), one); err != nil {
			b.Fatal(err)
		}
	}
	d, ctx := core.Digest("7"), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Find(ctx, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUserFind(b *testing.B) {
	s := memstore.NewUsers[storetest.Account]()
	u := &storetest.Account{User: core.User{EmailKey: "ann@example.com"}, Motto: new("motto")}
	if err := s.Create(b.Context(), u); err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Find(ctx, core.ByID(u.ID)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLimiterAllow(b *testing.B) {
	s, l, ctx := memstore.NewLimiter(memstore.LimiterOptions{}), core.Limit{Events: 1 << 40, Window: time.Hour},
		b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Allow(ctx, "login:ann@example.com", l); err != nil {
			b.Fatal(err)
		}
	}
}
