package session

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/recent"
	"github.com/latchkey-go/latchkey/internal/touching"
)

// aheadLimit is how far in the future a session may seem to have been created.
// Setting the clock back by hours must not revoke everybody's sessions; a clock
// that ran ahead by years must not leave sessions that live for years.
const aheadLimit = 24 * time.Hour

// maxPerUser is the default of Options.MaxPerUser.
const maxPerUser = 100

// Strategy issues opaque tokens and keeps their sessions in a store. It is safe
// for concurrent use.
type Strategy struct {
	store   core.SessionStore
	trimmer core.SessionTrimmer // nil for no limit
	options Options
	cache   *recent.Sessions // nil unless Options.LocalCacheTTL is set
	// cached looks into the memory of the strategy or of the store; nil if
	// neither keeps any.
	cached  func(digest [32]byte, now time.Time) *core.Session
	touches touching.Set
}

var (
	_ core.Strategy   = (*Strategy)(nil)
	_ core.AllRevoker = (*Strategy)(nil)
	_ core.Rechecker  = (*Strategy)(nil)
	_ core.Unwrapper  = (*Strategy)(nil)
	_ core.Waiter     = (*Strategy)(nil)
)

// New returns a strategy that uses store. The error joins every problem with
// the options.
func New(store core.SessionStore, o Options) (*Strategy, error) {
	o = o.withDefaults()
	err := o.check()
	if store == nil {
		err = errors.Join(errors.New("session: no store"), err)
	}
	if err != nil {
		return nil, err
	}
	strategy := &Strategy{store: store, options: o}
	if o.MaxPerUser >= 0 {
		strategy.trimmer, _ = core.As[core.SessionTrimmer](store)
		strategy.options.MaxPerUser = cmp.Or(o.MaxPerUser, maxPerUser)
	}
	if o.MaxPerUser > 0 && strategy.trimmer == nil {
		return nil, errors.New("session: MaxPerUser: the store is not a core.SessionTrimmer, so it cannot limit a user's sessions")
	}
	if keeper, ok := core.As[core.FloorKeeper](store); ok {
		keeper.KeepFloors(o.Absolute + 24*time.Hour)
	}
	if o.LocalCacheTTL > 0 {
		cache := recent.NewSessions(localSessions, o.LocalCacheTTL, elapsed.New(o.Now))
		strategy.cache = cache
		strategy.cached = func(d [32]byte, now time.Time) *core.Session { return cache.Find(d, cache.Clock.At(now)) }
	} else if keeper, ok := core.As[core.SessionCache](store); ok {
		strategy.cached = keeper.Cached(store)
	}
	return strategy, nil
}

// Issue stores a new session under a new token, and revokes the user's oldest
// ones at the backend beyond Options.MaxPerUser. Token.Expires is the absolute
// limit; only the server enforces the idle limit. The error is core.ErrInvalid
// if all sessions of the user's epoch were revoked in the meantime; any other
// error means that the store could not be reached.
func (s *Strategy) Issue(ctx context.Context, login core.Login) (core.Token, error) {
	if login.Session.ID != "" {
		return core.Token{}, errors.New("session: the login is of a session already: each token of this strategy is one of its own")
	}
	secret, digest, err := core.NewSecret(s.options.Random)
	if err != nil {
		return core.Token{}, fmt.Errorf("session: random source: %w", err)
	}
	now := stored(s.options.Now())
	issued := login.Session
	issued.ID = hex.EncodeToString(digest[:])
	issued.Created, issued.LastSeen = now, now
	if begun := login.Session.Created; !begun.IsZero() && begun.Before(now) { // a step-up makes no login younger
		issued.Created = stored(begun)
	}
	issued.Expires = s.expiry(&issued, now)
	if err := s.store.Create(ctx, digest, issued); err != nil {
		return core.Token{}, fmt.Errorf("session: create: %w", err)
	}
	if err := s.trim(ctx, digest, issued); err != nil {
		return core.Token{}, fmt.Errorf("session: trim: %w", err)
	}
	_, absolute := s.limits(&issued)
	return core.Token{Raw: s.options.Prefix + secret, SessionID: issued.ID, Expires: issued.Created.Add(absolute)}, nil
}

// trim revokes the oldest sessions beyond the limit. If it cannot, it removes
// the new one too: otherwise the limit would not hold.
func (s *Strategy) trim(ctx context.Context, digest [32]byte, issued core.Session) error {
	if s.trimmer == nil {
		return nil
	}
	ended, err := s.trimmer.Trim(ctx, issued.UserID, issued.Backend, s.options.MaxPerUser, digest)
	if err != nil {
		_ = s.store.Delete(context.WithoutCancel(ctx), digest) // if it stays, nobody has its token
	}
	if s.cache != nil {
		for _, d := range ended {
			s.cache.Drop(d)
		}
	}
	return err
}

