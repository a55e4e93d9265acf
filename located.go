package latchkey

import (
	"net/url"
	"reflect"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// located returns the backends with transports that trust the base URL's
// origin. A decorator whose At is that of what it decorates stays as it is.
func located(backends []Backend, base *url.URL) []Backend {
	if base == nil {
		return backends
	}
	backends = slices.Clone(backends)
	for i, b := range backends {
		if l, ok := b.Transport.(core.Located); ok {
			if at := l.At(base); reflect.TypeOf(at) == reflect.TypeOf(b.Transport) {
				backends[i].Transport = at
			}
		}
	}
	return backends
}
