package gate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Renew implements core.Renewals.
func (g *Gate) Renew(ctx context.Context, refresh string, r *core.Request) (core.Admission, error) {
	b, renewer, err := g.renewer()
	if err != nil {
		return core.Admission{}, err
	}
	if refresh, err = carried(b, refresh, r); err != nil {
		return core.Admission{}, stale(err)
	}
	login, err := g.renewable(ctx, b, renewer, refresh)
	if err != nil {
		return core.Admission{}, stale(err)
	}
	token, err := renewer.Renew(ctx, refresh, login)
	if errors.Is(err, core.ErrUsed) {
		g.Events.Raise(ctx, core.Event{
			Kind: core.EventSessionReused, Backend: b.Name, User: login.User, Session: &login.Session,
			Target: login.Session.ID, Request: r,
		})
	}
	if err != nil {
		return core.Admission{}, stale(err)
	}
	token.Brief = login.Session.Brief
	answer := core.Empty(http.StatusOK)
	b.Transport.Attach(answer, token)
	return core.Admission{Token: token, Answer: answer}, nil
}

// EndRenewable implements core.Renewals.
func (g *Gate) EndRenewable(ctx context.Context, refresh string, r *core.Request) (*core.Response, error) {
	b, renewer, err := g.renewer()
	if err != nil {
		return nil, err
	}
	answer := core.Bytes(http.StatusOK, "application/json", []byte("null"))
	b.Transport.Clear(answer)
	if refresh, err = carried(b, refresh, r); err != nil {
		return answer, unlessAbsent(err)
	}
	found, err := renewer.Renewable(ctx, refresh)
	if err != nil {
		return answer, unlessAbsent(err)
	}
	if found.Session.Backend != b.Name {
		return answer, nil
	}
	if err := b.Strategy.Revoke(ctx, found.Session); err != nil {
		return nil, core.Unavailable(err)
	}
	if u, err := g.Users.Find(ctx, core.ByID(found.UserID)); err == nil { // else nobody is there to hear of it
		g.Events.Raise(ctx, core.Event{
			Kind: core.EventLoggedOut, Backend: b.Name, User: u, Session: found.Session, Request: r,
			Actor: core.Principal{Kind: "user", UserID: found.UserID, SessionID: found.ID},
		})
	}
	return answer, nil
}

// renewer returns the gate's own backend with its core.Renewer.
func (g *Gate) renewer() (core.Backend, core.Renewer, error) {
	b, err := g.mine()
	if err != nil {
		return b, nil, err
	}
	renewer, ok := core.As[core.Renewer](b.Strategy)
	if !ok {
		return b, nil, &core.Error{
			Status: http.StatusInternalServerError,
			Cause:  fmt.Errorf("the strategy of backend %q has no refresh tokens (core.Renewer)", b.Name),
		}
	}
	return b, renewer, nil
}

// carried returns the refresh token of a request: what its transport carries,
// or else what the body had.
func carried(b core.Backend, refresh string, r *core.Request) (string, error) {
	if c, ok := core.As[core.RefreshCarrier](b.Transport); ok && c.CarriesRefresh() {
		if r == nil {
			return "", core.ErrNoCredential
		}
		return c.ExtractRefresh(r)
	}
	return refresh, nil
}

// pauses are those between readings of two epochs that differ. A new password
// is committed before the sessions are ended, or carried on, which takes a
// store some milliseconds.
var pauses = []time.Duration{
	0, 5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond,
}

// renewable returns the login that a refresh token renews: of this backend,
// whose user may log in, and of the epoch that they have. One of the two epochs
// may be older than the other for a moment, so both are read again: a client
// whose refresh token is refused takes its user for logged out.
func (g *Gate) renewable(
	ctx context.Context, b core.Backend, renewer core.Renewer, refresh string,
) (login core.Login, err error) {
	for i := 0; i <= len(pauses); i++ {
		if i > 0 {
			select {
			case <-ctx.Done():
				return login, ctx.Err()
			case <-time.After(pauses[i-1]):
			}
		}
		found, err := renewer.Renewable(ctx, refresh)
		if err != nil {
			return login, err
		}
		// Nobody who acts as the user outlasts the token that they got.
		if found.Session.Backend != b.Name || found.Session.Actor != "" {
			return login, core.ErrInvalid
		}
		u := found.User
		if u == nil {
			if u, err = g.Users.Find(ctx, core.ByID(found.UserID)); err != nil {
				return login, err
			}
		}
		base := u.Base()
		if base.Blocked(g.Now()) || g.RequireVerified && !base.IsVerified {
			return login, core.ErrInvalid
		}
		if base.TokenEpoch == found.Epoch {
			return core.Login{User: u, Session: *found.Session}, nil
		}
	}
	return login, core.ErrInvalid
}

// stale is the answer to a refresh token that renews nothing: one 401, whatever
// the cause, which leaves the client its cookies, for another request of the
// same browser may just have renewed them.
func stale(err error) error {
	if errors.Is(err, core.ErrUsed) {
		return core.Unauthorized()
	}
	if unlessAbsent(err) == nil {
		return core.Unauthorized()
	}
	return unlessAbsent(err)
}

// unlessAbsent is the answer to err, nil where it says that there is no session
// of a token, or no user of one.
func unlessAbsent(err error) error {
	switch {
	case errors.Is(err, core.ErrNoCredential), errors.Is(err, core.ErrInvalid), errors.Is(err, core.ErrNotFound):
		return nil
	}
	return core.OrUnavailable(err)
}
