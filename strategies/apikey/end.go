package apikey

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// End ends a user's key at once. Its refusal is the plain 404. r is nil outside
// HTTP.
func (f Flow) End(ctx context.Context, svc *core.Services, u core.AnyUser, id string, r *core.Request) error {
	e := &core.Event{Kind: core.EventKeyEnded, User: u, Target: id, Request: r}
	var c *core.Credential
	err := svc.Events.Commit(ctx, e, func(ctx context.Context) (err error) {
		if c, err = own(ctx, svc.Credentials, u.Base().ID, id); err != nil {
			return err
		}
		return svc.Credentials.Delete(ctx, Kind, c.Owner, c.ID)
	})
	if errors.Is(err, core.ErrNotFound) {
		return core.NotFound()
	}
	if err != nil {
		return core.OrUnavailable(err)
	}
	f.s.drop(c)
	return nil
}

// Purge implements core.Purger: whoever proves the address of an account takes
// it over without the keys of an earlier holder.
func (f Flow) Purge(ctx context.Context, userID string) (removed int, err error) {
	return f.remove(ctx, userID, func(*core.Credential) bool { return true })
}

// Mark implements core.Marker.
func (f Flow) Mark(ctx context.Context, userID string) (ids []string, err error) {
	all, err := f.s.store.List(ctx, Kind, userID)
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids, err
}

// PurgeBut implements core.Marker.
func (f Flow) PurgeBut(ctx context.Context, userID string, ids []string) (removed int, err error) {
	return f.remove(ctx, userID, func(c *core.Credential) bool { return !slices.Contains(ids, c.ID) })
}

// remove ends those of a user's keys that drop picks.
func (f Flow) remove(ctx context.Context, userID string, drop func(*core.Credential) bool) (removed int, err error) {
	all, err := f.s.store.List(ctx, Kind, userID)
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if !drop(c) {
			continue
		}
		switch err := f.s.store.Delete(ctx, Kind, userID, c.ID); {
		case err == nil:
			removed++
		case !errors.Is(err, core.ErrNotFound):
			return removed, err
		}
		f.s.drop(c)
	}
	return removed, nil
}

// Witness implements core.Witness: a reset by mail ends the user's keys, in its
// own transaction.
func (f Flow) Witness(ctx context.Context, _ *core.Services, e core.Event) error {
	if !f.endedBy(e) {
		return nil
	}
	_, err := f.Purge(ctx, e.User.Base().ID)
	return err
}

// On implements core.Listener: it makes this process forget the keys that a
// reset has ended, and ends those that are left where there is no transaction:
// what could not be deleted then, and what was being made.
func (f Flow) On(_ context.Context, svc *core.Services, e core.Event) {
	if !f.endedBy(e) {
		return
	}
	if f.s.cache != nil {
		f.s.cache.Flush()
	}
	id, until := e.User.Base().ID, f.s.options.Now()
	svc.Jobs.Enqueue("end the api keys of before a reset", func(ctx context.Context) error {
		_, err := f.remove(ctx, id, func(c *core.Credential) bool { return !c.Created.After(until) })
		return err
	})
}

// endedBy reports whether what has happened ends the user's keys.
func (f Flow) endedBy(e core.Event) bool {
	return e.Kind == core.EventPasswordReset && !f.s.options.KeepOnReset && e.User != nil
}
