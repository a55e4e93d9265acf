package providers

import (
	"context"
	"net"
	"net/http"
	"slices"
)

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// WithDial makes https connections with dial, without TLS.
func WithDial(dial dialer) Option { return WithTransport(&http.Transport{DialTLSContext: dial}) }

// OIDCBy is OIDC with a dialer.
func OIDCBy(dial dialer, o OIDCOptions) (*Provider, error) {
	o.Transport = &http.Transport{DialTLSContext: dial}
	return OIDC(o)
}

// OAuth2By is OAuth2 with a dialer.
func OAuth2By(dial dialer, o OAuth2Options) (*Provider, error) {
	o.Transport = &http.Transport{DialTLSContext: dial}
	return OAuth2(o)
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
