package providers

import (
	"log/slog"
	"slices"
	"time"
)

// OIDCOptions describe an OpenID provider. Name, Issuer and ClientID are
// required, and ClientSecret unless the client is a public one.
type OIDCOptions struct {
	// Name is in routes and rows of accounts: lower-case letters, digits,
	// '-' and '_'.
	Name string
	// Issuer is the issuer's URL, exactly as its metadata has it: the rest
	// is found from there, when the first login needs it.
	Issuer                 string
	ClientID, ClientSecret string
	// Scopes to ask for. Default: openid, email, profile. openid is always
	// asked for.
	Scopes []string
	// Params are added to the authorization request ("prompt"). Those of
	// the protocol are refused. Default: none.
	Params map[string]string
	// Fields says where claims are, all of it or nothing. Default: sub,
	// email, email_verified, name and picture, the standard's.
	Fields Fields
	// Brand is what a login page shows. Default: nothing.
	Brand Brand
	// InsecureLoopback allows http for addresses of this machine, for
	// development. Default: https alone.
	InsecureLoopback bool
	// Log takes what the operator must know: that the issuer does not say
	// that it supports PKCE. Default: slog.Default().
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// OIDC makes a provider of any OpenID Connect issuer. Nothing is asked of it
// yet; what discovery finds is kept for an hour, and a failure is tried again
// at the next login. The error joins everything that is wrong with the options.
func OIDC(o OIDCOptions) (*Provider, error) { return checked(newProvider(o.service())) }

func (o OIDCOptions) service() service {
	s := service{
		name: o.Name, brand: o.Brand, openID: true, issuer: o.Issuer, clientID: o.ClientID,
		clientSecret: constant(o.ClientSecret), scopes: o.Scopes,
		params: o.Params, fields: o.Fields, insecureLoopback: o.InsecureLoopback, log: o.Log, now: o.Now,
	}
	if s.fields.Subject == "" {
		s.fields = claimFields
	}
	if s.scopes == nil {
		s.scopes = claimScopes
	} else if !slices.Contains(s.scopes, "openid") {
		s.scopes = slices.Concat([]string{"openid"}, s.scopes)
	}
	return s
}

func checked(p *Provider) (*Provider, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p, nil
}

var (
	claimScopes = []string{"openid", "email", "profile"}
	// claimFields are the standard claims (OpenID Connect Core, section
	// 5.1).
	claimFields = Fields{Subject: "{sub}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{name}",
		Picture: "{picture}"}
)

func constant(secret string) func(time.Time) (string, error) {
	return func(time.Time) (string, error) { return secret, nil }
}
