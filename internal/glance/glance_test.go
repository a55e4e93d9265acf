package glance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/glance"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// counted counts the reads of a store.
type counted struct {
	core.CredentialStore
	reads *int
	err   error
}

func (c counted) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	*c.reads++
	return c.CredentialStore.Find(ctx, kind, key)
}

func (c counted) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	*c.reads++
	if c.err != nil {
		return nil, c.err
	}
	return c.CredentialStore.List(ctx, kind, owner)
}

func newStore(err error) (core.CredentialStore, *int) {
	reads := new(int)
	return glance.New(counted{memstore.NewCredentials(nil), reads, err}), reads
}

func add(t *testing.T, s core.CredentialStore, ctx context.Context, owner, kind, key string) string {
	t.Helper()
	c := &core.Credential{Owner: owner, Kind: kind, Key: key, Data: []byte("data"), Created: time.Now()}
	if err := s.Create(ctx, c, 0); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// It is a store like any other, also where it is about somebody.
func TestKit(t *testing.T) {
	t.Parallel()
	storetest.Credentials(t, func(t *testing.T, now func() time.Time) core.CredentialStore {
		return glance.New(memstore.NewCredentials(now))
	})
}

func TestOneReadForOneDecision(t *testing.T) {
	t.Parallel()
	s, reads := newStore(nil)
	ctx := t.Context()
	id := add(t, s, ctx, "ada", "totp", "ada")
	add(t, s, ctx, "ada", "passkey", "digest")
	add(t, s, ctx, "eve", "recovery", "eve")
	at := glance.At(ctx, "ada")
	for range 3 {
		at = glance.At(at, "ada")
		c, err := s.Find(at, "totp", "ada")
		if err != nil || c.ID != id || string(c.Data) != "data" {
			t.Fatalf("got %+v, %v", c, err)
		}
		c.Data[0] = 'x' // the caller's own
		if _, err := s.Find(at, "second", "ada"); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("what is not there: %v", err)
		}
		if keys, err := s.List(at, "passkey", "ada"); err != nil || len(keys) != 1 {
			t.Errorf("got %d, %v", len(keys), err)
		}
		if all, err := s.List(at, "", "ada"); err != nil || len(all) != 2 {
			t.Errorf("got %d, %v", len(all), err)
		}
	}
	if *reads != 1 {
		t.Errorf("%d reads, want 1", *reads)
	}
	if c, err := s.Find(at, "passkey", "digest"); err != nil || c.Owner != "ada" || *reads != 2 {
		t.Errorf("another key: %v, %d reads", err, *reads)
	}
	if all, err := s.List(at, "", "eve"); err != nil || len(all) != 1 || *reads != 3 {
		t.Errorf("another owner: %d, %v, %d reads", len(all), err, *reads)
	}
	for what, write := range map[string]func() error{
		"Create": func() error { add(t, s, at, "ada", "second", "ada"); return nil },
		"Update": func() error {
			_, err := s.Update(at, "totp", "ada", id, func(c *core.Credential) error { c.Label = "new"; return nil })
			return err
		},
		"Delete": func() error { return s.Delete(at, "passkey", "ada", id) },
	} {
		before := *reads
		err := write()
		_, _ = s.List(at, "", "ada")
		if err != nil && !errors.Is(err, core.ErrNotFound) || *reads != before+1 {
			t.Errorf("after %s: %v, %d reads", what, err, *reads-before)
		}
	}
}

// A store that is down is an error each time, and never an empty list.
func TestDown(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	s, _ := newStore(down)
	at := glance.At(t.Context(), "ada")
	for range 2 {
		if _, err := s.Find(at, "totp", "ada"); !errors.Is(err, down) {
			t.Errorf("Find: %v", err)
		}
		if _, err := s.List(at, "totp", "ada"); !errors.Is(err, down) {
			t.Errorf("List: %v", err)
		}
	}
	if glance.New(nil) != nil {
		t.Error("in front of nothing there is something")
	}
}
