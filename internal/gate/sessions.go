package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// List implements core.Sessions. Backends over one store give a session once.
func (g *Gate) List(ctx context.Context, userID string) ([]*core.Session, error) {
	var all []*core.Session
	seen := map[string]bool{}
	for _, b := range g.Backends {
		lister, ok := core.As[core.SessionLister](b.Strategy)
		if !ok {
			continue
		}
		living, err := lister.List(ctx, userID)
		if err != nil {
			return nil, err
		}
		for _, s := range living {
			if !seen[s.ID] {
				seen[s.ID] = true
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all,
		func(a, b *core.Session) int { return cmp.Compare(b.Created.UnixNano(), a.Created.UnixNano()) })
	return all, nil
}

// Revoke implements core.Sessions.
func (g *Gate) Revoke(ctx context.Context, s *core.Session) error {
	b, ok := g.backend(s.Backend)
	if !ok {
		return fmt.Errorf("no backend is called %q", s.Backend)
	}
	return b.Strategy.Revoke(ctx, s)
}

// CleanUp ends all sessions of u below its TokenEpoch, which was raised and
// committed before, in every backend, except keep. It cannot fail the caller:
// the epoch protects already, and it is retried in the background.
func (g *Gate) CleanUp(ctx context.Context, u core.AnyUser, keep *core.Session) {
	g.ForgetEpoch(u.Base().ID)
	end := func(ctx context.Context) error {
		var errs []error
		for _, b := range g.Backends {
			if all, ok := core.As[core.AllRevoker](b.Strategy); ok {
				except := ""
				if keep != nil {
					except = keep.ID
				}
				errs = append(errs, all.RevokeAll(ctx, u.Base().ID, u.Base().TokenEpoch, except))
			}
		}
		return errors.Join(errs...)
	}
	if err := end(context.WithoutCancel(ctx)); err != nil {
		g.Log.ErrorContext(ctx, "latchkey: sessions were not cleaned up; the epoch ends them, and it will be tried again",
			"err", err)
		g.Jobs.Enqueue("end sessions", end)
	}
}

// Logout implements core.Sessions.
func (g *Gate) Logout(ctx context.Context, s *core.Session, resp *core.Response, backend string) error {
	if err := g.Revoke(ctx, s); err != nil {
		return err
	}
	for _, b := range g.Backends {
		if b.Name == backend || b.Name == s.Backend {
			b.Transport.Clear(resp)
		}
	}
	return nil
}

// RevokeAll implements core.Sessions.
func (g *Gate) RevokeAll(ctx context.Context, userID string, keep *core.Session) error {
	u, err := g.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	e := &core.Event{Kind: core.EventSessionsEnded, User: u, Keep: keep}
	return g.Events.Commit(ctx, e, func(ctx context.Context) error {
		u, err := g.Users.Update(ctx, userID, func(u core.AnyUser) error {
			was := *u.Base()
			e.Was = &was
			u.Base().TokenEpoch++
			return nil
		})
		if err == nil {
			e.User = u
		}
		return err
	})
}
