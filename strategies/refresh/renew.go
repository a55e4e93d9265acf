package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Renewable returns the session of a refresh token, present or replaced. The
// error is core.ErrNoCredential if the token does not have the shape of one,
// and core.ErrInvalid if its session has ended; any other error means that the
// store could not be reached.
func (s *Strategy) Renewable(ctx context.Context, refresh string) (core.Found, error) {
	t, ok := s.parse(refresh)
	if !ok {
		return core.Found{}, core.ErrNoCredential
	}
	return s.find(ctx, t.family)
}

// Renew returns a new access token for a session that Renewable has returned,
// with the refresh token's successor; with the same refresh token where that is
// younger than Options.Grace. The error is core.ErrUsed if the token was
// replaced longer ago than that, or never was one of its family: the session
// has been ended. It is core.ErrInvalid if the session ended in the meantime.
// After any other error nothing has been used up, unless the store wrote and
// could not say so: then the token still gets its successor within the grace.
func (s *Strategy) Renew(ctx context.Context, refresh string, login core.Login) (core.Token, error) {
	t, ok := s.parse(refresh)
	if !ok {
		return core.Token{}, core.ErrNoCredential
	}
	if family, ok := parseID(login.Session.ID); !ok || family != t.family {
		return core.Token{}, core.ErrInvalid
	}
	now := stored(s.options.Now())
	login.Session.Expires = s.expiry(&login.Session, now)
	// First, since it may fail, as extra claims may, and writes nothing.
	token, err := s.access.Issue(ctx, login)
	if err != nil {
		return core.Token{}, fmt.Errorf("refresh: access token: %w", err)
	}
	next, err := t.next(s.options.Random)
	if err != nil {
		return core.Token{}, err
	}
	is, err := s.rotator.Rotate(ctx, t.family, core.Turn{
		From:   t.present,
		Next:   core.Rotation{Secret: next.digest, Replaced: t.present, Sealed: next.sealed, At: now},
		Before: now.Add(-s.options.Grace), Seen: now, Expires: login.Session.Expires,
	})
	if errors.Is(err, core.ErrNotFound) {
		return core.Token{}, core.ErrInvalid
	}
	if err != nil {
		return core.Token{}, fmt.Errorf("refresh: rotate: %w", err)
	}
	secret, ok := s.answer(t, next, is, now)
	if !ok {
		return core.Token{}, s.reused(ctx, &login.Session)
	}
	token.SessionID, token.Refresh, token.RefreshExpires = login.Session.ID, t.raw, s.expiry(&login.Session, is.At)
	if secret != "" {
		token.Refresh = t.prefix + secret
	}
	return token, nil
}

// answer returns the secret of t's successor, and "" where t itself is still
// the present one. It returns false where t was replaced too long ago.
func (s *Strategy) answer(t token, next successor, is core.Rotation, now time.Time) (secret string, ok bool) {
	switch {
	case is.Secret == next.digest:
		return next.secret, true
	case is.Secret == t.present:
		return "", true
	case is.Replaced == t.present && now.Sub(is.At) < s.options.Grace:
		return t.unseal(is)
	}
	return "", false
}

// reused ends a session of whose tokens somebody has a copy. It does so even if
// the client does not wait for the answer.
func (s *Strategy) reused(ctx context.Context, session *core.Session) error {
	if err := s.Revoke(context.WithoutCancel(ctx), session); err != nil {
		return err
	}
	return core.ErrUsed
}
