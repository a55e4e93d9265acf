package providers_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

func TestOIDC(t *testing.T) {
	providertest.Run(t, providertest.Features{OpenID: true, New: func(s providertest.Service) (core.Provider, error) {
		return providers.OIDCBy(s.Dial, providers.OIDCOptions{
			Name: "acme", Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: s.ClientSecret,
		})
	}})
}

func TestOAuth2(t *testing.T) {
	for name, basic := range map[string]bool{"secret in the body": false, "secret in the header": true} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, providertest.Features{Profile: flatProfile, New: func(s providertest.Service) (core.Provider, error) {
				return providers.OAuth2By(s.Dial, providers.OAuth2Options{
					Name: "acme", AuthorizeURL: s.AuthorizeURL, TokenURL: s.TokenURL, ProfileURL: s.ProfileURL, BasicAuth: basic,
					ClientID: s.ClientID, ClientSecret: s.ClientSecret, Fields: providers.Fields{Subject: "{id}", Email: "{email}"},
				})
			}})
		})
	}
}

func flatProfile(subject, email string) string {
	return fmt.Sprintf(`{"id":%q,"email":%q}`, subject, email)
}
