package apikey

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/recent"
	"github.com/latchkey-go/latchkey/internal/touching"
)

// Kind is the Kind of the credential of a key.
const Kind = "api-key"

// localKeys is about how many keys Options.LocalCacheTTL keeps.
const localKeys = 1 << 14

// Strategy verifies keys and keeps them in a store. It is safe for concurrent
// use.
type Strategy struct {
	store   core.CredentialStore
	options Options
	prefix  string                          // with its "_"
	cache   *recent.Cache[[32]byte, record] // nil unless Options.LocalCacheTTL is set
	clock   elapsed.Clock                   // of the cache
	touches touching.Set
}

var (
	_ core.Strategy  = (*Strategy)(nil)
	_ core.Standing  = (*Strategy)(nil)
	_ core.Rechecker = (*Strategy)(nil)
	_ core.Waiter    = (*Strategy)(nil)
)

// New returns a strategy over store, which Options.Credentials of the front
// door should be too. The error joins every problem with the options.
func New(store core.CredentialStore, o Options) (*Strategy, error) {
	o = o.withDefaults()
	err := o.check()
	if store == nil {
		err = errors.Join(errors.New("apikey: no store"), err)
	}
	if err != nil {
		return nil, err
	}
	s := &Strategy{store: store, options: o, prefix: o.Prefix + "_", clock: elapsed.New(o.Now)}
	if o.LocalCacheTTL > 0 {
		s.cache = recent.New[[32]byte, record](localKeys, o.LocalCacheTTL, recent.Digest)
	}
	return s, nil
}

// Standing implements core.Standing: keys are not the answer to a login.
func (*Strategy) Standing() bool { return true }

// Issue returns an error: keys are made by the flow of [Strategy.Flow].
func (*Strategy) Issue(context.Context, core.Login) (core.Token, error) {
	return core.Token{}, errors.New("apikey: no login issues a key; users make theirs by the flow api-keys")
}

// Verify returns the session of a key: from the store, or from the cache of
// Options.LocalCacheTTL. From time to time it records, in the background, that
// the key was used. The error is core.ErrNoCredential, without a query, if the
// token does not have the shape and the checksum of a key, and core.ErrInvalid
// if it is unknown, expired or ended; a 429 beyond Options.Limit; any other
// error means that the store or the limiter could not be reached.
func (s *Strategy) Verify(ctx context.Context, token string) (core.Found, error) {
	if !shaped(token, s.prefix) {
		return core.Found{}, core.ErrNoCredential
	}
	digest, now := core.Digest(token), s.options.Now()
	key, err := s.find(ctx, digest, now)
	if err = judge(key, err, now); err != nil {
		return core.Found{}, err
	}
	if s.options.Limiter != nil {
		err := core.CheckLimit(ctx, s.options.Limiter, core.LimitKey(Kind, key.ID), s.options.Limit)
		if err != nil {
			return core.Found{}, err
		}
	}
	if !key.used || now.Sub(key.LastSeen) >= s.options.UsedEvery {
		s.touch(digest, key, now)
	}
	return core.Found{Session: &key.Session}, nil
}

// Recheck returns the session of a key that Verify returned before, always from
// the store, and does not record that it was used. The error is core.ErrInvalid
// for a session of another strategy.
func (s *Strategy) Recheck(ctx context.Context, session *core.Session) (core.Found, error) {
	c, err := own(ctx, s.store, session.UserID, session.ID)
	var key *record
	if err == nil {
		key, err = s.record(c)
	}
	if err = judge(key, err, s.options.Now()); err != nil {
		return core.Found{}, err
	}
	return core.Found{Session: &key.Session}, nil
}

// Revoke ends a key at once. It returns nil if it has already expired or been
// ended, or if another strategy issued the session.
func (s *Strategy) Revoke(ctx context.Context, session *core.Session) error {
	c, err := own(ctx, s.store, session.UserID, session.ID)
	if err == nil {
		err = s.store.Delete(ctx, Kind, c.Owner, c.ID)
		s.drop(c)
	}
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return fmt.Errorf("apikey: delete: %w", err)
	}
	return nil
}

// Wait returns nil when nothing is being recorded of a key, within 5 seconds
// after the last request, or ctx's error if ctx is done first. It implements
// core.Waiter: Auth.Close calls it.
func (s *Strategy) Wait(ctx context.Context) error { return s.touches.Wait(ctx) }

// find returns the key of a digest, from the cache or the store.
func (s *Strategy) find(ctx context.Context, digest [32]byte, now time.Time) (*record, error) {
	if s.cache == nil {
		return s.read(ctx, digest)
	}
	asked := s.clock.At(now)
	if key := s.cache.Find(digest, asked); key != nil {
		return key, nil
	}
	generation := s.cache.Generation(digest)
	key, err := s.read(ctx, digest)
	if err != nil {
		return nil, err
	}
	left := s.options.LocalCacheTTL
	if !key.Expires.IsZero() {
		left = key.Expires.Sub(now)
	}
	return s.cache.Keep(digest, *key, asked, left, generation), nil
}

func (s *Strategy) read(ctx context.Context, digest [32]byte) (*record, error) {
	c, err := s.store.Find(ctx, Kind, keyOf(digest))
	if err != nil {
		return nil, err
	}
	return s.record(c)
}

// judge returns core.ErrInvalid for a key that is not there or has expired by
// this process's clock.
func judge(key *record, err error, now time.Time) error {
	switch {
	case errors.Is(err, core.ErrNotFound):
		return core.ErrInvalid
	case err != nil:
		return fmt.Errorf("apikey: find: %w", err)
	case !key.Expires.IsZero() && now.UnixMicro() >= key.Expires.UnixMicro():
		return core.ErrInvalid
	}
	return nil
}

// touch records in the background that a key is in use: nobody's key, if it has
// ended meanwhile, and nothing but the time. Of several processes one writes.
func (s *Strategy) touch(digest [32]byte, key *record, now time.Time) {
	owner, id := key.UserID, key.ID
	s.touches.Go(digest, func(ctx context.Context) {
		_, err := s.store.Update(ctx, Kind, owner, id, func(c *core.Credential) error {
			if now.Sub(c.Used) < s.options.UsedEvery {
				return errRecorded
			}
			c.Used = now
			return nil
		})
		if s.cache != nil && (err == nil || errors.Is(err, errRecorded) || errors.Is(err, core.ErrNotFound)) {
			s.cache.Drop(digest) // the cached entry is out of date
		}
	})
}

// errRecorded undoes an Update that has nothing to write.
var errRecorded = errors.New("apikey: the use is recorded already")

// drop makes this process forget a key.
func (s *Strategy) drop(c *core.Credential) {
	var digest [32]byte
	if s.cache == nil || len(c.Key) != hex.EncodedLen(len(digest)) {
		return
	}
	if _, err := hex.Decode(digest[:], []byte(c.Key)); err == nil {
		s.cache.Drop(digest)
	}
}

// keyOf is the Key of a credential.
func keyOf(digest [32]byte) string { return hex.EncodeToString(digest[:]) }

// own returns a user's key by its ID.
func own(ctx context.Context, store core.CredentialStore, userID, id string) (*core.Credential, error) {
	all, err := store.List(ctx, Kind, userID)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
	}
	return nil, core.ErrNotFound
}
