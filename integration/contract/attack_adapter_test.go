package contract_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

func TestAttackA02Spoofs(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, victim := a.user(t), a.user(t, superuser)
		mine := a.login(t, "session", u)
		for _, name := range []string{"X-User-ID", "X_User_ID", "X-User", "X-Remote-User", "Remote-User", "X-Forwarded-User",
			"X-Auth-Request-User", "X-Email", "X-Session-ID", "User", "Current-User", "Latchkey-User"} {
			for _, value := range []string{victim.ID, victim.Email} {
				spoof := func(r *http.Request) { r.Header[name] = []string{value} }
				a.attack(t, "A02 "+name+" without a credential", "GET /users/me 401", spoof)
				a.attack(t, "A02 "+name+" beside another user's", "GET /users/me 200", spoof, mine).wantUser(t, u)
				a.attack(t, "A02 "+name+" gives no rights", "GET /users/{id} 403", spoof, mine, id(victim.ID))
			}
		}
		a.attack(t, "A02 a query gives none either", "GET /users/me 401", query("user_id="+victim.ID+"&user="+victim.Email))
		a.want(t, "GET /users/{id} 200 (twin)", a.login(t, "session", victim), id(victim.ID))
	})
}

func TestAttackA04Panics(t *testing.T) {
	const canary = "canary-in-the-panic"
	var logs per[journal]
	onEveryAdapter(t, func(a *app, o *options) {
		o.Log = logs.of(a).logger()
		o.Hooks.BeforeUpdate = func(_ context.Context, e *latchkey.Event[Account]) error {
			if e.Request != nil && core.Line(e.Request, "Panic") != "" {
				panic(canary)
			}
			return nil
		}
	}, func(t *testing.T, a *app) {
		a.serve(t, func(r router) {
			r.handle("GET", "/panics", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		})
		for _, backend := range backends {
			u := a.user(t)
			mine := a.login(t, backend, u)
			for range 3 {
				a.attack(t, "A04 a hook panics after the session was loaded, "+backend, "PATCH /users/me 500", mine,
					header("Panic", "1"), text(`{"full_name": "x"}`))
			}
			t.Run("A04 the application's own handler panics, "+backend, func(t *testing.T) {
				if got := a.exchange(t.Context(), "GET", "/panics", mine); got.status != 0 {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
			a.want(t, "GET /users/me 200 (twin, the session is free)", mine).wantUser(t, u)
			u.FullName = "Free"
			a.want(t, "PATCH /users/me 200 (twin)", mine, text(`{"full_name": "Free"}`)).wantUser(t, u)
			a.want(t, "POST /auth/"+backend+"/logout 204 (twin)", mine)
		}
		if log := logs.of(a).String(); strings.Contains(log, canary) || !strings.Contains(log, "panicked") {
			t.Errorf("A04: the log is %s", log)
		}
	})
}

func TestAttackA05Order(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		ran := false
		a.serve(t, func(r router) {
			r.handle("GET", "/late/{id}",
				func(w http.ResponseWriter, _ *http.Request) { ran = true; _, _ = io.WriteString(w, "late") })
		})
		for _, path := range []string{"/late/1", "/late/%2e%2e%2fusers", "/late/1?x=/auth/register"} {
			// where a router takes the path for another one
			if got := a.send(t, "GET", path); got.status != 401 && got.status != 404 {
				t.Errorf("A05 a guarded route without a credential, %s: got %d %s", path, got.status, got.body)
			}
		}
		if ran {
			t.Error("A05: the handler ran")
		}
		if got := a.send(t, "GET", "/late/1", a.login(t, "jwt", a.user(t))); got.body != "late" {
			t.Errorf("twin: got %d %s", got.status, got.body)
		}
	})
}

func TestAttackA07Framing(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		const document = `{"email": "a07@example.org", "password": "` + password + `"}`
		for name, rest := range map[string]string{
			"two lengths":           "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
			"a signed length":       "Content-Length: +2\r\n\r\n{}",
			"a bad chunk":           "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
			"two encodings":         "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
			"a name with a space":   "X y: z\r\nContent-Length: 2\r\n\r\n{}",
			"a name with a NUL":     "X\x00y: z\r\nContent-Length: 2\r\n\r\n{}",
			"a value with a NUL":    "Xy: \x00\r\nContent-Length: 2\r\n\r\n{}",
			"a bare CR in a value":  "Xy: a\rAuthorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}",
			"an encoding of spaces": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		} {
			t.Run("A07 "+name, func(t *testing.T) {
				got, closed := a.wire(t, "POST /auth/register HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/json\r\n"+
					rest)
				if got.status != 400 && got.status != 501 || !closed && got.status != 400 {
					t.Errorf("got %d %s, closed %v", got.status, got.body, closed)
				}
			})
		}
		t.Run("A07 a length beside chunks: net/http goes by the chunks alone (RFC 9112, section 6.3)", func(t *testing.T) {
			got, _ := a.wire(t, fmt.Sprintf("POST /auth/register HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"+
				"Transfer-Encoding: chunked\r\n\r\n%X\r\n%s\r\n0\r\n\r\n", len(document), document))
			if got.status != 201 {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
		a.want(t, registerRoute+"201 (twin)", registration("a07.twin@example.org"))
	})
}

func TestAttackA10Addresses(t *testing.T) {
	limit := func(_ *app, o *options) { o.Limits.LoginAttempts = latchkey.Limit{Events: 3, Window: time.Minute} }
	for name, c := range map[string]struct{ spellings, neighbour []string }{
		"IPv6 with zones and capitals": {[]string{"[2001:db8::a]:1", "[2001:DB8::A]:2", "[2001:db8:0:0::ffff%eth0]:3", "[2001:0db8::1:2:3]:4"}, []string{"[2001:db8:0:1::a]:1"}},
		"IPv4 mapped to IPv6":          {[]string{"1.2.3.4:1", "[::ffff:1.2.3.4]:2", "[::FFFF:102:304]:3", "[::ffff:1.2.3.4%eth0]:4"}, []string{"1.2.3.5:1", "[::ffff:1.2.3.5]:1"}},
		"link-local zones":             {[]string{"[fe80::1%eth0]:1", "[fe80::1%eth1]:2", "[fe80::2]:3", "[FE80::3%1]:4"}, []string{"[fe80:1::1]:1"}},
	} {
		onEveryAdapter(t, limit, func(t *testing.T, a *app) {
			u := a.user(t)
			right := form("username", u.Email, "password", password)
			for _, peer := range c.spellings[:3] {
				a.want(t, "POST /auth/jwt/login 200", right, header("Test-Peer", peer))
			}
			for _, peer := range c.spellings {
				a.attack(t, "A10 Q07 one key, "+name+", "+peer, "POST /auth/jwt/login 429 RATE_LIMITED", right,
					header("Test-Peer", peer))
			}
			for _, peer := range c.neighbour[:1] {
				a.want(t, "POST /auth/jwt/login 200 (twin, the neighbour)", right, header("Test-Peer", peer))
			}
		})
	}
}
