package latchkey

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/gate"
)

// documented fills in what the backends alone can describe: the answer to a
// login, and whether a browser's origin is looked at. b is nil for routes of no
// backend.
func (a *Auth[U]) documented(route core.Route, b *Backend) core.Doc {
	d := route.Doc
	codes := slices.Clone(d.Codes)
	if d.Status == 0 && b != nil {
		answer := core.Empty(0)
		b.Transport.Attach(answer, sample(b))
		d.Status = answer.Status
		if answer.Body != nil && json.Valid(answer.Body) {
			d.Answer = json.RawMessage(answer.Body)
		}
		if answer.Header.Get("Set-Cookie") != "" {
			d.Headers = append(slices.Clone(d.Headers), "Set-Cookie")
		}
		if !d.Complete {
			codes = append(codes, a.loginCodes()...)
		}
	}
	if a.refusesOrigins(route, b) {
		codes = append(codes, core.CodeCrossOriginRefused)
	}
	d.Codes = codes
	return d
}

// sample is a token of a backend's login.
func sample(b *Backend) core.Token {
	token := core.Token{Raw: "token"}
	if renews(b.Strategy) {
		token.Refresh, token.Expires = "token", time.Now().Add(10*time.Minute+time.Second/2)
	}
	return token
}

// loginCodes are those of a login that is right and not complete.
func (a *Auth[U]) loginCodes() (codes []string) {
	if a.svc.Gate.(*gate.Gate).Factors() > 0 {
		codes = append(codes, core.CodeLoginFactorRequired)
	}
	if a.opts.RequireFactor != nil {
		codes = append(codes, core.CodeLoginEnrolment)
	}
	return codes
}

// refusesOrigins reports whether a route looks at a browser's origin: with an
// unsafe method its backend does, and every backend whose credential browsers
// send by themselves; with any method, where a guard says so.
func (a *Auth[U]) refusesOrigins(route core.Route, b *Backend) bool {
	unsafe := !core.IsSafeMethod(route.Method)
	if b != nil && unsafe && !route.CrossSite && ambient(b.Transport) {
		return true
	}
	if route.Public && !route.Optional {
		return false
	}
	looks := unsafe || slices.ContainsFunc(route.Guards, func(g Guard) bool { return g.OwnOrigin || g.Streaming })
	return looks && slices.ContainsFunc(a.opts.Backends, func(b Backend) bool {
		return allows(route, b) && ambient(b.Transport)
	})
}

// access returns the credentials that a route reads.
func (a *Auth[U]) access(route core.Route) (ways []core.Access) {
	if route.Public && !route.Optional {
		return nil
	}
	for _, b := range a.opts.Backends {
		if allows(route, b) {
			ways = append(ways, core.Access{Backend: b.Name, Scheme: b.Transport.Scheme()})
		}
	}
	return ways
}

// allows reports whether all guards of a route read a backend's credentials.
func allows(route core.Route, b Backend) bool {
	return !slices.ContainsFunc(route.Guards, func(g Guard) bool { return !g.Allows(b.Name) })
}
