// Package transporttest checks that a core.Transport meets its obligations.
// Each is a [Case] with its rule, and a failure quotes the rule.
//
//	func TestConformance(t *testing.T) {
//		newTransport := func(*testing.T) core.Transport {
//			return mytransport.New()
//		}
//		transporttest.Run(t, newTransport, transporttest.Features{})
//	}
package transporttest

import (
	"net/http"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// Features describes the transport being checked.
type Features struct {
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
func Run(t *testing.T, newTransport func(t *testing.T) core.Transport, f Features) {
	for _, c := range Cases(f) {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Check(newTransport(t)); err != nil {
				t.Errorf("%v\nThe rule: %s", err, c.Rule)
			}
		})
	}
}

// Cases returns the obligations of a transport with these features.
func Cases(f Features) []Case {
	if f.Client == nil {
		f.Client = Client
	}
	cases := slices.Concat(tokenCases(f), answerCases(f), holderCases(f))
	if f.Ambient {
		return append(cases, ambientCases(f)...)
	}
	return append(cases, explicitCases(f)...)
}
