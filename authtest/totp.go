package authtest

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/flows/totp"
)

// TOTP returns the code that an authenticator app shows now for a secret, as
// POST /totp/begin returns it. A code works once: the next one comes 30 seconds
// later, which synctest passes at once.
func TOTP(t testing.TB, secret string) string {
	t.Helper()
	code, err := totp.Code(secret, time.Now())
	if err != nil {
		t.Fatalf("authtest: TOTP: %v", err)
	}
	return code
}
