package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	// early is how long before its end an access token is renewed: it must
	// survive the call that it is wanted for.
	early = 30 * time.Second
	// A lease is for whoever renews a link's tokens. It outlives a
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
// core.ErrNotFound: the user has no such account, or its tokens were not kept
// (no Options.Vault at the last login). core.ErrInvalid: the token has ended
// and cannot be renewed, or its vault key is gone; the user must log in at the
// provider again. Any other error: the provider or a store could not be
// reached.
func (o *OAuth) Token(ctx context.Context, userID, provider string) (string, error) {
	p, ok := o.provider(provider)
	if !ok {
		return "", fmt.Errorf("oauth: there is no provider %q", provider)
	}
	for {
		link, t, err := o.kept(ctx, userID, provider)
		if err != nil || o.valid(t) {
			return t.Access, err
		}
		release, err := o.leases.Acquire(ctx, link.ID)
		if err == nil {
			defer release()
			return o.renewToken(ctx, p, userID)
		}
		if !errors.Is(err, core.ErrTaken) {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(leasePause):
		}
	}
}

// renewToken runs under the link's lease.
func (o *OAuth) renewToken(ctx context.Context, p Provider, userID string) (string, error) {
	link, old, err := o.kept(ctx, userID, p.Name())
	if err != nil || o.valid(old) { // the holder before was faster
		return old.Access, err
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
	return fresh.Access, o.keepTokens(ctx, link.ID, fresh)
}

// keepTokens writes what the provider has issued; it tries hard, since a
// rotated refresh token exists nowhere else, and whether or not the caller
// still waits.
func (o *OAuth) keepTokens(ctx context.Context, id string, t core.OAuthTokens) (err error) {
	ctx = context.WithoutCancel(ctx)
	for pause := 50 * time.Millisecond; pause < 2*time.Second; pause *= 2 {
		_, err = o.Accounts.Update(ctx, id, func(a *core.OAuthAccount) error {
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

// valid reports whether an access token survives the call that it is for.
func (e *engine) valid(t core.OAuthTokens) bool {
	return t.Access != "" && (t.Expires.IsZero() || t.Expires.Sub(e.Now()) > early)
}

func (e *engine) provider(name string) (Provider, bool) {
	for _, p := range e.Providers {
		if p.Name() == name {
			return p, true
		}
	}
	return Provider{}, false
}

// kept returns the user's link to a provider and what it keeps.
func (e *engine) kept(ctx context.Context, userID, provider string) (*core.OAuthAccount, core.OAuthTokens, error) {
	link, err := e.linkOf(ctx, userID, provider)
	if err != nil {
		return nil, core.OAuthTokens{}, err
	}
	t, err := e.open(link)
	return link, t, err
}

// linkOf returns the user's link to a provider, the newest if there are
// several.
func (e *engine) linkOf(ctx context.Context, userID, provider string) (*core.OAuthAccount, error) {
	links, err := e.Accounts.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	for i := len(links) - 1; i >= 0; i-- {
		if links[i].Provider == provider {
			return links[i], nil
		}
	}
	return nil, core.ErrNotFound
}

// store puts tokens into a link, sealed and bound to its account. Without a
// vault they are not kept.
func (e *engine) store(a *core.OAuthAccount, t core.OAuthTokens) {
	a.Expires = t.Expires.UTC().Truncate(time.Second)
	if e.vault == nil {
		a.AccessToken, a.RefreshToken = "", ""
		return
	}
	a.AccessToken = e.vault.Seal([]byte(t.Access), sealContext(a, "access"))
	if t.Refresh != "" { // a provider that sends none keeps the old one good
		a.RefreshToken = e.vault.Seal([]byte(t.Refresh), sealContext(a, "refresh"))
	}
}

// open returns the tokens of a link. core.ErrNotFound if none were kept;
// core.ErrInvalid if they do not open: their key was taken away, or another
// program wrote them in clear.
func (e *engine) open(a *core.OAuthAccount) (t core.OAuthTokens, err error) {
	if e.vault == nil || a.AccessToken == "" {
		return t, core.ErrNotFound
	}
	access, err := e.vault.Open(a.AccessToken, sealContext(a, "access"))
	if err != nil {
		return t, core.ErrInvalid
	}
	t = core.OAuthTokens{Access: string(access), Expires: a.Expires}
	if a.RefreshToken == "" {
		return t, nil
	}
	refresh, err := e.vault.Open(a.RefreshToken, sealContext(a, "refresh"))
	if err != nil {
		return t, core.ErrInvalid
	}
	t.Refresh = string(refresh)
	return t, nil
}

func sealContext(a *core.OAuthAccount, kind string) string {
	return fmt.Sprintf("%q %q %s", a.Provider, a.Subject, kind)
}

// giveBack asks a provider that can to end the tokens of a link that goes (RFC
// 7009).
func (e *engine) giveBack(svc *core.Services, p Provider, link *core.OAuthAccount) {
	revoker, ok := core.As[core.TokenRevoker](p.Provider)
	if !ok {
		return
	}
	if t, err := e.open(link); err == nil {
		svc.Jobs.Enqueue("revoke tokens at "+p.Name(),
			func(ctx context.Context) error { return revoker.RevokeTokens(ctx, t) })
	}
}
