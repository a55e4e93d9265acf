// Package providertest tests a core.Provider against a service of its own, in
// memory and in virtual time: what the provider sends, what it trusts, and what
// it does if the service misbehaves. Each case names the rule that it checks.
//
//	func newAcme(s providertest.Service) (core.Provider, error) {
//		o := acme.Options{DialTLS: s.Dial}
//		return acme.New(s.Issuer, s.ClientID, s.ClientSecret, o)
//	}
//
//	func TestAcme(t *testing.T) {
//		providertest.Run(t, providertest.Harness{
//			OpenID: true, New: newAcme,
//		})
//	}
package providertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// The limits of every provider (core.Provider).
const (
	limitTime  = 10 * time.Second
	limitBytes = 2 << 20        // what may arrive of a response limited to 1 MiB, with header and buffers
	patience   = 10 * limitTime // after it a call has no deadline
)

// Service is where the provider under test finds the kit's service, and the
// client it acts as.
type Service struct {
	Issuer                             string // OpenID Connect
	AuthorizeURL, TokenURL, ProfileURL string // OAuth 2.0
	ClientID, ClientSecret             string
	// Dial makes every connection, which carries HTTP without TLS: use it
	// as http.Transport's DialTLSContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Harness describes the provider being tested.
type Harness struct {
	// New returns a new provider at each call.
	New func(Service) (core.Provider, error)
	// OpenID means that the provider speaks OpenID Connect, and discovers
	// the rest from the issuer.
	OpenID bool
	// TokenURL is the provider's token endpoint, if it does not use
	// Service's. Outside OpenID Connect, any other call is for the profile.
	TokenURL string
	// Profile returns a user's profile in the service's own format, for
	// OAuth 2.0. email may be empty. verified is what the service says of
	// it; one that says nothing leaves that out, and one that returns no
	// unverified addresses leaves the address out.
	Profile func(subject, email string, verified bool) string
	// NoPKCE is for services that refuse PKCE.
	NoPKCE bool
}

// Case is a rule and its check. A nil error is a pass.
type Case struct {
	Name, Rule string
	check      func(*service) error
}

// Run runs all cases, each as a subtest in a bubble of virtual time. A bubble
// in which a goroutine stays blocked fails.
func Run(t *testing.T, h Harness) {
	for _, c := range Cases(h) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.Check(h); err != nil {
					t.Errorf("%v\nThe rule: %s.", err, c.Rule)
				}
			})
		})
	}
}

// Check runs the case against a service of its own. It must be called in a
// bubble of testing/synctest.
func (c Case) Check(h Harness) error {
	s, err := newService(h)
	if err != nil {
		return err
	}
	defer s.net.Close()
	err = c.check(s)
	if s.stuck.Load() {
		return errors.Join(errNoDeadline, err)
	}
	return err
}

var errNoDeadline = fmt.Errorf("a call waited for the service for %v, until the kit closed its connections: "+
	"it has no deadline, or does not heed its context", patience)

// Cases returns the cases that apply to the provider.
func Cases(h Harness) []Case {
	cases := append(loginCases(), faultCases(h)...)
	if !h.OpenID {
		cases = append(cases, unverifiedCase())
	}
	if h.OpenID {
		cases = append(cases, tokenCases()...)
		cases = append(cases, issuerCases()...)
	}
	return cases
}
