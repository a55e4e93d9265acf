package providers

import (
	"errors"
	"net/http"
	"time"
)

// OAuth2Options describes a service that speaks OAuth 2.0 and returns its
// users' profiles in a format of its own. Name, the three URLs, ClientID and
// Fields.Subject are required.
type OAuth2Options struct {
	// Name is the provider's name in routes and stored accounts: lower-case
	// letters, digits, '-' and '_'.
	Name string
	// AuthorizeURL is where browsers are sent; TokenURL exchanges codes for
	// tokens.
	AuthorizeURL, TokenURL string
	// ProfileURL answers a GET that carries the access token (RFC 6750)
	// with a JSON object about the user.
	ProfileURL string
	// RevokeURL revokes tokens (RFC 7009). Default: tokens are not revoked.
	RevokeURL              string
	ClientID, ClientSecret string
	// BasicAuth sends ID and secret in the Authorization header (RFC 6749,
	// section 2.3.1), as ClientAuth "client_secret_basic" does. Default: in
	// the body.
	BasicAuth bool
	// ClientAuth is how the client authenticates. See WithClientAuth.
	// Default: as BasicAuth says.
	ClientAuth string
	// Scopes lists the scopes to request. Default: none.
	Scopes []string
	// Params are added to the authorization request. The protocol's own are
	// refused. Default: none.
	Params map[string]string
	// Fields says where the profile holds what.
	Fields Fields
	// Brand is what a login page shows. Default: nothing.
	Brand Brand
	// TokenLifetime is the lifetime of access tokens that do not say it.
	// See WithTokenLifetime. Default: unknown.
	TokenLifetime time.Duration
	// InsecureLoopback allows http for addresses of this machine, for
	// development. Default: https only.
	InsecureLoopback bool
	// InsecureInternalHosts names hosts that may be called by plain http:
	// those of TokenURL, ProfileURL and RevokeURL, where browsers do not
	// go. See the function of that name. Default: none.
	InsecureInternalHosts []string
	// Transport makes the https calls. See WithTransport. Default: TLS by
	// the system's authorities, through the environment's proxy.
	Transport *http.Transport
}

// OAuth2 returns a provider for any OAuth 2.0 service. The error joins every
// problem with the options.
func OAuth2(o OAuth2Options) (*Provider, error) { return checked(newProvider(o.service())) }

func (o OAuth2Options) service() service {
	s := service{
		name: o.Name, brand: o.Brand, clientID: o.ClientID, clientSecret: constant(o.ClientSecret), scopes: o.Scopes,
		params: o.Params,
		fields: o.Fields, insecureLoopback: o.InsecureLoopback, insecureHosts: o.InsecureInternalHosts,
		transport: o.Transport, clientAuth: o.ClientAuth, lifetime: o.TokenLifetime,
		endpoints: endpoints{authorize: o.AuthorizeURL, token: o.TokenURL, profile: o.ProfileURL, revoke: o.RevokeURL,
			basicAuth: o.BasicAuth},
	}
	if o.BasicAuth && o.ClientAuth != "" && o.ClientAuth != secretBasic {
		s.faults = append(s.faults, errors.New("BasicAuth and ClientAuth differ: set ClientAuth alone"))
	}
	return s
}
