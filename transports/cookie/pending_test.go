package cookie_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

var _ core.Holder = (*cookie.Transport)(nil)

func TestPending(t *testing.T) {
	for _, c := range []struct {
		name          string
		o             cookie.Options
		hold, release string
	}{
		{
			name:    "default",
			hold:    "__Host-latchkey-pending=p; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax",
			release: "__Host-latchkey-pending=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		},
		{
			name: "with the session's attributes, but never for scripts",
			o: cookie.Options{
				Name: "s", Path: "/app", Domain: "app.example", MaxAge: time.Hour, InsecureHTTP: true, InsecureScriptAccess: true,
			},
			hold: "s-pending=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax\n" +
				"s-pending=p; Path=/app; Domain=app.example; Max-Age=600; HttpOnly; SameSite=Lax",
			release: "s-pending=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax\n" +
				"s-pending=; Path=/app; Domain=app.example; Max-Age=0; HttpOnly; SameSite=Lax",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport := newTransport(t, c.o)
			resp := core.Empty(0)
			transport.Attach(resp, core.Token{Raw: "t"})
			session := strings.Join(resp.Header["Set-Cookie"], "\n")
			transport.Hold(resp, "p", 10*time.Minute-time.Nanosecond)
			wantSetCookie(t, resp, session, c.hold)
			transport.Release(resp)
			wantSetCookie(t, resp, session, c.release)
		})
	}
}
