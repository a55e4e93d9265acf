package resolve

import (
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// challengers returns the transports that have a challenge.
func challengers(backends []core.Backend) (found []core.Challenger) {
	for _, b := range backends {
		if c, ok := core.As[core.Challenger](b.Transport); ok {
			found = append(found, c)
		}
	}
	return found
}

// Unauthorized returns the 401 for a credential that is no longer valid, with
// the challenges of all backends.
func (r Resolver) Unauthorized() *core.Error {
	return (&plan{Resolver: r, challengers: challengers(r.Backends)}).unauthorized(true)
}

// unauthorized is the 401 with the challenges of the transports that have one
// (RFC 6750, section 3).
func (p *plan) unauthorized(presented bool) *core.Error {
	err := core.Unauthorized()
	for _, c := range p.challengers {
		challenge := c.Challenge(presented)
		if slices.Contains(err.Header["Www-Authenticate"], challenge) {
			continue
		}
		if err.Header == nil {
			err.Header = http.Header{}
		}
		err.Header.Add("WWW-Authenticate", challenge)
	}
	return err
}
