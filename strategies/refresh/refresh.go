package refresh

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// maxPerUser is the default of Options.MaxPerUser.
const maxPerUser = 100

// Strategy issues refresh tokens beside the access tokens of another strategy.
// It is safe for concurrent use.
type Strategy struct {
	store   core.SessionStore
	rotator core.Rotator
	trimmer core.SessionTrimmer // nil for no limit
	access  core.Strategy
	options Options
}

var (
	_ core.Strategy   = (*Strategy)(nil)
	_ core.Renewer    = (*Strategy)(nil)
	_ core.AllRevoker = (*Strategy)(nil)
	_ core.Rechecker  = (*Strategy)(nil)
	_ core.Unwrapper  = (*Strategy)(nil)
	_ core.Waiter     = (*Strategy)(nil)
	_ core.Sweeper    = (*Strategy)(nil)
	_ core.KeySet     = (*Strategy)(nil)
	_ core.Lasting    = (*Strategy)(nil)
	_ core.Examiner   = (*Strategy)(nil)
)

// New returns a strategy that keeps its sessions in store, which must be a
// core.Rotator, and whose access tokens are those of access. That is a strategy
// of self-contained tokens, several of which may be of one session, such as
// strategies/jwt; give it a short lifetime, as 10 minutes. The error joins
// every problem with the parts and the options.
func New(store core.SessionStore, access core.Strategy, o Options) (*Strategy, error) {
	o = o.withDefaults()
	s := &Strategy{store: store, access: access, options: o}
	s.rotator, _ = core.As[core.Rotator](store)
	if o.MaxPerUser >= 0 {
		s.trimmer, _ = core.As[core.SessionTrimmer](store)
		s.options.MaxPerUser = cmp.Or(o.MaxPerUser, maxPerUser)
	}
	errs := []error{o.check()}
	switch {
	case store == nil:
		errs = append(errs, errors.New("refresh: no store"))
	case s.rotator == nil:
		errs = append(errs, errors.New("refresh: the store is not a core.Rotator, so it cannot keep refresh tokens"))
	}
	if o.MaxPerUser > 0 && s.trimmer == nil {
		errs = append(errs, errors.New("refresh: MaxPerUser: the store is not a core.SessionTrimmer, so it cannot limit a user's sessions"))
	}
	if err := errors.Join(append(errs, checkAccess(access))...); err != nil {
		return nil, err
	}
	if keeper, ok := core.As[core.FloorKeeper](store); ok {
		keeper.KeepFloors(o.Absolute + day)
	}
	return s, nil
}

// checkAccess refuses strategies whose tokens cannot be several of one session.
func checkAccess(access core.Strategy) error {
	if access == nil {
		return errors.New("refresh: no access strategy")
	}
	_, renews := core.As[core.Renewer](access)
	_, keepsSessions := core.As[core.AllRevoker](access)
	standing, ok := core.As[core.Standing](access)
	if renews || keepsSessions || ok && standing.Standing() {
		return errors.New("refresh: the access strategy keeps what it issues itself: it must be one of self-contained tokens, such as strategies/jwt")
	}
	return nil
}

// Issue stores a new session, under the secret of a new family of refresh
// tokens, and revokes the user's oldest ones at the backend beyond
// Options.MaxPerUser. The error is core.ErrInvalid if all sessions of the
// user's epoch were revoked in the meantime; any other error means that the
// store could not be reached, or is the access strategy's.
func (s *Strategy) Issue(ctx context.Context, login core.Login) (core.Token, error) {
	switch {
	case login.Session.ID != "":
		return core.Token{}, errors.New("refresh: the login is of a session already")
	case login.Session.Epoch == core.AnyEpoch:
		return core.Token{}, errors.New("refresh: the login has no epoch: it would outlive its user's new passwords")
	}
	secret, digest, err := core.NewSecret(s.options.Random)
	if err != nil {
		return core.Token{}, fmt.Errorf("refresh: random source: %w", err)
	}
	now := stored(s.options.Now())
	issued := login.Session
	issued.ID = hex.EncodeToString(digest[:])
	issued.Created, issued.LastSeen = now, now
	if begun := login.Session.Created; !begun.IsZero() && begun.Before(now) { // a step-up makes no login younger
		issued.Created = stored(begun)
	}
	issued.Expires = s.expiry(&issued, now)
	token, err := s.access.Issue(ctx, core.Login{User: login.User, Session: issued})
	if err != nil {
		return core.Token{}, fmt.Errorf("refresh: access token: %w", err)
	}
	if err := s.store.Create(ctx, digest, issued); err != nil {
		return core.Token{}, fmt.Errorf("refresh: create: %w", err)
	}
	if err := s.trim(ctx, digest, issued); err != nil {
		return core.Token{}, fmt.Errorf("refresh: trim: %w", err)
	}
	token.SessionID, token.Refresh, token.RefreshExpires = issued.ID, s.options.Prefix+secret, issued.Expires
	return token, nil
}

// trim revokes the oldest sessions beyond the limit. If it cannot, it removes
// the new one too: otherwise the limit would not hold.
func (s *Strategy) trim(ctx context.Context, digest [32]byte, issued core.Session) error {
	if s.trimmer == nil {
		return nil
	}
	_, err := s.trimmer.Trim(ctx, issued.UserID, issued.Backend, s.options.MaxPerUser, digest)
	if err != nil {
		_ = s.store.Delete(context.WithoutCancel(ctx), digest) // if it stays, nobody has its token
	}
	return err
}

// Revoke ends a session with all its refresh tokens at once, and its access
// tokens unless Options.Stateless is set and the access strategy cannot. It
// returns nil if the session has already expired or been revoked, or if another
// strategy issued it.
func (s *Strategy) Revoke(ctx context.Context, session *core.Session) error {
	digest, ok := parseID(session.ID)
	if !ok {
		return nil
	}
	if err := s.store.Delete(ctx, digest); err != nil {
		return fmt.Errorf("refresh: delete: %w", err)
	}
	if err := s.access.Revoke(ctx, session); err != nil {
		return fmt.Errorf("refresh: revoke access tokens: %w", err)
	}
	return nil
}

// RevokeAll revokes the user's sessions below epoch, except for the one with
// the ID except, and makes every Issue below epoch fail from now on. Access
// tokens that are accepted without the store carry their epoch, which the front
// door compares.
func (s *Strategy) RevokeAll(ctx context.Context, userID string, epoch int64, except string) error {
	keep, _ := parseID(except) // another strategy's ID keeps nothing here
	if err := s.store.DeleteAll(ctx, userID, epoch, keep); err != nil {
		return fmt.Errorf("refresh: delete all: %w", err)
	}
	return nil
}
