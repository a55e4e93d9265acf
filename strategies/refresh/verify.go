package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	day = 24 * time.Hour
	// aheadLimit is how far in the future a session may seem to be.
	// Setting the clock back by hours must not revoke everybody's sessions;
	// a clock that ran ahead by years must not leave sessions that live for
	// years.
	aheadLimit = day
)

// Verify returns the session of an access token: from the store (with the user,
// if the store read it along), expiring with the token at the latest, and with
// its extra claims; or the token's own where Options.Stateless is set. The
// errors are those of the access strategy, and core.ErrInvalid if the session
// has expired or been revoked; any other error means that the store could not
// be reached.
func (s *Strategy) Verify(ctx context.Context, raw string) (core.Found, error) {
	token, err := s.access.Verify(ctx, raw)
	if err != nil || s.options.Stateless {
		return token, err
	}
	return s.living(ctx, token.Session)
}

// Recheck returns a session as Verify does for its token, always from the
// store. With Options.Stateless it is the token's, with the epoch that the
// session has now, so that one that has outlived a new password goes on. The
// error is core.ErrInvalid for a session of another strategy.
func (s *Strategy) Recheck(ctx context.Context, session *core.Session) (core.Found, error) {
	if !s.options.Now().Before(session.Expires) {
		return core.Found{}, core.ErrInvalid
	}
	return s.living(ctx, session)
}

// living returns what the store has of an access token's session.
func (s *Strategy) living(ctx context.Context, token *core.Session) (core.Found, error) {
	digest, ok := parseID(token.ID)
	if !ok {
		return core.Found{}, core.ErrInvalid
	}
	found, err := s.find(ctx, digest)
	if err != nil {
		return core.Found{}, err
	}
	one := *found.Session
	if s.options.Stateless {
		one = *token
		one.Epoch = found.Epoch
	}
	one.Extra = token.Extra
	if token.Expires.Before(one.Expires) {
		one.Expires = token.Expires
	}
	return core.Found{Session: &one, User: found.User}, nil
}

// find returns a session that lives by this process's clock and limits too.
func (s *Strategy) find(ctx context.Context, digest [32]byte) (core.Found, error) {
	found, err := s.store.Find(ctx, digest)
	switch {
	case err == nil && s.lives(found.Session):
		return found, nil
	case err == nil, errors.Is(err, core.ErrNotFound):
		return core.Found{}, core.ErrInvalid
	}
	return core.Found{}, fmt.Errorf("refresh: find: %w", err)
}

// lives reports whether a session is within the limits as configured now, which
// may have become stricter since it was stored.
func (s *Strategy) lives(session *core.Session) bool {
	now := s.options.Now()
	age, idle := now.Sub(session.Created), now.Sub(session.LastSeen)
	idleLimit, absolute := s.limits(session)
	return now.Before(session.Expires) && idle < idleLimit && age < absolute && min(age, idle) >= -aheadLimit
}

// limits returns how long a session may go without being renewed, and how long
// it may last.
func (s *Strategy) limits(session *core.Session) (idle, absolute time.Duration) {
	idle, absolute = s.options.Idle, s.options.Absolute
	if session.Brief {
		idle, absolute = s.options.BriefIdle, s.options.BriefAbsolute
	}
	if session.Actor != "" {
		absolute = min(absolute, core.ActorLifetime)
	}
	return idle, absolute
}

// expiry returns the earlier of both limits.
func (s *Strategy) expiry(session *core.Session, seen time.Time) time.Time {
	idleLimit, absoluteLimit := s.limits(session)
	absolute, idle := session.Created.Add(absoluteLimit), seen.Add(idleLimit)
	if absolute.Before(idle) {
		return absolute
	}
	return idle
}

// stored returns t with the precision that every store keeps, and without the
// monotonic clock reading, which a store would lose.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
