package providers

import "slices"

// WithDial makes https connections with dial, without TLS.
func WithDial(dial dialer) Option { return func(s *service) { s.dial = dial } }

// OIDCBy is OIDC with a dialer.
func OIDCBy(dial dialer, o OIDCOptions) (*Provider, error) {
	s := o.service()
	s.dial = dial
	return checked(newProvider(s))
}

// OAuth2By is OAuth2 with a dialer.
func OAuth2By(dial dialer, o OAuth2Options) (*Provider, error) {
	s := o.service()
	s.dial = dial
	return checked(newProvider(s))
}

// Names returns the names in the table.
func Names() []string {
	var names []string
	for _, s := range table {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}
