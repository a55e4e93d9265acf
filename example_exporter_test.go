package latchkey_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// invoice is what an application keeps of a user.
type invoice struct {
	Number string `json:"number"`
	Cents  int    `json:"cents"`
}

// invoices is a flow without routes, which adds them to the copies of users'
// data.
type invoices struct {
	of func(ctx context.Context, userID string) ([]invoice, error)
}

func (invoices) Name() string                                { return "invoices" }
func (invoices) PerBackend() bool                            { return false }
func (invoices) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

// Exports names the member, and has its type for the OpenAPI document.
func (invoices) Exports(*core.Services) (name string, form any) { return "invoices", []invoice{} }

// Export returns the user's own.
func (f invoices) Export(ctx context.Context, _ *core.Services, u core.AnyUser) (any, error) {
	return f.of(ctx, u.Base().ID)
}

// withInvoices lets users download what there is of them.
func withInvoices(
	o latchkey.Options[Member], of func(context.Context, string) ([]invoice, error),
) latchkey.Options[Member] {
	o.SelfExport = true // POST /users/me/export
	o.Flows = append(o.Flows, invoices{of})
	return o
}

func ExampleManager_Export() {
	o := withInvoices(latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "app", Transport: header{}, Strategy: &keys{}}},
	}, func(context.Context, string) ([]invoice, error) { return []invoice{{"2026-1", 1990}}, nil })
	auth, err := latchkey.New(memstore.NewUsers[Member](), o)
	if err != nil {
		panic(err)
	}
	ctx, ada := context.Background(), &Member{User: latchkey.User{Email: "ada@example.org"}}
	if err := auth.Manager().Create(ctx, ada, ""); err != nil {
		panic(err)
	}
	all, err := auth.Manager().Export(ctx, ada.ID)
	if err != nil {
		panic(err)
	}
	var parts map[string]json.RawMessage
	err = json.Unmarshal(all, &parts)
	fmt.Println(string(parts["invoices"]), err)
	// Output: [{"number":"2026-1","cents":1990}] <nil>
}
