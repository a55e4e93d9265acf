package latchkey

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Mark implements core.Security.
func (s *security) Mark(ctx context.Context, userID string, at time.Time) (core.Mark, error) {
	m := core.Mark{At: at, IDs: map[string][]string{}}
	for _, p := range s.purgers {
		if p.marker == nil {
			continue
		}
		ids, err := p.marker.Mark(ctx, userID)
		if err != nil {
			return core.Mark{}, err
		}
		m.IDs[p.name] = ids
	}
	return m, nil
}

// PurgeSince implements core.Security.
func (s *security) PurgeSince(ctx context.Context, userID string, m core.Mark) (removed int, err error) {
	removed, err = s.purgeCredentials(ctx, userID, m.At)
	if err != nil {
		return removed, err
	}
	for _, p := range s.purgers {
		var n int
		switch {
		case p.marker != nil:
			n, err = p.marker.PurgeBut(ctx, userID, m.IDs[p.name])
		case !p.keeps:
			n, err = p.Purge(ctx, userID)
		}
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// purgeCredentials deletes those that the user has had since a time.
func (s *security) purgeCredentials(ctx context.Context, userID string, since time.Time) (removed int, err error) {
	if s.kept == nil {
		return 0, nil
	}
	all, err := s.kept.List(ctx, "", userID)
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if c.Created.Before(since.Truncate(time.Microsecond)) { // the unit of Created
			continue
		}
		switch err := s.kept.Delete(ctx, c.Kind, userID, c.ID); {
		case err == nil:
			removed++
		case !errors.Is(err, core.ErrNotFound):
			return removed, err
		}
	}
	return removed, nil
}
