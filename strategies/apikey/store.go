package apikey

import (
	"reflect"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// shareOne reports whether two stores are one, or decorate the same.
func shareOne(a, b core.CredentialStore) bool {
	inner := layers(b)
	return slices.ContainsFunc(layers(a), func(one any) bool { return slices.Contains(inner, one) })
}

// layers are a store and what it decorates, as far as they can be compared.
func layers(store any) (all []any) {
	for store != nil {
		if reflect.ValueOf(store).Comparable() {
			all = append(all, store)
		}
		u, ok := store.(core.Unwrapper)
		if !ok {
			return all
		}
		store = u.Unwrap()
	}
	return all
}
