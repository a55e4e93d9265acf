package contract_test

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
	"github.com/latchkey-go/latchkey/mailtoken"
)

func TestAttackQ04Spellings(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		const stored = "Ren\u00e9.Q@B\u00fccher.example"
		a.user(t, func(u *Account) { u.Email = stored })
		spellings := []string{
			"ren\u00e9.q@b\u00fccher.example", "REN\u00c9.Q@B\u00dcCHER.EXAMPLE", "rene\u0301.q@bu\u0308cher.example", "ren\u00e9.q@xn--bcher-kva.example", "ren\u00e9.q@b\u00fccher\u3002example",
			"Rene\u0301.Q@XN--BCHER-KVA.example", stored,
		}
		for i, spelling := range spellings[:5] {
			a.want(t, "POST /auth/"+backends[i%3]+"/login 400 LOGIN_BAD_CREDENTIALS",
				form("username", spelling, "password", another))
		}
		for i, spelling := range spellings {
			a.attack(t, "Q04 one count for all spellings, "+spelling, "POST /auth/"+backends[i%3]+"/login 429 RATE_LIMITED",
				form("username", spelling, "password", password))
		}
		a.attack(t, "Q04 spellings that are none cannot be logged in with", badLogin,
			form("username", " "+stored, "password", password))
		a.pass(5 * time.Minute)
		for _, spelling := range spellings {
			a.want(t, "POST /auth/jwt/login 200 (twin, later)", form("username", spelling, "password", password))
		}
	})
}

func TestAttackQ05ForwardedFor(t *testing.T) {
	spoofs := []string{"X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Forwarded", "X-Client-IP",
		"X-Cluster-Client-IP", "Fastly-Client-IP", "Client-IP"}
	limits := latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 4, Window: time.Minute}}
	onEveryAdapter(t, func(_ *app, o *options) { o.Limits = limits }, func(t *testing.T, a *app) {
		u := a.user(t)
		right := form("username", u.Email, "password", password)
		for i := range 4 {
			a.want(t, "POST /auth/jwt/login 200", right, header(spoofs[i], fmt.Sprintf("198.51.100.%d", i)))
		}
		for _, name := range spoofs {
			a.attack(t, "Q05 without a trusted proxy, "+name, "POST /auth/jwt/login 429 RATE_LIMITED", right,
				header(name, "198.51.100.77"))
		}
		a.want(t, "POST /auth/jwt/login 200 (twin, another peer)", right, header("Test-Peer", "192.0.2.9:1"))
	})
	onEveryAdapter(t, func(_ *app, o *options) {
		o.Limits, o.ClientIP = limits, latchkey.Proxies(netip.MustParsePrefix("10.0.0.0/8"))
	}, func(t *testing.T, a *app) {
		u := a.user(t)
		right := form("username", u.Email, "password", password)
		via := func(peer string, lines ...string) option {
			return func(r *http.Request) {
				header("Test-Peer", peer)(r)
				r.Header["X-Forwarded-For"] = lines
			}
		}
		for i := range 4 {
			a.want(t, "POST /auth/jwt/login 200", right, via("10.0.0.1:1", fmt.Sprintf("198.51.100.%d, 192.0.2.1", i)))
		}
		for name, from := range map[string]option{
			"a spoof before the client": via("10.0.0.2:1", "203.0.113.5, 192.0.2.1"), "a spoof in a line before": via("10.0.0.1:1", "203.0.113.5", "192.0.2.1"),
			"a trusted address as spoof": via("10.0.0.1:1", "10.1.1.1, 192.0.2.1"), "a longer chain": via("10.0.0.1:1", "203.0.113.5, 192.0.2.1, 10.0.0.3"),
			"the client itself": via("192.0.2.1:1", "203.0.113.5"), "mapped to IPv6": via("[::ffff:10.0.0.1]:1", "::ffff:192.0.2.1"), "with a port": via("10.0.0.1:1", "203.0.113.5, 192.0.2.1:4711"),
			"no address before": via("10.0.0.1:1", "unknown, 192.0.2.1"),
		} {
			a.attack(t, "Q05 behind a trusted proxy, "+name, "POST /auth/jwt/login 429 RATE_LIMITED", right, from)
		}
		a.want(t, "POST /auth/jwt/login 200 (twin, another client of the proxy)", right, via("10.0.0.1:1", "192.0.2.2"))
		got := a.want(t, "POST /auth/session/login 200 (twin)", right, via("10.0.0.1:1", "[2001:db8::7]:4711"))
		_, token := a.given(t, got)
		if listed := a.sessions(t, asBearer(token)); len(listed) != 1 || listed[0].IP != "2001:db8::7" {
			t.Errorf("Q05: the session's address is %+v", listed)
		}
		for _, broken := range []string{"unknown", "192.0.2.300", "", "192.0.2.1 192.0.2.2",
			strings.Repeat("10.0.0.9, ", 5000) + "10.0.0.9", "2001:db8::/32"} {
			a.to(t, "POST /auth/jwt/login", right, via("10.0.0.8:1", broken))
		}
	})
}

