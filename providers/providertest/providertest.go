// Package providertest tests a core.Provider against a service of its own, in
// memory and in virtual time: what the provider sends, what it believes, and
// what it does when the service misbehaves. Each case names the rule that it
// checks.
//
//	func newAcme(s providertest.Service) (core.Provider, error) {
//		o := acme.Options{DialTLS: s.Dial}
//		return acme.New(s.Issuer, s.ClientID, s.ClientSecret, o)
//	}
//
//	func TestAcme(t *testing.T) {
//		providertest.Run(t, providertest.Features{
//			OpenID: true, New: newAcme,
//		})
//	}
package providertest

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// What every provider keeps to (core.Provider).
const (
	limitTime  = 10 * time.Second
	limitBytes = 2 << 20 // what may arrive of an answer whose limit is 1 MiB, with header and buffers
)

// Service is where the provider under test finds the kit's service, and as whom
// it comes.
type Service struct {
	Issuer                             string // OpenID Connect
	AuthorizeURL, TokenURL, ProfileURL string // OAuth 2.0
	ClientID, ClientSecret             string
	// Dial makes every connection. It speaks HTTP without TLS, in place of
	// http.Transport's DialTLSContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Features is what the kit has to know of a provider.
type Features struct {
	// New makes one, a new one at each call.
	New func(Service) (core.Provider, error)
	// OpenID: it speaks OpenID Connect, and finds the rest at the issuer.
	OpenID bool
	// TokenURL is where the provider asks for tokens, if it does not take
	// Service's. Whatever else it asks for, outside OpenID Connect, is the
	// profile.
	TokenURL string
	// Profile is the profile of a user in the service's own shape, for
	// OAuth 2.0; email may be empty.
	Profile func(subject, email string) string
	// NoPKCE is for services that refuse it.
	NoPKCE bool
}

// Case is a rule and its check. A nil error is a pass.
type Case struct {
	Name, Rule string
	check      func(*service) error
}

// Run runs all cases, each in a subtest and in a bubble of virtual time: one in
// which a goroutine stays blocked fails.
func Run(t *testing.T, f Features) {
	for _, c := range Cases(f) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.Check(f); err != nil {
					t.Errorf("%v\nThe rule: %s.", err, c.Rule)
				}
			})
		})
	}
}

// Check runs the case against a service of its own. It must be called within a
// bubble of testing/synctest.
func (c Case) Check(f Features) error {
	s, err := newService(f)
	if err != nil {
		return err
	}
	defer s.net.Close()
	return c.check(s)
}

// Cases are those that fit the features.
func Cases(f Features) []Case {
	cases := append(loginCases(), faultCases(f)...)
	if f.OpenID {
		cases = append(cases, tokenCases()...)
		cases = append(cases, issuerCases()...)
	}
	return cases
}
