package oauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// early is how long before its end an access token is renewed: it must survive the call that it is wanted for.
const early = 30 * time.Second

// Token gives an access token of the user's account at a provider that is good for half a minute at least, renewed if need be: once for
// all concurrent callers of this process, and a rotated refresh token is written before anyone gets the new access token.
//
// core.ErrNotFound: the user has no such account, or its tokens were not kept (no Options.Vault at the last login). core.ErrInvalid: the
// token has ended and cannot be renewed, or its vault key is gone; the user must log in at the provider again. Any other error: the provider or the store could
// not be asked.
func (o *OAuth) Token(ctx context.Context, userID, provider string) (string, error) {
	p, ok := o.provider(provider)
	if !ok {
		return "", fmt.Errorf("oauth: there is no provider %q", provider)
	}
	link, err := o.linkOf(ctx, userID, provider)
	if err != nil {
		return "", err
	}
	if t, err := o.open(link); err != nil || good(t) {
		return t.Access, err
	}
	lock, _ := o.refresh.LoadOrStore(link.ID, &sync.Mutex{})
	mu := lock.(*sync.Mutex)
	mu.Lock()
	defer mu.Unlock()
	return o.renewToken(ctx, p, userID)
}

// renewToken runs under the link's lock.
func (o *OAuth) renewToken(ctx context.Context, p Provider, userID string) (string, error) {
	link, err := o.linkOf(ctx, userID, p.Name())
	if err != nil {
		return "", err
	}
	old, err := o.open(link)
	if err != nil || good(old) { // another caller was faster
		return old.Access, err
	}
	refresher, ok := p.Provider.(core.TokenRefresher)
	if !ok || old.Refresh == "" {
		return "", core.ErrInvalid
	}
	fresh, err := refresher.Refresh(ctx, old.Refresh)
	if err != nil {
		// Another node may have renewed it, and used the refresh token up.
		if now, openErr := o.linkOf(ctx, userID, p.Name()); openErr == nil && now.RefreshToken != link.RefreshToken {
			if t, openErr := o.open(now); openErr == nil && good(t) {
				return t.Access, nil
			}
		}
		return "", err
	}
	return fresh.Access, o.keepTokens(ctx, link.ID, fresh)
}

// keepTokens writes what the provider has issued; it tries hard, since a rotated refresh token exists nowhere else, and whether or not
// the caller still waits.
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

func good(t core.OAuthTokens) bool {
	return t.Access != "" && (t.Expires.IsZero() || time.Until(t.Expires) > early)
}

func (c *config) provider(name string) (Provider, bool) {
	for _, p := range c.Providers {
		if p.Name() == name {
			return p, true
		}
	}
	return Provider{}, false
}

// linkOf gives the user's link to a provider, the newest if there are several.
func (c *config) linkOf(ctx context.Context, userID, provider string) (*core.OAuthAccount, error) {
	links, err := c.Accounts.List(ctx, userID)
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

// store puts tokens into a link, sealed and bound to its account. Without a vault they are not kept.
func (c *config) store(a *core.OAuthAccount, t core.OAuthTokens) {
	a.Expires = t.Expires.UTC().Truncate(time.Second)
	if c.vault == nil {
		a.AccessToken, a.RefreshToken = "", ""
		return
	}
	a.AccessToken = c.vault.Seal([]byte(t.Access), sealContext(a, "access"))
	if t.Refresh != "" { // a provider that sends none keeps the old one good
		a.RefreshToken = c.vault.Seal([]byte(t.Refresh), sealContext(a, "refresh"))
	}
}

// open gives the tokens of a link. core.ErrNotFound if none were kept; core.ErrInvalid if they do not open: their key was taken away, or
// another program wrote them in clear.
func (c *config) open(a *core.OAuthAccount) (t core.OAuthTokens, err error) {
	if c.vault == nil || a.AccessToken == "" {
		return t, core.ErrNotFound
	}
	access, err := c.vault.Open(a.AccessToken, sealContext(a, "access"))
	if err != nil {
		return t, core.ErrInvalid
	}
	t = core.OAuthTokens{Access: string(access), Expires: a.Expires}
	if a.RefreshToken == "" {
		return t, nil
	}
	refresh, err := c.vault.Open(a.RefreshToken, sealContext(a, "refresh"))
	if err != nil {
		return t, core.ErrInvalid
	}
	t.Refresh = string(refresh)
	return t, nil
}

func sealContext(a *core.OAuthAccount, kind string) string {
	return fmt.Sprintf("%q %q %s", a.Provider, a.Subject, kind)
}

// giveBack asks a provider that can to end the tokens of a link that goes (RFC 7009).
func (c *config) giveBack(kit core.Kit, p Provider, link *core.OAuthAccount) {
	revoker, ok := p.Provider.(core.TokenRevoker)
	if !ok {
		return
	}
	if t, err := c.open(link); err == nil {
		kit.Later("revoke tokens at "+p.Name(), func(ctx context.Context) error { return revoker.RevokeTokens(ctx, t) })
	}
}
