package providers

import (
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// OIDCOptions describes an OpenID provider. Name, Issuer and ClientID are
// required, and ClientSecret unless the client is public.
type OIDCOptions struct {
	// Name is the provider's name in routes and stored accounts: lower-case
	// letters, digits, '-' and '_'.
	Name string
	// Issuer is the issuer's URL, exactly as in its metadata and in iss.
	// Everything else is discovered from there when the first login needs
	// it.
	Issuer string
	// DiscoveryURL is the whole URL of the metadata, for an issuer that has
	// it somewhere else. It must still name Issuer; only this option lets
	// the two differ. Default: Issuer + "/.well-known/openid-configuration"
	// (OpenID Connect Discovery, section 4).
	DiscoveryURL string
	// InternalURL is where this program reaches the issuer, for one that
	// has another address for browsers. See WithInternalURL. Default: none.
	InternalURL string
	// InsecureInternalHosts names hosts that may be called by plain http.
	// See the function of that name. Default: none.
	InsecureInternalHosts  []string
	ClientID, ClientSecret string
	// ClientAuth is how the client authenticates. See WithClientAuth.
	// Default: client_secret_basic if the metadata lists it, or lists
	// nothing (OpenID Connect Discovery, section 3); else
	// client_secret_post.
	ClientAuth string
	// Scopes lists the scopes to request; openid is always added. Default:
	// openid, email, profile.
	Scopes []string
	// Params are added to the authorization request ("prompt"). The
	// protocol's own are refused. Default: none.
	Params map[string]string
	// Fields says where claims are. Set all of it or nothing. Default: the
	// standard's sub, email, email_verified, name and picture.
	Fields Fields
	// Brand is what a login page shows. Default: nothing.
	Brand Brand
	// TokenLifetime is the lifetime of access tokens that do not say it.
	// See WithTokenLifetime. Default: unknown.
	TokenLifetime time.Duration
	// InsecureLoopback allows http for addresses of this machine, for
	// development. Default: https only.
	InsecureLoopback bool
	// Transport makes the https calls. See WithTransport. Default: TLS by
	// the system's authorities, through the environment's proxy.
	Transport *http.Transport
	// Log receives a message for operators: that the issuer does not say
	// that it supports PKCE. Default: slog.Default().
	Log *slog.Logger
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
}

// OIDC returns a provider for any OpenID Connect issuer. It does not call the
// issuer yet; discovered metadata is kept for an hour, and after a failure the
// next login tries again. The error joins every problem with the options.
func OIDC(o OIDCOptions) (*Provider, error) { return checked(newProvider(o.service())) }

func (o OIDCOptions) service() service {
	s := service{
		name: o.Name, brand: o.Brand, openID: true, issuer: o.Issuer, discover: o.DiscoveryURL, clientID: o.ClientID,
		clientSecret: constant(o.ClientSecret), scopes: o.Scopes,
		params: o.Params, fields: o.Fields, insecureLoopback: o.InsecureLoopback, log: o.Log, now: o.Now,
		internal: o.InternalURL, insecureHosts: o.InsecureInternalHosts, transport: o.Transport,
		clientAuth: o.ClientAuth, lifetime: o.TokenLifetime,
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
	// claimFields holds the standard claims (OpenID Connect Core, section
	// 5.1).
	claimFields = Fields{Subject: "{sub}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{name}",
		Picture: "{picture}"}
)

func constant(secret string) func(time.Time) (string, error) {
	return func(time.Time) (string, error) { return secret, nil }
}
