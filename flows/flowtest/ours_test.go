package flowtest_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
)

// once puts an application together that has a flow which is made once.
func once(t *testing.T, f core.Flow) core.Group {
	return authtest.New(t, latchkey.Options[Account]{Flows: []latchkey.Flow{f}}).Flow(f.Name())
}

// post returns a request with members of text.
func post(route string, members map[string]string) flowtest.Request {
	body, _ := json.Marshal(members)
	return flowtest.Request{Route: "POST " + route, JSON: string(body)}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	flowtest.Run(t, flowtest.Harness{
		Flow:    func() core.Flow { return verify.Flow{} },
		New:     once,
		Prepare: func(u core.AnyUser) { u.Base().IsVerified = false },
		Ask: func(address string) flowtest.Request {
			return post("/request-verify-token", map[string]string{"email": address})
		},
		Use: func(token string) flowtest.Request { return post("/verify", map[string]string{"token": token}) },
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return u.Base().IsVerified, nil
		},
		Lifetime: time.Hour,
		// A token proves a mailbox and opens nothing.
		Survives: []flowtest.Change{flowtest.Epoch, flowtest.Deactivation, flowtest.Suspension},
	})
}

func TestReset(t *testing.T) {
	t.Parallel()
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return reset.Flow{} },
		New:  once,
		Ask: func(address string) flowtest.Request {
			return post("/forgot-password", map[string]string{"email": address})
		},
		Use: func(token string) flowtest.Request {
			return post("/reset-password", map[string]string{"token": token, "password": "analytical engine"})
		},
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return u.Base().HashedPassword != "", nil
		},
		Lifetime: time.Hour,
	})
}
