package latchkey

import (
	"encoding/json"

	"github.com/latchkey-go/latchkey/core"
)

// documented fills in a backend's login answer, which its transport alone can
// describe.
func documented(d core.Doc, b *Backend) core.Doc {
	if d.Status != 0 || b == nil {
		return d
	}
	answer := core.Empty(0)
	b.Transport.Attach(answer, core.Token{Raw: "token"})
	d.Status = answer.Status
	if answer.Body != nil && json.Valid(answer.Body) {
		d.Answer = json.RawMessage(answer.Body)
	}
	return d
}

// access returns the credentials that a route reads.
func (a *Auth[U]) access(route core.Route) (ways []core.Access) {
	if route.Public && !route.Optional {
		return nil
	}
	for _, b := range a.opts.Backends {
		allowed := true
		for _, g := range route.Guards {
			allowed = allowed && g.Allows(b.Name)
		}
		if allowed {
			ways = append(ways, core.Access{Backend: b.Name, Scheme: b.Transport.Scheme()})
		}
	}
	return ways
}
