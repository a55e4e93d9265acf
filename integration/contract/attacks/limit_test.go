package attacks_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/mailtoken"
)

func TestAttackQ05ForwardedFor(t *testing.T) {
	spoofs := []string{"X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Forwarded", "X-Client-IP",
		"X-Cluster-Client-IP", "Fastly-Client-IP", "Client-IP"}
	limits := latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 4, Window: time.Minute}}
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.Limits = limits },
		func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			right := harness.LoginForm(u.Email, harness.Password)
			for i := range 4 {
				a.Want(t, "POST /auth/jwt/login 200", right, harness.Header(spoofs[i], fmt.Sprintf("198.51.100.%d", i)))
			}
			for _, name := range spoofs {
				a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.Case("Q05 without a trusted proxy, "+name), right,
					harness.Header(name, "198.51.100.77"))
			}
			a.Want(t, "POST /auth/jwt/login 200 (twin, another peer)", right, harness.Header("Test-Peer", "192.0.2.9:1"))
		})
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) {
		o.Limits, o.ClientIP = limits, latchkey.Proxies(netip.MustParsePrefix("10.0.0.0/8"))
	}, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		right := harness.LoginForm(u.Email, harness.Password)
		via := func(peer string, lines ...string) harness.Option {
			return func(r *http.Request) {
				harness.Header("Test-Peer", peer)(r)
				r.Header["X-Forwarded-For"] = lines
			}
		}
		for i := range 4 {
			a.Want(t, "POST /auth/jwt/login 200", right, via("10.0.0.1:1", fmt.Sprintf("198.51.100.%d, 192.0.2.1", i)))
		}
		for name, from := range map[string]harness.Option{
			"a spoof before the client": via("10.0.0.2:1", "203.0.113.5, 192.0.2.1"), "a spoof in a line before": via("10.0.0.1:1", "203.0.113.5", "192.0.2.1"),
			"a trusted address as spoof": via("10.0.0.1:1", "10.1.1.1, 192.0.2.1"), "a longer chain": via("10.0.0.1:1", "203.0.113.5, 192.0.2.1, 10.0.0.3"),
			"the client itself": via("192.0.2.1:1", "203.0.113.5"), "mapped to IPv6": via("[::ffff:10.0.0.1]:1", "::ffff:192.0.2.1"), "with a port": via("10.0.0.1:1", "203.0.113.5, 192.0.2.1:4711"),
			"no address before": via("10.0.0.1:1", "unknown, 192.0.2.1"),
		} {
			a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.Case("Q05 behind a trusted proxy, "+name), right, from)
		}
		a.Want(t, "POST /auth/jwt/login 200 (twin, another client of the proxy)", right, via("10.0.0.1:1", "192.0.2.2"))
		got := a.Want(t, "POST /auth/session/login 200 (twin)", right, via("10.0.0.1:1", "[2001:db8::7]:4711"))
		_, token := given(t, a, got)
		if listed := a.ListSessions(t, harness.Bearer(token)); len(listed) != 1 || listed[0].IP != "2001:db8::7" {
			t.Errorf("Q05: the session's address is %+v", listed)
		}
		for _, broken := range []string{"unknown", "192.0.2.300", "", "192.0.2.1 192.0.2.2",
			strings.Repeat("10.0.0.9, ", 5000) + "10.0.0.9", "2001:db8::/32"} {
			a.Want(t, "POST /auth/jwt/login <500", right, via("10.0.0.8:1", broken))
		}
	})
}

// forNetwork uses up the limit of the network from which a test's requests
// come, and that another network has its own.
func forNetwork(
	t *testing.T, a *harness.App, events int, window time.Duration, accepted, refused string, body func() harness.Option,
) {
	t.Helper()
	for range events {
		a.Want(t, accepted, body())
	}
	for range 3 {
		got := a.Want(t, refused, body())
		if got.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	a.Want(t, accepted+" (another network)", body(), harness.Header("Test-Peer", "192.0.2.9:1"))
	a.Advance(window)
	a.Want(t, accepted+" (later)", body())
}

func TestRegistrationsOfANetwork(t *testing.T) {
	change := func(_ *harness.App, o *harness.Options) {
		o.Limits.Registrations = latchkey.Limit{Events: 4, Window: time.Hour}
	}
	harness.OnEveryStore(t, change, func(t *testing.T, a *harness.App) {
		n := 0
		forNetwork(t, a, 4, time.Hour, "POST /auth/register 201", "POST /auth/register 429 RATE_LIMITED",
			func() harness.Option {
				n++
				return harness.JSONObject(harness.Object{"email": fmt.Sprintf("person%d@example.org", n),
					"password": harness.Password})
			})
	})
}

func TestRequestsForMailsOfANetwork(t *testing.T) {
	limit := latchkey.Limit{Events: 4, Window: 10 * time.Minute}
	change := func(_ *harness.App, o *harness.Options) {
		o.Flows = []latchkey.Flow{
			verify.Flow{Options: mailtoken.Options{RequestLimit: limit}},
			reset.Flow{Options: mailtoken.Options{RequestLimit: limit}},
		}
	}
	harness.OnEveryStore(t, change, func(t *testing.T, a *harness.App) {
		for _, route := range harness.MailRoutes {
			n := 0
			forNetwork(t, a, 4, limit.Window, route+"202", route+"429 RATE_LIMITED", func() harness.Option {
				n++
				return harness.JSONObject(harness.Object{"email": fmt.Sprintf("victim%d@example.org", n)})
			})
		}
	})
}

// refusing is a Limiter that reports what it refuses.
type refusing struct {
	core.Limiter
	refused chan string // keys
}

func (r refusing) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	wait, err := r.Limiter.Allow(ctx, key, limits...)
	if wait > 0 {
		r.refused <- key
	}
	return wait, err
}

