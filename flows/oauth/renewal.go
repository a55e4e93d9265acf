package oauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	// early is how long before its end an access token is renewed: it must
	// survive the call that it is wanted for.
	early = 30 * time.Second
	// A lease is for the one who renews a link's tokens. It outlives a
	// provider's slowest answer, and its holder where that one dies.
	leaseLifetime = 20 * time.Second
	leasePause    = 50 * time.Millisecond // until those who wait look again
)

// Token returns an access token of the user's account at a provider that is
// valid for at least 30 seconds, refreshed if necessary: once for all
// concurrent callers of all processes that share Options.Tickets. A rotated
// refresh token is written before anyone gets the new access token, also where
// ctx ends meanwhile. It must not be called inside a transaction, in which
// others would not see the lease.
//
// A token whose lifetime the provider does not say is returned as it is. It may
// have ended: see Renew.
//
// core.ErrNotFound: the user has no such account, or its tokens were not kept
// (no Options.Vault at the last login). core.ErrInvalid: the token has ended
// and cannot be renewed, or its vault key is gone; the user must log in at the
// provider again. Any other error: the provider or a store could not be
// reached.
func (o *OAuth) Token(ctx context.Context, userID, provider string) (string, error) {
	return o.token(ctx, userID, provider, "")
}

// Renew returns an access token in place of one that the provider's API has
// refused (401, RFC 6750, section 3.1), whatever lifetime that one had. All
// callers with the same refused token, of all processes, renew it once; a token
// that somebody else has renewed meanwhile is returned without another renewal.
//
// Call it once for a call that was refused: an API that refuses the new token
// too does not refuse it for its age. Everything else, the errors too, is as
// with Token; core.ErrInvalid also means that the provider issued no refresh
// token. An empty refused is no token, so that Renew is Token.
func (o *OAuth) Renew(ctx context.Context, userID, provider, refused string) (string, error) {
	return o.token(ctx, userID, provider, refused)
}

func (o *OAuth) token(ctx context.Context, userID, provider, refused string) (string, error) {
	p, ok := o.provider(provider)
	if !ok {
		return "", fmt.Errorf("oauth: there is no provider %q", provider)
	}
	for {
		link, t, err := o.kept(ctx, userID, provider)
		if err != nil {
			return "", err
		}
		if o.good(t, refused) {
			return t.Access, nil
		}
		again := o.renewing.enter(link.ID)
		if again == nil {
			fresh, err := o.renewAlone(ctx, p, link, refused)
			if !errors.Is(err, core.ErrTaken) {
				return fresh, err
			}
			again = time.After(leasePause)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-again:
		}
	}
}

// renewAlone renews where this process gets the lease; else it is
// core.ErrTaken.
func (o *OAuth) renewAlone(ctx context.Context, p Provider, link *core.OAuthAccount, refused string) (string, error) {
	defer o.renewing.leave(link.ID)
	release, err := o.leases.Acquire(ctx, link.ID)
	if err != nil {
		return "", err
	}
	defer release()
	return o.renewToken(ctx, p, link.UserID, refused)
}

// renewToken runs under the link's lease.
func (o *OAuth) renewToken(ctx context.Context, p Provider, userID, refused string) (string, error) {
	link, old, err := o.kept(ctx, userID, p.Name())
	if err != nil {
		return "", err
	}
	if o.good(old, refused) { // the holder before was faster
		return old.Access, nil
	}
	refresher, ok := core.As[core.TokenRefresher](p.Provider)
	if !ok || old.Refresh == "" {
		return "", core.ErrInvalid
	}
	// What the provider has issued must not be lost with the caller's
	// patience.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseLifetime)
	defer cancel()
	fresh, err := refresher.Refresh(ctx, old.Refresh)
	if err != nil {
		return "", err
	}
	err = o.keepTokens(ctx, link, fresh)
	if revoker, ok := core.As[core.TokenRevoker](p.Provider); ok && errors.Is(err, core.ErrNotFound) {
		_ = revoker.RevokeTokens(ctx, fresh) // as for those that went with the link
	}
	if err != nil {
		return "", err
	}
	return fresh.Access, nil
}

// keepTokens writes what the provider has issued; it tries hard, since a
// rotated refresh token exists nowhere else, and whether or not the caller
// still waits. core.ErrNotFound: the link is no longer the user's.
func (o *OAuth) keepTokens(ctx context.Context, link *core.OAuthAccount, t core.OAuthTokens) (err error) {
	ctx = context.WithoutCancel(ctx)
	for pause := 50 * time.Millisecond; pause < 2*time.Second; pause *= 2 {
		_, err = o.Accounts.Update(ctx, link.ID, func(a *core.OAuthAccount) error {
			if a.UserID != link.UserID {
				return core.ErrNotFound
			}
			o.store(a, t)
			return nil
		})
		if err == nil || errors.Is(err, core.ErrNotFound) {
			return err
		}
		time.Sleep(pause)
	}
	return fmt.Errorf("oauth: renewed tokens could not be kept: %w", err)
}

// good reports whether an access token survives the call that it is for, and
// is not the one that was refused.
func (e *engine) good(t core.OAuthTokens, refused string) bool {
	return t.Access != "" && t.Access != refused && (t.Expires.IsZero() || t.Expires.Sub(e.Now()) > early)
}

// queue is who renews in this process, by link: the others wait here, and do
// not crowd for the lease in the store.
type queue struct {
	mu   sync.Mutex
	gone map[string]chan time.Time // closed when who renews has left
}

// enter returns nil to the one who may renew, and must leave. To the others it
// returns what says when to look again.
func (q *queue) enter(id string) (again <-chan time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if gone := q.gone[id]; gone != nil {
		return gone
	}
	if q.gone == nil {
		q.gone = map[string]chan time.Time{}
	}
	q.gone[id] = make(chan time.Time)
	return nil
}

func (q *queue) leave(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	close(q.gone[id])
	delete(q.gone, id)
}
