package latchkey_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// onlyFlow is a flow that is nothing besides.
type onlyFlow struct{ core.Flow }

// The flow of the example keeps the rules: each user gets one gift.
func TestGifts(t *testing.T) {
	t.Parallel()
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return onlyFlow{gifts{credits: 5}} },
		New: func(t *testing.T, f core.Flow) core.Group {
			auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
				Backends: []latchkey.Backend{webBackend()}, Flows: []latchkey.Flow{f}, Hashers: cheap(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return auth.Flow(f.Name())
		},
		Client: func(login *core.Response) map[string][]string {
			var answer struct{ Token string }
			_ = json.Unmarshal(login.Body, &answer)
			return map[string][]string{"X-Token": {answer.Token}}
		},
		Use: func(string) flowtest.Request { return flowtest.Request{Route: "POST /gift", Caller: true} },
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return u.(*Member).Credits > 0, nil
		},
	})
}
