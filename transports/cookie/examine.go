package cookie

import (
	"context"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

var _ core.Examiner = (*Transport)(nil)

// Examine implements core.Examiner.
func (t *Transport) Examine(context.Context, *core.Services) (found []core.Finding) {
	add := func(code string, s core.Severity, fix, format string) {
		found = append(found, core.Finding{Code: code, Severity: s, Text: fmt.Sprintf(format, t.cookie.Name), Fix: fix})
	}
	if !t.cookie.Secure {
		add("COOKIE_INSECURE", core.SeverityWarning, "Leave cookie.Options.InsecureHTTP out wherever https is served.",
			"The cookie %s travels by plain http too, where anybody on the network can read it.")
	}
	if !t.cookie.HttpOnly {
		add("COOKIE_SCRIPTS", core.SeverityWarning, "Leave cookie.Options.InsecureScriptAccess out.",
			"Scripts can read the cookie %s, injected ones too.")
	}
	if t.cookie.Domain != "" {
		add("COOKIE_DOMAIN", core.SeverityNote, "Leave cookie.Options.Domain out unless several hosts share the login.",
			"The cookie %s is sent to every host of its domain, and each of them can replace it.")
	}
	return found
}
