package providers_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/internal/canary"
	"github.com/latchkey-go/latchkey/providers"
)

func TestL11Options(t *testing.T) {
	for name, problems := range map[string][]string{
		"L11 OAuth2Options": canary.Options(providers.OAuth2Options{}, "Name", "AuthorizeURL", "TokenURL", "ProfileURL", "RevokeURL", "ClientID",
			"ClientAuth", "Scopes", "Params", "Fields", "Brand", "InsecureInternalHosts"),
		"L11 OIDCOptions": canary.Options(providers.OIDCOptions{}, "Name", "Issuer", "DiscoveryURL", "InternalURL", "InsecureInternalHosts",
			"ClientID", "ClientAuth", "Scopes", "Params", "Fields", "Brand"),
		"L11 AppleKey": canary.Options(providers.AppleKey{}, "TeamID", "KeyID"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, problem := range problems {
				t.Error(problem)
			}
		})
	}
	for name, p := range map[string]*providers.Provider{
		"L11 preset":             providers.GitHub("id", canary.Secret),
		"L11 preset with issuer": providers.Google("id", canary.Secret),
		"L11 app secret proof":   providers.Facebook("id", canary.Secret),
		"L11 Apple":              providers.Apple("id", providers.AppleKey{TeamID: "t", KeyID: "k", PEM: []byte(canary.Secret)}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, problem := range append(canary.Value(p, canary.Secret), canary.Value(*p, canary.Secret)...) {
				t.Error(problem)
			}
		})
	}
}
