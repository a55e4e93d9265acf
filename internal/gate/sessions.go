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

// EndAll implements core.Sessions.
func (g *Gate) EndAll(ctx context.Context, u core.AnyUser, keep *core.Session) {
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
		g.Later("end sessions", end)
	}
}

// EndOthers implements core.Sessions.
func (g *Gate) EndOthers(ctx context.Context, userID string, keep *core.Session) error {
	var u core.AnyUser
	err := g.Recheck(ctx, []string{userID}, func(ctx context.Context) (err error) {
		u, err = g.Users.Update(ctx, userID, func(u core.AnyUser) error {
			u.Base().TokenEpoch++
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	g.EndAll(ctx, u, keep)
	return nil
}
