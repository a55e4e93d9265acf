package providers

import (
	"errors"
	"strings"
)

// Identity providers that organisations run or rent, and public ones.

// Okta returns a provider for an Okta organisation, by its issuer:
// "https://example.okta.com", or with "/oauth2/default" for a custom
// authorization server.
func Okta(issuer, id, secret string, opts ...Option) *Provider {
	return okta.issuedBy(issuer, id, secret, opts)
}

var okta = openID("okta", branded("Okta", "#007DC1", "okta"), "{issuer}")

// Auth0 returns a provider for a tenant of Auth0, by its domain:
// "example.eu.auth0.com".
func Auth0(domain, id, secret string, opts ...Option) *Provider {
	row := auth0
	if !validHost.MatchString(domain) {
		row.faults = []error{errors.New("the domain is not valid")}
	}
	row.issuer = strings.Replace(row.issuer, "{domain}", domain, 1)
	return row.client(id, secret, opts)
}

var auth0 = openID("auth0", branded("Auth0", "#EB5424", "auth0"), "https://{domain}/") // with the slash

// Cognito returns a provider for a user pool of Amazon Cognito, by its ID:
// "eu-west-1_AbCdEfGhI".
func Cognito(pool, id, secret string, opts ...Option) *Provider {
	region, rest, _ := strings.Cut(pool, "_")
	row := cognito
	if !validHost.MatchString(region) || !validHost.MatchString(rest) || strings.ContainsAny(pool, ".:") {
		row.faults = []error{errors.New("the pool must be like eu-west-1_AbCdEfGhI")}
	}
	row.issuer = strings.NewReplacer("{region}", region, "{pool}", pool).Replace(row.issuer)
	return row.client(id, secret, opts)
}

var cognito = openID("cognito", branded("Amazon Cognito", "#FF9900", "amazoncognito"),
	"https://cognito-idp.{region}.amazonaws.com/{pool}")

// Keycloak returns a provider for a realm of Keycloak, by its issuer:
// "https://id.example.com/realms/main".
func Keycloak(issuer, id, secret string, opts ...Option) *Provider {
	return keycloak.issuedBy(issuer, id, secret, opts)
}

var keycloak = openID("keycloak", branded("Keycloak", "#4D4D4D", "keycloak"), "{issuer}")

// Authentik returns a provider for an application of authentik, by its issuer:
// "https://id.example.com/application/o/app/". Its default mapping marks every
// address as verified, so none counts; to trust a mapping of your own, use OIDC
// with Fields.
func Authentik(issuer, id, secret string, opts ...Option) *Provider {
	return authentik.issuedBy(issuer, id, secret, opts)
}

var authentik = service{
	name: "authentik", brand: branded("authentik", "#FD4B2D", "authentik"), openID: true, issuer: "{issuer}",
	scopes: claimScopes,
	fields: Fields{Subject: "{sub}", Email: "{email}", Name: "{name}", Picture: "{picture}"},
}

// Zitadel returns a provider for an instance of ZITADEL, by its issuer:
// "https://example.zitadel.cloud".
func Zitadel(issuer, id, secret string, opts ...Option) *Provider {
	return zitadel.issuedBy(issuer, id, secret, opts)
}

var zitadel = openID("zitadel", branded("ZITADEL", "#000000", "zitadel"), "{issuer}")

// FranceConnect returns a provider for version 2 of FranceConnect; for
// integration use
// WithIssuer("https://fcp-low.integ01.dev-franceconnect.fr/api/v2"). It does
// not say whether an address is verified.
func FranceConnect(id, secret string, opts ...Option) *Provider {
	return franceConnect.client(id, secret, opts)
}

var franceConnect = service{
	name: "franceconnect", brand: branded("FranceConnect", "#0055A4", "franceconnect"), openID: true,
	issuer: "https://oidc.franceconnect.gouv.fr/api/v2",
	scopes: []string{"openid", "email", "given_name", "family_name"}, params: map[string]string{"acr_values": "eidas1"},
	fields: Fields{Subject: "{sub}", Email: "{email}", Name: "{given_name} {family_name}"},
}

// ORCID returns a provider for ORCID. It has no email addresses; its subject is
// the ORCID iD.
func ORCID(id, secret string, opts ...Option) *Provider { return orcid.client(id, secret, opts) }

var orcid = service{
	name: "orcid", brand: branded("ORCID", "#A6CE39", "orcid"), openID: true, issuer: "https://orcid.org",
	scopes: []string{"openid"}, fields: Fields{Subject: "{sub}", Name: "{given_name} {family_name}"},
}
