package oauth

import (
	"github.com/latchkey-go/latchkey/core"
)

// store puts tokens into a link, sealed and bound to its account. Without a vault they are not kept.
func (c *config) store(a *core.OAuthAccount, provider string, t core.OAuthTokens) {
	if c.vault == nil {
		a.AccessToken, a.RefreshToken, a.Expires = "", "", t.Expires
		return
	}
	context := provider + "|" + a.Subject
	a.AccessToken, a.Expires = c.vault.Seal([]byte(t.Access), context+"|access"), t.Expires
	if t.Refresh != "" { // a provider that sends none keeps the old one good
		a.RefreshToken = c.vault.Seal([]byte(t.Refresh), context+"|refresh")
	}
}
