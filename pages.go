package latchkey

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// pages implements core.Pages.
type pages[U any] struct{ auth *Auth[U] }

func (p pages[U]) Route(name string) (core.Endpoint, bool) {
	e, ok := p.auth.endpoints[name]
	return e, ok
}

func (p pages[U]) Providers() (found []core.Provider) {
	for _, f := range p.auth.opts.Flows {
		if offering, ok := core.As[core.Offering](f); ok {
			found = append(found, offering.Provider())
		}
	}
	return found
}

func (p pages[U]) Localize(ctx context.Context, key, english string, args map[string]any) string {
	return p.auth.localize(ctx, key, english, args)
}
