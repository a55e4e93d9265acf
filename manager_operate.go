package latchkey

import (
	"context"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
)

// Sessions returns a user's living logins of all backends that can list them,
// the newest first. core.ErrNotFound means that there is no such user.
func (m *Manager[U]) Sessions(ctx context.Context, userID string) ([]*Session, error) {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return nil, err
	}
	living, err := m.auth.svc.Sessions.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(living, func(s *Session) bool { // ended, and not cleaned up yet
		return s.Epoch != u.Base().TokenEpoch && s.Epoch != core.AnyEpoch
	}), nil
}

// EndSession ends one login of a user. core.ErrNotFound means that there is no
// such user, or that they have no living session with that ID.
func (m *Manager[U]) EndSession(ctx context.Context, userID, sessionID string) error {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	return account.EndSession(withoutRoute(ctx), m.auth.svc, u, sessionID)
}

// UnlockLogin forgives the wrong passwords that were counted for a user, so
// that they can log in from browsers that are not known (see
// Limits.LoginFailures). core.ErrNotFound means that there is no such user.
func (m *Manager[U]) UnlockLogin(ctx context.Context, userID string) error {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	return loginlimit.Reset(ctx, m.auth.opts.Limiter, u)
}

// Suspend keeps a user from using their account until a time, for a reason of 1
// to 200 characters, which the user reads when they log in, and which is not
// core.SuspendedForLeaving; the zero time is for good. Whatever they are logged
// in with ends, API keys for as long as the suspension lasts. It ends by the
// clock. Refusals: 422. core.ErrNotFound means that there is no such user.
func (m *Manager[U]) Suspend(ctx context.Context, userID string, until time.Time, reason string) error {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	return account.Suspend(withoutRoute(ctx), m.auth.svc, u, account.Suspension{Until: until, Reason: reason}, nil)
}

// Reinstate ends a user's suspension; nothing happens without one.
// core.ErrNotFound means that there is no such user.
func (m *Manager[U]) Reinstate(ctx context.Context, userID string) error {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	return account.Reinstate(withoutRoute(ctx), m.auth.svc, u, nil)
}

// ForceReset makes a user's password unusable, ends all that they are logged in
// with, and mails them a link by which they set another one, for somebody whose
// password may be known. core.ErrNotFound means that there is no such user.
func (m *Manager[U]) ForceReset(ctx context.Context, userID string) error {
	f, err := flowOf[reset.Flow](m.auth.opts.Flows)
	if err != nil {
		return err
	}
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	return f.Force(withoutRoute(ctx), m.auth.svc, u, nil)
}

// ResetLink returns a one-time link by which a user sets a password, and when
// it expires, for an operator to hand over: the first superuser has no mailbox
// that a new installation could write to. Whoever has the link has the account.
// It ends the token of an earlier reset mail or link. Using it verifies no
// address, since it was not sent to one. core.ErrNotFound means that there is
// no such user, reset.ErrBlocked that they are inactive or suspended.
func (m *Manager[U]) ResetLink(ctx context.Context, userID string) (link string, expires time.Time, err error) {
	f, err := flowOf[reset.Flow](m.auth.opts.Flows)
	if err != nil {
		return "", time.Time{}, err
	}
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return "", time.Time{}, err
	}
	return f.MakeLink(withoutRoute(ctx), m.auth.svc, u)
}
