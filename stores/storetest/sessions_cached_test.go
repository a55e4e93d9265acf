package storetest_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// caching is memstore's with a memory before it.
type caching struct {
	*memstore.Sessions
	forgets string // the method that does not drop, for the fakes
	shared  bool   // whether decorators get the memory too

	mu   sync.Mutex
	kept map[[32]byte]*core.Session
}

func newCaching(now func() time.Time) *caching {
	return &caching{Sessions: memstore.NewSessions(now), kept: map[[32]byte]*core.Session{}}
}

func (c *caching) Cached(store core.SessionStore) func(d [32]byte, now time.Time) *core.Session {
	if store != core.SessionStore(c) && !c.shared {
		return nil
	}
	return func(d [32]byte, now time.Time) *core.Session {
		c.mu.Lock()
		defer c.mu.Unlock()
		if one := c.kept[d]; one != nil && (now.Before(one.Expires) || c.forgets == "expiry") {
			return one
		}
		return nil
	}
}

func (c *caching) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	found, err := c.Sessions.Find(ctx, d)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.kept[d] = found.Session
	}
	return found, err
}

func (c *caching) drop(method string, which func(one *core.Session, d [32]byte) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgets != method {
		maps.DeleteFunc(c.kept, func(d [32]byte, one *core.Session) bool { return which(one, d) })
	}
}

func (c *caching) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	defer c.drop("Touch", func(_ *core.Session, other [32]byte) bool { return d == other })
	return c.Sessions.Touch(ctx, d, seen, expires)
}

func (c *caching) Delete(ctx context.Context, d [32]byte) error {
	defer c.drop("Delete", func(_ *core.Session, other [32]byte) bool { return d == other })
	return c.Sessions.Delete(ctx, d)
}

func (c *caching) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	defer c.drop("DeleteAll", func(one *core.Session, _ [32]byte) bool { return one.UserID == userID })
	return c.Sessions.DeleteAll(ctx, userID, epoch, except)
}

func (c *caching) Trim(
	ctx context.Context, userID, backend string, keep int, named [32]byte,
) (ended [][32]byte, err error) {
	defer c.drop("Trim", func(one *core.Session, _ [32]byte) bool { return one.UserID == userID })
	return c.Sessions.Trim(ctx, userID, backend, keep, named)
}

func (c *caching) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	defer c.drop("Rotate", func(_ *core.Session, other [32]byte) bool { return d == other })
	return c.Sessions.Rotate(ctx, d, t)
}

func TestACachePasses(t *testing.T) {
	t.Parallel()
	storetest.Sessions(t, func(_ *testing.T, now func() time.Time) core.SessionStore { return newCaching(now) })
}

func TestBrokenCaches(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]struct {
		breaks func(c *caching)
		rules  []string
	}{
		"Delete does not drop":    {func(c *caching) { c.forgets = "Delete" }, []string{"S02 SessionCache: what was revoked"}},
		"Touch does not drop":     {func(c *caching) { c.forgets = "Touch" }, []string{"S02 SessionCache: what was revoked"}},
		"DeleteAll does not drop": {func(c *caching) { c.forgets = "DeleteAll" }, []string{"S02 SessionCache: what was revoked"}},
		"Trim does not drop":      {func(c *caching) { c.forgets = "Trim" }, []string{"S02 SessionCache: what was revoked"}},
		"Rotate does not drop":    {func(c *caching) { c.forgets = "Rotate" }, []string{"S02 SessionCache: what was rotated"}},
		"it outlives its session": {func(c *caching) { c.forgets = "expiry" }, []string{"S02 SessionCache: what was revoked"}},
		"decorators get it too":   {func(c *caching) { c.shared = true }, []string{"SessionCache: a store that decorates"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken(t, storetest.SessionCases(), func() storetest.Clocked[core.SessionStore] {
				clock := storetest.NewClock()
				c := newCaching(clock.Now)
				fake.breaks(c)
				return storetest.Clocked[core.SessionStore]{Store: c, Clock: clock}
			}, fake.rules...)
		})
	}
}
