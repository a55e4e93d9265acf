package passwords_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/passwords"
)

func TestRefusal(t *testing.T) {
	policy := &core.Error{Reason: "Too short", ReasonCode: "too_short", Args: map[string]any{"min": 8}}
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"by the policy":         {fmt.Errorf("policy: %w", policy), http.StatusBadRequest, core.CodeResetPassword},
		"the policy has failed": {errors.New("list not loaded"), http.StatusServiceUnavailable, core.CodeServiceUnavailable},
		"without a reason":      {core.Forbidden(), http.StatusForbidden, ""},
	} {
		var e *core.Error
		if !errors.As(passwords.Refusal(c.err, core.CodeResetPassword), &e) || e.Status != c.status || e.Code != c.code {
			t.Errorf("%s: %+v", name, e)
		}
		if name == "by the policy" && (e.Reason != "Too short" || e.ReasonCode != "too_short" || e.Args["min"] != 8) {
			t.Errorf("the reason is lost: %+v", e)
		}
	}
	if policy.Code != "" || policy.Status != 0 {
		t.Error("the policy's own error was changed")
	}
}
