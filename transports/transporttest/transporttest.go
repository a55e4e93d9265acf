// Package transporttest checks that a core.Transport meets its obligations.
// Each is a [Case] with its rule, and a failure quotes the rule.
//
//	func TestConformance(t *testing.T) {
//		transporttest.Run(t, transporttest.Harness{
//			New: func(*testing.T) core.Transport {
//				return mytransport.New()
//			},
//		})
//	}
package transporttest

import (
	"net/http"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// Harness describes the transport being checked.
type Harness struct {
	// New returns a new transport at each call.
	New func(t *testing.T) core.Transport
	// Ambient means that browsers keep the credential and attach it by
	// themselves, as they do a cookie. The cases about cross-origin
	// requests and about clearing then apply.
	Ambient bool
	// Client returns the headers of the request that a client sends after
	// it received these responses, in their order; the responses are its
	// only source of credentials. Default: [Client], which handles cookies
	// and the OAuth 2.0 token response.
	Client func(responses ...*core.Response) http.Header
}

// Case is one obligation.
type Case struct {
	Name string
	Rule string
	// Check returns an error if a transport breaks the rule. No other case
	// uses the transport.
	Check func(t core.Transport) error
}

// Run checks every case against a transport of its own.
func Run(t *testing.T, h Harness) {
	for _, c := range Cases(h) {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Check(h.New(t)); err != nil {
				t.Errorf("%v\nThe rule: %s", err, c.Rule)
			}
		})
	}
}

// Cases returns the obligations of the transport that h describes.
func Cases(h Harness) []Case {
	if h.Client == nil {
		h.Client = Client
	}
	cases := slices.Concat(tokenCases(h), answerCases(h), holderCases(h), refreshCases(h))
	if h.Ambient {
		return append(cases, ambientCases(h)...)
	}
	return append(cases, explicitCases(h)...)
}
