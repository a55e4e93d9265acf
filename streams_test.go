package latchkey_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
)

var errDown = errors.New("connection refused")

// fickle is a session store that may fail.
type fickle struct {
	core.SessionStore
	find atomic.Pointer[func(context.Context) error]
}

func (f *fickle) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	if do := f.find.Load(); do != nil {
		if err := (*do)(ctx); err != nil {
			return core.Found{}, err
		}
	}
	return f.SessionStore.Find(ctx, d)
}

// answers makes Find do something first; its error is the answer. Nil: the
// store is well.
func (f *fickle) answers(do func(context.Context) error) {
	if do == nil {
		f.find.Store(nil)
		return
	}
	f.find.Store(&do)
}

// streams is an application whose logins live for a minute: "web" are sessions,
// "api" JWTs.
type streams struct {
	*latchkey.Auth[Member]
	t          *testing.T
	users      *memstore.Users[Member]
	sessions   *fickle
	strategies map[string]core.Strategy
}

func newStreams(t *testing.T) *streams {
	t.Helper()
	s := &streams{t: t, users: memstore.NewUsers[Member](), sessions: &fickle{SessionStore: memstore.NewSessions(nil)}}
	secret := sha256.Sum256([]byte("streams"))
	key, err1 := jwt.HS256("", secret[:])
	tokens, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: time.Minute, Denied: memstore.NewTickets(nil)})
	web, err3 := session.New(s.sessions,
		session.Options{Absolute: time.Hour, Idle: time.Minute, LocalCacheTTL: 5 * time.Second})
	s.strategies = map[string]core.Strategy{"web": web, "api": tokens}
	var err4 error
	s.Auth, err4 = latchkey.New(s.users, latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: web},
			{Name: "api", Transport: other{}, Strategy: tokens}},
		Hashers:  []core.Hasher{fast("new")},
		EpochTTL: 5 * time.Second, // which must not lengthen how long Watch goes on
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return s
}

// register makes a user.
func (s *streams) register(name string) *Member {
	s.t.Helper()
	m := &Member{User: latchkey.User{Email: name + "@example.org", IsActive: true}}
	if err := s.Manager().Create(s.t.Context(), m, password); err != nil {
		s.t.Fatal(err)
	}
	return m
}

// login returns a token and the context of a request with it.
func (s *streams) login(m *Member, backend string, guards ...latchkey.Guard) (token string, ctx context.Context) {
	s.t.Helper()
	m, err := s.Manager().Find(s.t.Context(), m.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	issued, err := s.strategies[backend].Issue(s.t.Context(),
		core.Login{User: m, Session: core.Session{UserID: m.ID, Backend: backend, Epoch: m.TokenEpoch}})
	if err != nil {
		s.t.Fatal(err)
	}
	name := map[string]string{"web": "X-Token", "api": "X-Other"}[backend]
	ctx, err = s.Resolve(false, append(guards, latchkey.Streaming)...)(s.t.Context(), fakeHead{name: issued.Raw})
	if err != nil {
		s.t.Fatal(err)
	}
	return issued.Raw, ctx
}
