package providers

import (
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// Option changes a preset.
type Option func(*service)

// WithName sets the provider's name, so that there can be two of a kind.
func WithName(name string) Option { return func(s *service) { s.name = name } }

// WithScopes requests scopes beyond those that say who somebody is.
func WithScopes(scopes ...string) Option {
	return func(s *service) { s.scopes = slices.Concat(s.scopes, scopes) }
}

// WithOnlyScopes requests these scopes in place of the preset's: X without
// users.email, for one, which then returns no address. Those that the subject
// needs, such as openid, cannot be left out; docs/providers.md marks them.
// WithScopes after it adds to them.
func WithOnlyScopes(scopes ...string) Option {
	return func(s *service) { s.scopes = slices.Clone(scopes) }
}

// WithTokenLifetime sets the lifetime of access tokens where the service's
// answer has none, or none that can be read (0 is none). It counts only if
// there is a refresh token: nothing is gained by giving up a token too early
// that cannot be renewed. Default: what the service documents, which is 15
// minutes for Salesforce (the shortest that an organisation can set there) and
// 12 hours for Slack; else unknown.
func WithTokenLifetime(d time.Duration) Option { return func(s *service) { s.lifetime = d } }

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

// WithClientAuth sets how the client authenticates when it exchanges, refreshes
// and revokes tokens (OpenID Connect Core, section 9): "client_secret_basic",
// in the Authorization header; "client_secret_post", in the body; or "none",
// for a client without a secret. It is for a service that accepts one of them
// only and does not say so. Default: as the service documents.
func WithClientAuth(method string) Option { return func(s *service) { s.clientAuth = method } }

// WithTransport sets what makes the https calls, for a network with a proxy or
// an authority of its own, or for a service that asks for a client certificate
// (RFC 8705):
//
//	t := http.DefaultTransport.(*http.Transport).Clone()
//	t.TLSClientConfig = &tls.Config{RootCAs: pool}
//
// The provider uses a copy, within the bounds of this package: time, sizes of
// header and body, no redirects. A transport that verifies no certificate is
// refused. Plain http never goes through it. Default: TLS by the system's
// authorities (SSL_CERT_FILE), through the proxy that the environment names
// (HTTPS_PROXY, NO_PROXY; see http.ProxyFromEnvironment).
func WithTransport(t *http.Transport) Option {
	return func(s *service) {
		if t == nil {
			s.faults = append(s.faults, errors.New("WithTransport needs a transport"))
		}
		s.transport = t
	}
}

// WithInternalURL sets where this program reaches the service, if browsers use
// another address: a Keycloak at https://id.example.org that is
// "https://keycloak:8443" inside the network. Every call for the public address
// goes there: metadata, tokens, keys, userinfo, revocation. Browsers are sent
// to the public address, and iss is compared with the public issuer.
//
// Where the paths differ too, it is the issuer's whole URL inside:
// "https://keycloak:8443/realms/main" for
// "https://example.org/auth/realms/main". Plain http needs
// [InsecureInternalHosts].
func WithInternalURL(internal string) Option { return func(s *service) { s.internal = internal } }

// InsecureInternalHosts names hosts inside the network, such as "keycloak",
// that may be called by plain http: whoever can listen there learns the
// client's secret and everybody's tokens. A name is exact, without a port;
// there are no wildcards. Browsers are never sent there. Default: https only.
func InsecureInternalHosts(hosts ...string) Option {
	return func(s *service) { s.insecureHosts = slices.Concat(s.insecureHosts, hosts) }
}

// WithDiscoveryURL sets the whole URL of the metadata, as
// OIDCOptions.DiscoveryURL does.
func WithDiscoveryURL(metadata string) Option {
	return func(s *service) {
		if !s.openID {
			s.faults = append(s.faults, errors.New("WithDiscoveryURL is for OpenID Connect"))
			return
		}
		s.discover = metadata
	}
}

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
