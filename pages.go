package latchkey

import (
	"context"
	"slices"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// front implements core.Pages, for the flows of one backend or for those that
// are made once.
type front[U any] struct {
	auth    *Auth[U]
	backend *Backend // nil for flows made once
	own     sync.Map // core.Endpoint by name: those that read the backend's credential alone
}

// Route implements core.Pages. In a browser there may be the cookies of several
// backends: a flow of one asks as whoever is logged in there.
func (f *front[U]) Route(name string) (core.Endpoint, bool) {
	e, ok := f.auth.endpoints[name]
	if !ok || f.backend == nil || e.Public && !e.Optional {
		return e, ok
	}
	if own, known := f.own.Load(name); known {
		return own.(core.Endpoint), true
	}
	if b := f.auth.backendOf[name]; b != nil && b.Name != f.backend.Name {
		return e, true // another backend's: its credential is that one's
	}
	if !f.auth.reads(e.Guards, f.backend.Name) {
		return core.Endpoint{}, false
	}
	route := e.Route
	route.Guards = append(slices.Clone(route.Guards), core.Via(f.backend.Name))
	bound := f.auth.bind(route, f.auth.backendOf[name])
	bound.Prefix = e.Prefix
	f.own.Store(name, bound)
	return bound, true
}

// reads reports whether guards leave a backend to read the credential of.
func (a *Auth[U]) reads(guards []core.Guard, backend string) bool {
	return !slices.ContainsFunc(guards, func(g core.Guard) bool { return !g.Allows(backend) })
}

// Providers implements core.Pages.
func (f *front[U]) Providers() (found []core.Provider) {
	for _, flow := range f.auth.opts.Flows {
		if offering, ok := core.As[core.Offering](flow); ok {
			found = append(found, offering.Provider())
		}
	}
	return found
}

// Localize implements core.Pages.
func (f *front[U]) Localize(ctx context.Context, key, english string, args map[string]any) string {
	return f.auth.localize(ctx, key, english, args)
}
