package apikey_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

const day = 24 * time.Hour

// spy counts the calls that reach the store, and can make it fail.
type spy struct {
	core.CredentialStore
	mu           sync.Mutex
	reads        int
	writes       int // Updates that wrote something
	down         error
	beforeUpdate func()
}

// fail makes every call fail, until it is called with nil.
func (s *spy) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

func (s *spy) read() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.down
}

func (s *spy) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	if err := s.read(); err != nil {
		return nil, err
	}
	return s.CredentialStore.Find(ctx, kind, key)
}

func (s *spy) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	if err := s.read(); err != nil {
		return nil, err
	}
	return s.CredentialStore.List(ctx, kind, owner)
}

func (s *spy) Update(
	ctx context.Context, kind, owner, id string, change func(*core.Credential) error,
) (*core.Credential, error) {
	if s.beforeUpdate != nil {
		s.beforeUpdate()
	}
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	if down != nil {
		return nil, down
	}
	c, err := s.CredentialStore.Update(ctx, kind, owner, id, change)
	if err == nil {
		s.mu.Lock()
		s.writes++
		s.mu.Unlock()
	}
	return c, err
}

// fixture is a strategy and its flow on a spied store, with one clock for all.
type fixture struct {
	*apikey.Strategy
	*servicetest.Services
	t     *testing.T
	flow  apikey.Flow
	store *spy
	ada   *servicetest.Account
}

func options() apikey.Options {
	return apikey.Options{Backend: "keys", Prefix: "acme", Scopes: []string{"read", "write"}}
}

func newFixture(t *testing.T, o apikey.Options) *fixture {
	t.Helper()
	s := servicetest.New(t)
	o.Now = s.Now
	store := &spy{CredentialStore: memstore.NewCredentials(s.Now)}
	strategy, err := apikey.New(store, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Credentials = store
	return &fixture{strategy, s, t, strategy.Flow(), store, s.Add("ada@example.org", "secret")}
}

func (f *fixture) make(scopes ...string) (token string, made apikey.Key) {
	f.t.Helper()
	wanted := apikey.Wanted{Name: "ci", Scopes: scopes}
	token, made, err := f.flow.Make(f.t.Context(), f.Services.Services, f.ada, wanted, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return token, made
}

// wants fails unless Verify returns the wanted error.
func (f *fixture) wants(token string, want error) core.Found {
	f.t.Helper()
	found, err := f.Verify(f.t.Context(), token)
	if err != want && !isError(err, want) {
		f.t.Errorf("got %v, want %v", err, want)
	}
	f.settle()
	return found
}

// settle waits for what is done in the background.
func (f *fixture) settle() {
	f.t.Helper()
	if err := f.Wait(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}
