package providers

import (
	"errors"
	"maps"
	"regexp"
	"slices"
)

// Option changes a preset.
type Option func(*service)

// WithName sets the provider's name, so that there can be two of a kind.
func WithName(name string) Option { return func(s *service) { s.name = name } }

// WithScopes requests scopes beyond those that say who somebody is.
func WithScopes(scopes ...string) Option {
	return func(s *service) { s.scopes = slices.Concat(s.scopes, scopes) }
}

// WithParam adds a parameter to the authorization request:
// WithParam("access_type", "offline") makes Google issue a refresh token. The
// protocol's own parameters are refused.
func WithParam(name, value string) Option {
	return func(s *service) {
		params := map[string]string{}
		maps.Copy(params, s.params)
		params[name] = value
		s.params = params
	}
}

// WithIssuer sets the issuer of an OpenID Connect service that runs in several
// places: a self-managed GitLab, FranceConnect's integration environment.
func WithIssuer(issuer string) Option {
	return func(s *service) {
		if !s.openID {
			s.faults = append(s.faults, errors.New("WithIssuer is for OpenID Connect"))
			return
		}
		s.issuer = issuer
	}
}

// InsecureLoopback allows http for addresses of this machine, such as a
// Keycloak on a developer's machine. Default: https only.
func InsecureLoopback() Option { return func(s *service) { s.insecureLoopback = true } }

// client returns a provider for a row of the table.
func (s service) client(id, secret string, opts []Option) *Provider {
	if secret == "" {
		s.faults = append(s.faults, errors.New("the client secret is empty"))
	}
	s.clientSecret = constant(secret)
	return s.with(id, opts)
}

func (s service) with(id string, opts []Option) *Provider {
	s.clientID = id
	for _, o := range opts {
		o(&s)
	}
	return newProvider(s)
}

// openID returns a row for a service that is fully described by its issuer.
func openID(name string, b Brand, issuer string) service {
	return service{name: name, brand: b, openID: true, issuer: issuer, scopes: claimScopes, fields: claimFields}
}

// issuedBy is client for a row whose issuer is an argument.
func (s service) issuedBy(issuer, id, secret string, opts []Option) *Provider {
	s.issuer = issuer
	return s.client(id, secret, opts)
}

var validHost = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]+)?$`)
