package providers_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/providers"
)

// at returns the constructor of a preset whose first argument is its location.
func at(
	preset func(where, id, secret string, opts ...providers.Option) *providers.Provider, where string,
) func(...providers.Option) *providers.Provider {
	return func(opts ...providers.Option) *providers.Provider {
		return preset(where, "the-client", "the-secret", opts...)
	}
}

const standardClaims = `{"sub":"248289761001","email":"ada@example.com","email_verified":true,"name":"Ada","picture":"https://id.example/ada.jpg"}`

// standard returns a service that uses the standard's claims.
func standard(name string, make func(...providers.Option) *providers.Provider, issuer string) preset {
	return preset{
		name: name, make: make, issuer: issuer, scope: "openid email profile", basic: true, idToken: standardClaims,
		subject: "248289761001",
		person:  "Ada", picture: "https://id.example/ada.jpg", verified: "true", unverify: notVerified, unverified: "false",
	}
}

var issuers = []preset{
	{
		name: "okta", make: at(providers.Okta, "https://example.okta.com"), issuer: "https://example.okta.com",
		scope: "openid email profile", basic: true,
		idToken: `{"sub":"00uid4BxXw6I6TV4m0g3"}`, // a thin token, since an access token came with it
		answers: map[string]string{
			"GET https://idp.example/userinfo": `{"sub":"00uid4BxXw6I6TV4m0g3","name":"Ada","preferred_username":"ada@example.com",
				"email":"ada@example.com","email_verified":true,"zoneinfo":"America/Los_Angeles"}`,
		},
		subject: "00uid4BxXw6I6TV4m0g3", person: "Ada", verified: "true", unverify: notVerified, unverified: "false",
	},
	standard("auth0", at(providers.Auth0, "example.eu.auth0.com"), "https://example.eu.auth0.com/"),
	standard("cognito", at(providers.Cognito, "eu-west-1_AbCdEfGhI"),
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"),
	standard("keycloak", at(providers.Keycloak, "https://id.example.com/realms/main"),
		"https://id.example.com/realms/main"),
	{
		name: "authentik", make: at(providers.Authentik, "https://id.example.com/application/o/app/"),
		issuer: "https://id.example.com/application/o/app/", scope: "openid email profile", basic: true,
		idToken: standardClaims, subject: "248289761001", person: "Ada", picture: "https://id.example/ada.jpg",
	},
	standard("zitadel", at(providers.Zitadel, "https://example.zitadel.cloud"), "https://example.zitadel.cloud"),
	{
		name: "franceconnect", make: client(providers.FranceConnect), issuer: "https://oidc.franceconnect.gouv.fr/api/v2",
		scope: "openid email given_name family_name", params: map[string]string{"acr_values": "eidas1"},
		idToken: `{"sub":"b6048e95bb134ec5b1d1e1fa69f287172e91722b9354d637a1bcf2ebb0fd2ef5v1","acr":"eidas1"}`,
		answers: map[string]string{
			"GET https://idp.example/userinfo": `{"sub":"b6048e95bb134ec5b1d1e1fa69f287172e91722b9354d637a1bcf2ebb0fd2ef5v1","given_name":"Ada",
				"family_name":"Lovelace","email":"ada@example.com"}`,
		},
		subject: "b6048e95bb134ec5b1d1e1fa69f287172e91722b9354d637a1bcf2ebb0fd2ef5v1", person: "Ada Lovelace",
	},
	{
		name: "orcid", make: client(providers.ORCID), issuer: "https://orcid.org", scope: "openid", noEmail: true,
		idToken: `{"sub":"0000-0002-1825-0097","given_name":"Ada","family_name":"Lovelace"}`,
		subject: "0000-0002-1825-0097", person: "Ada Lovelace",
	},
}

func TestArgumentsThatAreWrong(t *testing.T) {
	for name, p := range map[string]*providers.Provider{
		"no client ID":         providers.GitHub("", "the-secret"),
		"no secret":            providers.GitHub("the-client", ""),
		"a name":               providers.GitHub("the-client", "the-secret", providers.WithName("Git Hub")),
		"a reserved parameter": providers.GitHub("the-client", "the-secret", providers.WithParam("redirect_uri", "https://evil.example")),
		"an issuer for OAuth":  providers.GitHub("the-client", "the-secret", providers.WithIssuer("https://id.example.com")),
		"a plain issuer":       providers.Keycloak("http://id.example.com", "the-client", "the-secret"),
		"no issuer":            providers.Keycloak("", "the-client", "the-secret"),
		"no URL":               providers.Gitea("codeberg.org", "the-client", "the-secret"),
		"a tenant's name":      providers.Microsoft("contoso.onmicrosoft.com", "the-client", "the-secret"),
		"a tenant with more":   providers.Microsoft("../x", "the-client", "the-secret"),
		"a shop with a host":   providers.Shopify("evil.example/", "the-client", "the-secret"),
		"a domain with a path": providers.Auth0("evil.example/x", "the-client", "the-secret"),
		"a pool with a host":   providers.Cognito("evil.example/_x", "the-client", "the-secret"),
		"a pool":               providers.Cognito("eu-west-1", "the-client", "the-secret"),
		"no Apple key":         providers.Apple("the-client", providers.AppleKey{TeamID: "T", KeyID: "K"}),
	} {
		if p.Err() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := providers.OIDC(providers.OIDCOptions{Name: "acme"}); err == nil {
		t.Error("OIDC without an issuer and a client: no error")
	}
	if _, err := providers.OAuth2(providers.OAuth2Options{Name: "acme", ClientID: "x"}); err == nil {
		t.Error("OAuth2 without URLs: no error")
	}
}
