package latchkey

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// opened returns a route with the guard of Options.RouteScopes, if it has one.
// Its error says why the route cannot be opened.
func (o Options[U]) opened(r core.Route) (core.Route, error) {
	scope, ok := o.RouteScopes[r.Name]
	if !ok {
		return r, nil
	}
	switch {
	case scope == "" || strings.ContainsFunc(scope, foreign):
		return r, fmt.Errorf("Options.RouteScopes: %q, for the route %s, is no scope-token of RFC 6749", scope, r.Name)
	case r.Public:
		return r, fmt.Errorf("Options.RouteScopes: the route %s needs no credential, so there is nothing to open", r.Name)
	case slices.ContainsFunc(r.Guards, func(g Guard) bool { return g.Personal }):
		return r, fmt.Errorf("Options.RouteScopes: the route %s is for the person themselves, and opens to no key", r.Name)
	}
	r.Guards = append(slices.Clone(r.Guards), core.Scope(scope))
	return r, nil
}

// keyErrors returns an error for API keys of which no backend is.
func (a *Auth[U]) keyErrors() error {
	for _, f := range a.opts.Flows {
		if keys, ok := f.(apikey.Flow); ok && keys != (apikey.Flow{}) { // Routes say what is wrong with the zero one
			return keys.Check(a.opts.Backends)
		}
	}
	return nil
}

// foreign reports whether a character cannot be in a scope-token.
func foreign(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }

// openedErrors returns an error for each name of Options.RouteScopes that no
// route has, and for API keys of which no backend is. All routes are installed.
func (a *Auth[U]) openedErrors() (errs []error) {
	errs = append(errs, a.keyErrors())
	for _, name := range slices.Sorted(maps.Keys(a.opts.RouteScopes)) {
		if _, ok := a.endpoints[name]; !ok {
			errs = append(errs, fmt.Errorf("Options.RouteScopes: there is no route %q", name))
		}
	}
	return errs
}