// Verify returns the session of a token: from the store (with the user, if the
// store read it along), from the cache of Options.LocalCacheTTL (without the
// user), or from redisstore's cache in this process. From time to time it
// records, in the background, that the session was used. The error is
// core.ErrNoCredential if the token does not have this strategy's shape, and
// core.ErrInvalid if it is unknown, expired or revoked; any other error means
// that the store could not be reached.
func (s *Strategy) Verify(ctx context.Context, token string) (core.Found, error) {
	secret, ok := strings.CutPrefix(token, s.options.Prefix)
	if !ok || len(secret) != core.SecretLen {
		return core.Found{}, core.ErrNoCredential
	}
	digest, now := core.Digest(secret), s.options.Now()
	found, known := s.known(digest, now)
	var err error
	if !known {
		if !canonical(secret) { // what is cached was issued, so it needs no such check
			return core.Found{}, core.ErrNoCredential
		}
		found, err = s.find(ctx, digest, now)
	}
	if err = s.judge(found, err, now); err != nil {
		return core.Found{}, err
	}
	if now.UnixMicro()-found.LastSeen.UnixMicro() >= s.options.TouchEvery.Microseconds() {
		seen := stored(now)
		s.touch(digest, seen, s.expiry(found.Session, seen))
	}
	return found, nil
}

// Recheck returns a session as Verify does for its token, always from the
// store, and does not record that it was used: an open stream does not keep a
// session from idling out. The error is core.ErrInvalid for a session of
// another strategy.
func (s *Strategy) Recheck(ctx context.Context, session *core.Session) (core.Found, error) {
	digest, ok := parseID(session.ID)
	if !ok {
		return core.Found{}, core.ErrInvalid
	}
	found, err := s.store.Find(ctx, digest)
	if err = s.judge(found, err, s.options.Now()); err != nil {
		return core.Found{}, err
	}
	return found, nil
}

// judge checks a session that was found against this process's clock and limits
// too.
func (s *Strategy) judge(found core.Found, err error, now time.Time) error {
	switch {
	case err == nil && s.lives(found.Session, now):
		return nil
	case err == nil, errors.Is(err, core.ErrNotFound):
		return core.ErrInvalid
	}
	return fmt.Errorf("session: find: %w", err)
}

// Revoke revokes a session at once. It returns nil if the session has already
// expired or been revoked, or if another strategy issued it.
func (s *Strategy) Revoke(ctx context.Context, session *core.Session) error {
	digest, ok := parseID(session.ID)
	if !ok {
		return nil
	}
	err := s.store.Delete(ctx, digest)
	if s.cache != nil {
		s.cache.Drop(digest)
	}
	if err != nil {
		return fmt.Errorf("session: delete: %w", err)
	}
	return nil
}

// RevokeAll revokes the user's sessions below epoch, except for the one with
// the ID except, and makes every Issue below epoch fail from now on.
func (s *Strategy) RevokeAll(ctx context.Context, userID string, epoch int64, except string) error {
	keep, _ := parseID(except) // another strategy's ID keeps nothing here
	err := s.store.DeleteAll(ctx, userID, epoch, keep)
	if s.cache != nil {
		s.cache.Flush()
	}
	if err != nil {
		return fmt.Errorf("session: delete all: %w", err)
	}
	return nil
}

// Unwrap returns the store, which may implement optional interfaces such as
// listing sessions or sweeping expired ones.
func (s *Strategy) Unwrap() any { return s.store }

// stored returns t with the precision that every store keeps, and without the
// monotonic clock reading, which a store would lose.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// limits returns how long a session may go unused, and how long it may last.
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

// lives reports whether a session is within the limits as configured now, which
// may have become stricter since it was stored. It counts microseconds, the
// precision of what is stored, which takes a quarter of the time of comparing
// times.
func (s *Strategy) lives(session *core.Session, now time.Time) bool {
	at := now.UnixMicro()
	age, idle := at-session.Created.UnixMicro(), at-session.LastSeen.UnixMicro()
	idleLimit, absolute := s.limits(session)
	return at < session.Expires.UnixMicro() && idle < idleLimit.Microseconds() &&
		age < absolute.Microseconds() && age >= -aheadLimit.Microseconds()
}
