package attacks_test

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
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAttackA02Spoofs(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, victim := a.NewUser(t), a.NewUser(t, harness.Superuser)
		mine := a.LogIn(t, "session", u)
		for _, name := range []string{"X-User-ID", "X_User_ID", "X-User", "X-Remote-User", "Remote-User", "X-Forwarded-User",
			"X-Auth-Request-User", "X-Email", "X-Session-ID", "User", "Current-User", "Latchkey-User"} {
			for _, value := range []string{victim.ID, victim.Email} {
				spoof := func(r *http.Request) { r.Header[name] = []string{value} }
				a.Want(t, "GET /users/me 401", harness.Case("A02 "+name+" without a credential"), spoof)
				a.Want(t, "GET /users/me 200", harness.Case("A02 "+name+" beside another user's"), spoof, mine).WantUser(t, u)
				a.Want(t, "GET /users/{id} 403", harness.Case("A02 "+name+" gives no rights"), spoof, mine,
					harness.PathID(victim.ID))
			}
		}
		a.Want(t, "GET /users/me 401", harness.Case("A02 a query gives none either"),
			harness.Query("user_id="+victim.ID+"&user="+victim.Email))
		a.Want(t, "GET /users/{id} 200 (twin)", a.LogIn(t, "session", victim), harness.PathID(victim.ID))
	})
}

func TestAttackA04Panics(t *testing.T) {
	const canary = "canary-in-the-panic"
	var logs harness.PerApp[harness.Journal]
	harness.OnEveryAdapter(t, func(a *harness.App, o *harness.Options) {
		o.Log = logs.Of(a).Logger()
		o.Hooks.BeforeUpdate = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
			if e.Request != nil && core.Line(e.Request, "Panic") != "" {
				panic(canary)
			}
			return nil
		}
	}, func(t *testing.T, a *harness.App) {
		a.Serve(t, func(r harness.Router) {
			r.Handle("GET", "/panics", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		})
		for _, backend := range harness.Backends {
			u := a.NewUser(t)
			mine := a.LogIn(t, backend, u)
			for range 3 {
				a.Want(t, "PATCH /users/me 500", harness.Case("A04 a hook panics after the session was loaded, "+backend), mine,
					harness.Header("Panic", "1"), harness.JSON(`{"full_name": "x"}`))
			}
			t.Run("A04 the application's own handler panics, "+backend, func(t *testing.T) {
				if got := a.TrySend(t.Context(), "GET", "/panics", mine); got.Status != 0 {
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			})
			a.Want(t, "GET /users/me 200 (twin, the session is free)", mine).WantUser(t, u)
			u.FullName = "Free"
			a.Want(t, "PATCH /users/me 200 (twin)", mine, harness.JSON(`{"full_name": "Free"}`)).WantUser(t, u)
			a.Want(t, "POST /auth/"+backend+"/logout 204 (twin)", mine)
		}
		if log := logs.Of(a).String(); strings.Contains(log, canary) || !strings.Contains(log, "panicked") {
			t.Errorf("A04: the log is %s", log)
		}
	})
}

func TestAttackA05Order(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		ran := false
		a.Serve(t, func(r harness.Router) {
			r.Handle("GET", "/late/{id}",
				func(w http.ResponseWriter, _ *http.Request) { ran = true; _, _ = io.WriteString(w, "late") })
		})
		for _, path := range []string{"/late/1", "/late/%2e%2e%2fusers", "/late/1?x=/auth/register"} {
			// where a router takes the path for another one
			if got := a.Send(t, "GET", path); got.Status != 401 && got.Status != 404 {
				t.Errorf("A05 a guarded route without a credential, %s: got %d %s", path, got.Status, got.Body)
			}
		}
		if ran {
			t.Error("A05: the handler ran")
		}
		if got := a.Send(t, "GET", "/late/1", a.LogIn(t, "jwt", a.NewUser(t))); got.Body != "late" {
			t.Errorf("twin: got %d %s", got.Status, got.Body)
		}
	})
}

func TestAttackA07Framing(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		const document = `{"email": "a07@example.org", "password": "` + harness.Password + `"}`
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
				got, closed := a.SendRaw(t,
					"POST /auth/register HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/json\r\n"+
						rest)
				if got.Status != 400 && got.Status != 501 || !closed && got.Status != 400 {
					t.Errorf("got %d %s, closed %v", got.Status, got.Body, closed)
				}
			})
		}
		t.Run("A07 a length beside chunks: net/http goes by the chunks alone (RFC 9112, section 6.3)", func(t *testing.T) {
			got, _ := a.SendRaw(t,
				fmt.Sprintf("POST /auth/register HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"+
					"Transfer-Encoding: chunked\r\n\r\n%X\r\n%s\r\n0\r\n\r\n", len(document), document))
			if got.Status != 201 {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
		a.Want(t, registerRoute+"201 (twin)", registration("a07.twin@example.org"))
	})
}

func TestAttackA10Addresses(t *testing.T) {
	limit := func(_ *harness.App, o *harness.Options) {
		o.Limits.LoginAttempts = latchkey.Limit{Events: 3, Window: time.Minute}
	}
	for name, c := range map[string]struct{ spellings, neighbour []string }{
		"IPv6 with zones and capitals": {[]string{"[2001:db8::a]:1", "[2001:DB8::A]:2", "[2001:db8:0:0::ffff%eth0]:3", "[2001:0db8::1:2:3]:4"}, []string{"[2001:db8:0:1::a]:1"}},
		"IPv4 mapped to IPv6":          {[]string{"1.2.3.4:1", "[::ffff:1.2.3.4]:2", "[::FFFF:102:304]:3", "[::ffff:1.2.3.4%eth0]:4"}, []string{"1.2.3.5:1", "[::ffff:1.2.3.5]:1"}},
		"link-local zones":             {[]string{"[fe80::1%eth0]:1", "[fe80::1%eth1]:2", "[fe80::2]:3", "[FE80::3%1]:4"}, []string{"[fe80:1::1]:1"}},
	} {
		harness.OnEveryAdapter(t, limit, func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			right := harness.LoginForm(u.Email, harness.Password)
			for _, peer := range c.spellings[:3] {
				a.Want(t, "POST /auth/jwt/login 200", right, harness.Header("Test-Peer", peer))
			}
			for _, peer := range c.spellings {
				a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.Case("A10 Q07 one key, "+name+", "+peer), right,
					harness.Header("Test-Peer", peer))
			}
			for _, peer := range c.neighbour[:1] {
				a.Want(t, "POST /auth/jwt/login 200 (twin, the neighbour)", right, harness.Header("Test-Peer", peer))
			}
		})
	}
}