// However often a network asks, an address gets so many mails; the answer does
// not tell, and the last one's token stays good.
func TestMailsToAnAddress(t *testing.T) {
	defaults := func(a *harness.App, o *harness.Options) {
		o.Flows = []latchkey.Flow{verify.Flow{}, reset.Flow{}}
		o.Limiter = refusing{o.Limiter, make(chan string, 64)}
		a.Stores.Limiter = o.Limiter
	}
	harness.OnEveryStore(t, defaults, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		var last string
		for range 5 {
			last = a.MailedToken(t, "reset", u)
		}
		for range 4 {
			got := a.Want(t, harness.MailRoutes["reset"]+"202",
				harness.JSONObject(harness.Object{"email": strings.ToUpper(u.Email)}))
			if got.Body != "null" {
				t.Errorf("got %s", got.Body)
			}
		}
		for range 4 { // the jobs have run before the clock moves; later they would be within the next hour's limit
			select {
			case <-a.Stores.Limiter.(refusing).refused:
			case <-time.After(10 * time.Second):
				t.Fatal("a request beyond the limit was not refused")
			}
		}
		a.MailedToken(t, "verify", u) // a count of its own
		a.MailedToken(t, "reset", a.NewUser(t))
		a.Want(t, harness.ResetRoute+"200", harness.ResetBody(last))
		if err := a.Wait(t.Context()); err != nil { // a job that counts later would count in the next hour
			t.Fatal(err)
		}
		a.Advance(time.Hour)
		a.MailedToken(t, "reset", u)
		a.WantNoMail(t)
	})
}

func TestAttackQ07OneNetwork(t *testing.T) {
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) {
		o.Limits = latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 8, Window: time.Minute}}
	}, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		right := harness.LoginForm(u.Email, harness.Password)
		from := func(host int) harness.Option {
			return harness.Header("Test-Peer", fmt.Sprintf("[2001:db8:7:7:%x:%x::%x]:1", host*7919%65536, host, host*31))
		}
		for host := range 8 {
			a.Want(t, "POST /auth/jwt/login 200 (twin)", right, from(host))
		}
		for host := range 16 {
			a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.Case("Q07 another address of one /64"), right,
				from(100+host))
		}
		a.Want(t, "POST /auth/jwt/login 200 (twin, another /64)", right, harness.Header("Test-Peer", "[2001:db8:7:8::1]:1"))
	})
}

func TestAttackQ11Paths(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		a.FailLogins(t, 5, u.Email)
		right := harness.LoginForm(u.Email, harness.Password)
		for _, path := range []string{
			"//auth/jwt/login", "/auth//jwt/login", "/auth/jwt//login", "/auth/jwt/login/", "/auth/jwt/login//", "/auth/./jwt/login", "/auth/jwt/../jwt/login", "/auth/x/../jwt/login",
			"/AUTH/JWT/LOGIN", "/auth/jwt/%6cogin", "/auth/jwt/login?x=y", "/auth/jwt/login;x=y", "/auth/jwt/login%2f", "/auth%2fjwt/login", "/auth/jwt/login#x", "/auth/jwt/login.json", "/auth/cookie/login", "/auth/session/login",
		} {
			t.Run("Q11 "+path, func(t *testing.T) {
				got, _ := a.SendRaw(t,
					fmt.Sprintf("POST %s HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
						path, len(credentialsOf(t, u)), credentialsOf(t, u)))
				if got.Status == 200 || got.Status == 204 || got.Status == 400 && got.Words() == core.CodeLoginBadCredentials ||
					got.Status >= 500 {
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			})
		}
		a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.Case("Q11 the path itself"), right)
		a.Advance(5 * time.Minute)
		a.Want(t, "POST /auth/jwt/login 200 (twin, later)", right)
	})
}

func credentialsOf(t *testing.T, u *harness.Account) string {
	t.Helper()
	return toJSON(t, harness.Object{"username": u.Email, "password": harness.Password})
}
