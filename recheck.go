package latchkey

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/resolve"
)

// rechecker checks a login again where a change that it allows is written:
// between the guard and the write lie hooks, hashing and other servers.
type rechecker struct {
	resolver *resolve.Resolver
	users    core.Users
}

// run runs do as core.Commit describes.
func (r rechecker) run(ctx context.Context, targets []string, do func(context.Context) error) error {
	c := core.CurrentFrom(ctx)
	if c == nil || c.Route == nil {
		return r.users.Transact(ctx, do)
	}
	// A logout raises no epoch, so the strategy rechecks too. It may read
	// from another server, so it does that before rows are locked.
	session, err := r.resolver.Alive(ctx, c)
	if err != nil {
		return err
	}
	return r.users.Transact(ctx, func(ctx context.Context) error {
		caller, err := r.lock(ctx, session, targets)
		if err != nil {
			return err
		}
		if err := holds(session, caller, r.resolver.Now()); err != nil {
			return err
		}
		now := core.Current{Session: session, User: caller, Route: c.Route, Request: c.Request}
		if err := r.letIn(ctx, &now); err != nil {
			return err
		}
		return do(context.WithValue(ctx, heldKey{}, &held{now, *caller.Base()}))
	})
}

// lock locks the rows of the caller and the targets, the lowest ID first so
// that two callers who change each other do not deadlock, and returns the
// caller. Who acts as the caller is locked too, and checked.
func (r rechecker) lock(ctx context.Context, s *core.Session, targets []string) (caller core.AnyUser, err error) {
	id, actor := s.UserID, s.Actor
	ids := append([]string{id}, targets...)
	if actor != "" {
		ids = append(ids, actor)
	}
	slices.Sort(ids)
	for _, next := range slices.Compact(ids) {
		u, err := r.users.Lock(ctx, next)
		switch {
		case errors.Is(err, core.ErrNotFound) && (next == id || next == actor):
			return nil, core.Unauthorized()
		case err != nil:
			return nil, err
		case next == actor && !resolve.Acts(s, u, r.resolver.Now()):
			return nil, core.Unauthorized()
		case next == id:
			caller = u
		}
	}
	return caller, nil
}

// letIn checks the route's scopes, and those of its guards that read the user
// or the request. The others (the time of the latest proof, the backend) hold
// as they did.
func (r rechecker) letIn(ctx context.Context, c *core.Current) error {
	if err := r.resolver.InScope(c.Session, c.Route.Guards); err != nil {
		return err
	}
	for _, g := range c.Route.Guards {
		var err error
		if g.Check != nil && g.NeedsUser {
			err = g.Check(ctx, c)
		}
		if err == nil && g.CheckRequest != nil {
			err = g.CheckRequest(ctx, c.Request, c)
		}
		if err == nil {
			continue
		}
		if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
			return refusal
		}
		return core.Unavailable(err)
	}
	return nil
}

// holds reports a session that its user's row allows no more.
func holds(s *core.Session, u core.AnyUser, now time.Time) error {
	if b := u.Base(); b.Blocked(now) || s.Epoch != core.AnyEpoch && b.TokenEpoch != s.Epoch {
		return core.Unauthorized()
	}
	return nil
}

// held is a caller as run has found them, for stores without transactions.
type held struct {
	core.Current
	was core.User // a copy: the change may be of the same value
}

// heldKey is the key of held in the context of run's do.
type heldKey struct{}

// stillHolds checks the row of the user who makes the change once more. Guards
// are not called again, since a store may be locked here: a user who lost a
// flag that one of them may have read is refused.
func stillHolds(ctx context.Context, u core.AnyUser, now time.Time) error {
	h, ok := ctx.Value(heldKey{}).(*held)
	b := u.Base()
	if !ok || h.was.ID != b.ID {
		return nil
	}
	if err := holds(h.Session, u, now); err != nil {
		return err
	}
	lost := h.was.IsSuperuser && !b.IsSuperuser || h.was.IsVerified && !b.IsVerified
	if lost && slices.ContainsFunc(h.Route.Guards,
		func(g core.Guard) bool { return g.NeedsUser || g.CheckRequest != nil }) {
		return core.Forbidden()
	}
	return nil
}

// withoutRoute is ctx without what run goes by. What an application does by
// a Manager is its own decision.
func withoutRoute(ctx context.Context) context.Context {
	c := core.CurrentFrom(ctx)
	if c == nil || c.Route == nil {
		return ctx
	}
	return core.WithCurrent(ctx, core.Current{Session: c.Session, User: c.User})
}