// forNetwork uses up the limit of the network from which a test's requests
// come, and tells that another network has its own.
func (a *app) forNetwork(t *testing.T, events int, window time.Duration, accepted, refused string, body func() option) {
	t.Helper()
	for range events {
		a.want(t, accepted, body())
	}
	for range 3 {
		got := a.want(t, refused, body())
		if got.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	a.want(t, accepted+" (another network)", body(), header("Test-Peer", "192.0.2.9:1"))
	a.pass(window)
	a.want(t, accepted+" (later)", body())
}

func TestRegistrationsOfANetwork(t *testing.T) {
	change := func(_ *app, o *options) { o.Limits.Registrations = latchkey.Limit{Events: 4, Window: time.Hour} }
	onEveryStore(t, change, func(t *testing.T, a *app) {
		n := 0
		a.forNetwork(t, 4, time.Hour, "POST /auth/register 201", "POST /auth/register 429 RATE_LIMITED", func() option {
			n++
			return members(object{"email": fmt.Sprintf("person%d@example.org", n), "password": password})
		})
	})
}

func TestRequestsForMailsOfANetwork(t *testing.T) {
	limit := latchkey.Limit{Events: 4, Window: 10 * time.Minute}
	change := func(_ *app, o *options) {
		o.Flows = []latchkey.Flow{verify.Flow{Options: mailtoken.Options{RequestLimit: limit}}, reset.Flow{Options: mailtoken.Options{RequestLimit: limit}}}
	}
	onEveryStore(t, change, func(t *testing.T, a *app) {
		for _, route := range asks {
			n := 0
			a.forNetwork(t, 4, limit.Window, route+"202", route+"429 RATE_LIMITED", func() option {
				n++
				return members(object{"email": fmt.Sprintf("victim%d@example.org", n)})
			})
		}
	})
}

// refusing is a Limiter that reports what it refuses.
type refusing struct {
	core.Limiter
	refused chan string // keys
}

func (r refusing) Take(ctx context.Context, key string, l core.Limit) (time.Duration, error) {
	wait, err := r.Limiter.Take(ctx, key, l)
	if wait > 0 {
		r.refused <- key
	}
	return wait, err
}

// Whoever asks, an address gets so many mails; the answer does not tell, and
// the last one's token stays good.
func TestMailsToAnAddress(t *testing.T) {
	defaults := func(a *app, o *options) {
		o.Flows = []latchkey.Flow{verify.Flow{}, reset.Flow{}}
		o.Limiter = refusing{o.Limiter, make(chan string, 64)}
		a.kept.limiter = o.Limiter
	}
	onEveryStore(t, defaults, func(t *testing.T, a *app) {
		u := a.user(t)
		var last string
		for range 5 {
			last = a.asked(t, "reset", u)
		}
		for i := range 4 {
			got := a.want(t, asks["reset"]+"202", members(object{"email": strings.ToUpper(u.Email)}),
				header("Test-Peer", fmt.Sprintf("192.0.2.%d:1", i)))
			if got.body != "null" {
				t.Errorf("got %s", got.body)
			}
		}
		for range 4 { // the jobs have run before the clock moves; later they would be within the next hour's limit
			select {
			case <-a.kept.limiter.(refusing).refused:
			case <-time.After(10 * time.Second):
				t.Fatal("a request beyond the limit was not refused")
			}
		}
		a.asked(t, "verify", u) // a count of its own
		a.asked(t, "reset", a.user(t))
		a.want(t, resetRoute+"200", fresh(last))
		if err := a.Wait(t.Context()); err != nil { // a job that counts later would count in the next hour
			t.Fatal(err)
		}
		a.pass(time.Hour)
		a.asked(t, "reset", u)
		a.wantNoMail(t)
	})
}

func TestAttackQ07OneNetwork(t *testing.T) {
	onEveryAdapter(t, func(_ *app, o *options) {
		o.Limits = latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 8, Window: time.Minute}}
	}, func(t *testing.T, a *app) {
		u := a.user(t)
		right := form("username", u.Email, "password", password)
		from := func(host int) option {
			return header("Test-Peer", fmt.Sprintf("[2001:db8:7:7:%x:%x::%x]:1", host*7919%65536, host, host*31))
		}
		for host := range 8 {
			a.want(t, "POST /auth/jwt/login 200 (twin)", right, from(host))
		}
		for host := range 16 {
			a.attack(t, "Q07 another address of one /64", "POST /auth/jwt/login 429 RATE_LIMITED", right, from(100+host))
		}
		a.want(t, "POST /auth/jwt/login 200 (twin, another /64)", right, header("Test-Peer", "[2001:db8:7:8::1]:1"))
	})
}

