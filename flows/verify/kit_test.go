package verify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/flows/verify"
)

// handled is a user with a name beside the address.
type handled struct {
	latchkey.User
	latchkey.Named
}

func TestConformance(t *testing.T) {
	t.Parallel()
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return verify.Flow{} },
		New: func(t *testing.T, f core.Flow) core.Group {
			return authtest.New(t, latchkey.Options[handled]{Flows: []latchkey.Flow{f}}).Flow(f.Name())
		},
		Prepare: func(u core.AnyUser) { u.Base().IsVerified = false },
		Ask: func(address string) flowtest.Request {
			return flowtest.Request{Route: "POST /request-verify-token", JSON: fmt.Sprintf(`{"email": %q}`, address)}
		},
		Use: func(token string) flowtest.Request {
			return flowtest.Request{Route: "POST /verify", JSON: fmt.Sprintf(`{"token": %q}`, token)}
		},
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return u.Base().IsVerified, nil
		},
		Lifetime: time.Hour,
		// A token proves a mailbox, and opens nothing.
		Survives: []flowtest.Change{flowtest.Epoch, flowtest.Deactivation, flowtest.Suspension},
	})
}
