package reset_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/flows/reset"
)

// handled is a user with a name beside the address.
type handled struct {
	latchkey.User
	latchkey.Named
}

func TestConformance(t *testing.T) {
	t.Parallel()
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return reset.Flow{} },
		New: func(t *testing.T, f core.Flow) core.Group {
			return authtest.New(t, latchkey.Options[handled]{Flows: []latchkey.Flow{f}}).Flow(f.Name())
		},
		Ask: func(address string) flowtest.Request {
			return flowtest.Request{Route: "POST /forgot-password", JSON: fmt.Sprintf(`{"email": %q}`, address)}
		},
		Use: func(token string) flowtest.Request {
			body := fmt.Sprintf(`{"token": %q, "password": "analytical engine"}`, token)
			return flowtest.Request{Route: "POST /reset-password", JSON: body}
		},
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return u.Base().HashedPassword != "", nil
		},
		Lifetime: time.Hour,
	})
}
