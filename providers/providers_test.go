package providers_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

func TestOIDC(t *testing.T) {
	providertest.Run(t, providertest.Harness{OpenID: true, New: func(s providertest.Service) (core.Provider, error) {
		return providers.OIDCBy(s.Dial, providers.OIDCOptions{
			Name: "acme", Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: s.ClientSecret,
		})
	}})
}

func TestOAuth2(t *testing.T) {
	for name, basic := range map[string]bool{"secret in the body": false, "secret in the header": true} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, providertest.Harness{Profile: flatProfile,
				New: func(s providertest.Service) (core.Provider, error) {
					return providers.OAuth2By(s.Dial, providers.OAuth2Options{
						Name: "acme", AuthorizeURL: s.AuthorizeURL, TokenURL: s.TokenURL, ProfileURL: s.ProfileURL, BasicAuth: basic,
						ClientID: s.ClientID, ClientSecret: s.ClientSecret, Fields: providers.Fields{Subject: "{id}", Email: "{email}"},
					})
				}})
		})
	}
}

// Presets with fixed endpoints, including the one without PKCE.
func TestPresetsKeepTheRules(t *testing.T) {
	for _, c := range []struct {
		name, token, profile string
		noPKCE               bool
		make                 func(id, secret string, opts ...providers.Option) *providers.Provider
	}{
		{"discord", "https://discord.com/api/oauth2/token", `{"id":%q,"email":%q,"verified":%v}`, false, providers.Discord},
		{"linkedin", "https://www.linkedin.com/oauth/v2/accessToken", `{"sub":%q,"email":%q,"email_verified":%v}`, true, providers.LinkedIn},
	} {
		t.Run(c.name, func(t *testing.T) {
			providertest.Run(t, providertest.Harness{
				TokenURL: c.token, NoPKCE: c.noPKCE,
				Profile: func(subject, email string, verified bool) string {
					return fmt.Sprintf(c.profile, subject, email, verified)
				},
				New: func(s providertest.Service) (core.Provider, error) {
					p := c.make(s.ClientID, s.ClientSecret, providers.WithDial(s.Dial))
					return p, p.Err()
				},
			})
		})
	}
}

func flatProfile(subject, email string, verified bool) string {
	return fmt.Sprintf(`{"id":%q,"email":%q,"verified":%v}`, subject, email, verified)
}
