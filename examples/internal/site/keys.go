package site

import (
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// keys returns the backend of API keys and the flow by which users make theirs.
// Of the routes GET /authenticated-route is open to those with the scope read.
func keys(stores stores) (latchkey.Backend, latchkey.Flow, error) {
	strategy, err := apikey.New(stores.factors, apikey.Options{
		Backend: "keys", Prefix: "example", Scopes: []string{"read", "write"},
	})
	if err != nil {
		return latchkey.Backend{}, nil, err
	}
	backend := latchkey.Backend{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: strategy}
	return backend, strategy.Flow(), nil
}