func TestAttackQ08LastSlot(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		for name, email := range map[string]string{"a user": a.user(t).Email, "nobody": "nobody@example.org"} {
			t.Run("Q08 64 concurrent attempts at the last slot, "+name, func(t *testing.T) {
				a.wrong(t, 4, email)
				before := a.hasher.verified.Load()
				tried := 0
				for got := range a.atOnce(t, 64, "POST", "/auth/session/login", func(i int) option {
					return form("username", email, "password", fmt.Sprint("guess number ", i))
				}) {
					switch {
					case got.status == 400 && got.says() == core.CodeLoginBadCredentials:
						tried++
					case got.status != 429 || got.says() != core.CodeRateLimited:
						t.Errorf("got %d %s", got.status, got.body)
					}
				}
				if hashed := a.hasher.verified.Load() - before; tried != 1 || hashed != 1 {
					t.Errorf("%d were tried and %d hashed, want 1", tried, hashed)
				}
			})
		}
		u := a.user(t)
		for range 20 {
			a.want(t, "POST /auth/session/login 200 (twin, successes do not count)",
				form("username", u.Email, "password", password))
		}
	})
}

func TestAttackQ11Paths(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		a.wrong(t, 5, u.Email)
		right := form("username", u.Email, "password", password)
		for _, path := range []string{
			"//auth/jwt/login", "/auth//jwt/login", "/auth/jwt//login", "/auth/jwt/login/", "/auth/jwt/login//", "/auth/./jwt/login", "/auth/jwt/../jwt/login", "/auth/x/../jwt/login",
			"/AUTH/JWT/LOGIN", "/auth/jwt/%6cogin", "/auth/jwt/login?x=y", "/auth/jwt/login;x=y", "/auth/jwt/login%2f", "/auth%2fjwt/login", "/auth/jwt/login#x", "/auth/jwt/login.json", "/auth/cookie/login", "/auth/session/login",
		} {
			t.Run("Q11 "+path, func(t *testing.T) {
				got, _ := a.wire(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
					path, len(credentialsOf(t, u)), credentialsOf(t, u)))
				if got.status == 200 || got.status == 204 || got.status == 400 && got.says() == core.CodeLoginBadCredentials ||
					got.status >= 500 {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
		a.attack(t, "Q11 the path itself", "POST /auth/jwt/login 429 RATE_LIMITED", right)
		a.pass(5 * time.Minute)
		a.want(t, "POST /auth/jwt/login 200 (twin, later)", right)
	})
}

func credentialsOf(t *testing.T, u *Account) string {
	t.Helper()
	return toJSON(t, object{"username": u.Email, "password": password})
}
