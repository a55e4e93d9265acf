package oauth

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

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
