package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// memory returns the store's lookup in memory.
func memory(s sessions) (func(d [32]byte, now time.Time) *core.Session, error) {
	cache, ok := core.As[core.SessionCache](s.Store)
	if !ok {
		return nil, NotDeclaredError("core.SessionCache")
	}
	cached := cache.Cached(s.Store)
	if cached == nil { // it is decorated
		return nil, NotDeclaredError("core.SessionCache")
	}
	return cached, nil
}

// forgotten returns an error if one of the sessions is still in memory.
func forgotten(s sessions, step string, cached func([32]byte, time.Time) *core.Session, names ...string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, that(cached(key(name), s.Now()) == nil, "after %s Cached returned %q", step, name))
	}
	return errors.Join(errs...)
}

var sessionCachedCases = []sessionCase{
	{Rule: "S02 SessionCache: what was revoked, changed or has expired is no more in memory", Check: func(ctx context.Context, s sessions) error {
		cached, err := memory(s)
		if err != nil {
			return err
		}
		hour := s.waits()
		errs := []error{create(ctx, s, "ann", "deleted", "touched", "ended", "kept"), create(ctx, s, "bob", "expired"),
			forgotten(s, "nothing", cached, "unknown")}
		for _, name := range []string{"deleted", "touched", "ended", "kept", "expired"} {
			errs = append(errs, alive(ctx, s, name))
		}
		errs = append(errs, is("Delete", s.Store.Delete(ctx, key("deleted")), nil),
			forgotten(s, "Delete", cached, "deleted"),
			is("Touch", touch(ctx, s, "touched"), nil), forgotten(s, "Touch", cached, "touched"), alive(ctx, s, "touched"),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 2, key("kept")), nil),
			forgotten(s, "DeleteAll", cached, "touched", "ended"))
		if kept := cached(key("kept"), s.Now()); kept != nil {
			errs = append(errs, that(kept.Epoch == 2, "Cached returned the kept session with epoch %d, want 2", kept.Epoch))
		}
		if trimmer, ok := core.As[core.SessionTrimmer](s.Store); ok {
			errs = append(errs, create(ctx, s, "cy", "trimmed"), alive(ctx, s, "trimmed"),
				is("Trim", second(trimmer.Trim(ctx, "cy", "web", 0, noOne)), nil), forgotten(s, "Trim", cached, "trimmed"))
		}
		s.Advance(hour)
		return errors.Join(append(errs, forgotten(s, "an hour", cached, "expired"))...)
	}},
	{Rule: "SessionCache: Cached returns the session that Find returns", Check: func(ctx context.Context, s sessions) error {
		cached, err := memory(s)
		if err != nil {
			return err
		}
		want := session(s, "ann")
		errs := []error{is("Create", s.Store.Create(ctx, key("one"), want), nil), alive(ctx, s, "one")}
		if one := cached(key("one"), s.Now()); one != nil { // it need not keep what it has found
			errs = append(errs, sameSession("Cached", one, want))
		}
		return errors.Join(append(errs, that(cached(key("two"), s.Now()) == nil, "Cached returned an unknown session"))...)
	}},
	{Rule: "SessionCache: a store that decorates another gets no function, as its Find must see every request", Check: func(_ context.Context, s sessions) error {
		if _, err := memory(s); err != nil {
			return err
		}
		cache, _ := core.As[core.SessionCache](s.Store)
		decorator := struct{ core.SessionStore }{s.Store}
		return that(cache.Cached(decorator) == nil, "Cached of a decorator returned a function")
	}},
}
