package latchkey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// slow hashes in a second of the bubble's time.
type slow struct {
	fast
	hashes *atomic.Int64
}

func (s slow) Hash(password string) (core.PasswordHash, error) {
	s.hashes.Add(1)
	time.Sleep(time.Second)
	return s.fast.Hash(password)
}

func (s slow) Verify(h core.PasswordHash, password string) (bool, error) {
	time.Sleep(time.Second)
	return s.fast.Verify(h, password)
}

// client is somebody's browser.
type client struct {
	method, remote, token string
}

func (c client) Method() string { return c.method }
func (c client) Host() string   { return "app.example.org" }
func (c client) Lines(name string) []string {
	switch {
	case name == "Content-Type":
		return []string{"application/json"}
	case name == "X-Token" && c.token != "":
		return []string{c.token}
	}
	return nil
}

// as sends a request to the route of a name in a group.
func (q *quiet) as(c client, group latchkey.Group, name, id, body string) *core.Response {
	for _, route := range group {
		if route.Name == name {
			c.method = route.Method
			return route.Serve(q.t.Context(), &core.Request{
				Head: c, Path: route.Pattern, Body: strings.NewReader(body), Remote: netip.MustParseAddr(c.remote),
				Param: func(string) string { return id },
			})
		}
	}
	q.t.Fatalf("no route is called %s", name)
	return nil
}

// login logs in from an address and returns the client with its token.
func (q *quiet) login(email, remote string) client {
	q.t.Helper()
	c := client{remote: remote}
	got := q.as(c, q.Login("web"), "auth:web.login", "", fmt.Sprintf(`{"username": %q, "password": %q}`, email, password))
	var answer struct{ Token string }
	if err := json.Unmarshal(got.Body, &answer); err != nil || got.Status != 200 {
		q.t.Fatalf("login: %d %s", got.Status, got.Body)
	}
	c.token = answer.Token
	return c
}

func (q *quiet) patchMe(c client, body string) *core.Response {
	return q.as(c, q.Users(), "users:patch_current_user", "", body)
}

// One account's password changes keep nobody from logging in.
func TestHashesAreSharedFairly(t *testing.T) {
	for name, remote := range map[string]string{"another network": "192.0.2.2", "the same network": "192.0.2.1"} {
		t.Run("G22 160 password changes of one account, a login from "+name, func(t *testing.T) {
			var hashes atomic.Int64
			with := func(_ *quiet, o *latchkey.Options[Member]) {
				o.Hashers = []core.Hasher{slow{"new", &hashes}}
				o.HashConcurrency = 2
				o.InsecureNoLimits = true
			}
			inQuiet(t, with, func(t *testing.T, q *quiet) {
				q.user("eve@example.org", nil)
				q.user("ada@example.org", nil)
				eve := q.login("eve@example.org", "192.0.2.1")
				var changes sync.WaitGroup
				var refused atomic.Int64
				for i := range 160 {
					changes.Go(func() {
						if q.patchMe(eve, fmt.Sprintf(`{"password": "a long password, number %d"}`, i)).Status == 503 {
							refused.Add(1)
						}
					})
				}
				synctest.Wait()
				begin := time.Now()
				q.login("ada@example.org", remote)
				if took := time.Since(begin); took > 2*time.Second {
					t.Errorf("the login took %v, want 2s: until a slot is free, and its own hash", took)
				}
				changes.Wait()
				if refused.Load() == 0 || hashes.Load() == 0 {
					t.Errorf("%d were refused and %d hashed", refused.Load(), hashes.Load())
				}
			})
		})
	}
}

// patient takes a proof of hours ago for a recent one.
func patient(_ *quiet, o *latchkey.Options[Member]) { o.FreshFor = 2 * time.Hour }

func TestChangesAreLimited(t *testing.T) {
	const passwords, addresses = `{"password": "a long password, number %d"}`, `{"email": "taken%d@example.org"}`
	open := func(q *quiet) {
		for _, name := range []string{"eve", "ada", "root", "taken0", "taken1"} {
			q.user(name+"@example.org", func(u *core.User) { u.IsSuperuser = name == "root" })
		}
	}
	// flood sends a change again and again and returns how many were not
	// 429.
	flood := func(t *testing.T, send func(body string) *core.Response, body string, n int) (served int) {
		t.Helper()
		for i := range n {
			got := send(fmt.Sprintf(body, i))
			switch {
			case got.Status != 429:
				served++
			case got.Header.Get("Retry-After") == "" || !strings.Contains(string(got.Body), core.CodeRateLimited):
				t.Errorf("%v %s", got.Header, got.Body)
			}
		}
		return served
	}
	for kind, body := range map[string]string{"passwords": passwords, "addresses": addresses} {
		t.Run("G23 150 "+kind+" of one user", func(t *testing.T) {
			inQuiet(t, patient, func(t *testing.T, q *quiet) {
				open(q)
				eve, ada := q.login("eve@example.org", "192.0.2.1"), q.login("ada@example.org", "192.0.2.1")
				send := func(body string) *core.Response { return q.patchMe(eve, body) }
				if n := flood(t, send, body, 150); n != 20 {
					t.Errorf("%d were served, want 20", n)
				}
				if got := q.patchMe(eve, `{"nick": "Evi"}`); got.Status != 200 {
					t.Errorf("twin, another column: %d %s", got.Status, got.Body)
				}
				if got := q.patchMe(ada, fmt.Sprintf(body, 100)); got.Status != 200 {
					t.Errorf("twin, another user: %d %s", got.Status, got.Body)
				}
				time.Sleep(time.Hour)
				if got := q.patchMe(eve, fmt.Sprintf(body, 200)); got.Status != 200 {
					t.Errorf("twin, an hour later: %d %s", got.Status, got.Body)
				}
			})
		})
		t.Run("G23 150 "+kind+" of many users of one network", func(t *testing.T) {
			inQuiet(t, nil, func(t *testing.T, q *quiet) {
				served := 0
				for i := range 10 {
					email := fmt.Sprintf("eve%d@example.org", i)
					q.user(email, nil)
					eve := q.login(email, "192.0.2.1")
					send := func(body string) *core.Response { return q.patchMe(eve, body) }
					served += flood(t, send, body, 15)
				}
				if served != 60 {
					t.Errorf("%d were served, want 60", served)
				}
			})
		})
		t.Run("G23 twin: an administrator changes "+kind+" of 100 users a minute", func(t *testing.T) {
			inQuiet(t, nil, func(t *testing.T, q *quiet) {
				open(q)
				root, ada := q.login("root@example.org", "192.0.2.1"), q.idOf("ada@example.org")
				send := func(body string) *core.Response {
					return q.as(root, q.Users(), "users:patch_user", ada, body)
				}
				if n := flood(t, send, body, 150); n != 100 {
					t.Errorf("%d were served, want 100", n)
				}
				time.Sleep(time.Minute)
				if n := flood(t, send, body, 10); n != 10 {
					t.Errorf("a minute later %d of 10 were served", n)
				}
			})
		})
	}
	t.Run("G23 nothing is hashed or looked up beyond the limit", func(t *testing.T) {
		var hashes atomic.Int64
		with := func(_ *quiet, o *latchkey.Options[Member]) { o.Hashers = []core.Hasher{slow{"new", &hashes}} }
		inQuiet(t, with, func(t *testing.T, q *quiet) {
			open(q)
			eve := q.login("eve@example.org", "192.0.2.1")
			hashes.Store(0) // New makes one
			for range 20 {
				q.patchMe(eve, `{"password": "short"}`)
				q.patchMe(eve, `{"email": "taken0@example.org"}`)
			}
			for _, body := range []string{`{"password": "a long password"}`, `{"email": "taken1@example.org"}`} {
				q.noted()
				got := q.patchMe(eve, body)
				finds := strings.Count(strings.Join(q.noted(), " "), "users.Find")
				if got.Status != 429 || finds != 1 || hashes.Load() != 0 { // the one is the guard's
					t.Errorf("%s: %d, %d look-ups, %d hashes", body, got.Status, finds, hashes.Load())
				}
			}
		})
	})
	t.Run("G23 twin: what changes neither is not counted", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			open(q)
			eve := q.login("eve@example.org", "192.0.2.1")
			for range 30 {
				for body, want := range map[string]int{
					`{"nick": "Evi"}`: 200, `{"email": "eve@example.org"}`: 200, `{"email": "EVE@example.org"}`: 200,
					`{"email": "no address"}`: 422, `{"password": 5}`: 422, `{"password": null}`: 200,
				} {
					if got := q.patchMe(eve, body); got.Status != want {
						t.Fatalf("%s: %d %s, want %d", body, got.Status, got.Body, want)
					}
				}
			}
			if got := q.patchMe(eve, `{"email": "new@example.org", "password": "a long password"}`); got.Status != 200 {
				t.Errorf("then a change: %d %s", got.Status, got.Body)
			}
		})
	})
	t.Run("tokens of mails are limited by network", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			for _, kind := range kinds {
				q.user(kind+"@example.org", nil)
				q.ask(kind, kind+"@example.org")
				m := <-q.mails
				send := func(remote, token string) *core.Response {
					group := q.Flow(kind)
					body := fmt.Sprintf(`{"token": %q, "password": "a long password"}`, token)
					return q.as(client{remote: remote}, group, group[1].Name, "", body)
				}
				for range 60 {
					if got := send("192.0.2.7", "made up"); got.Status != 400 {
						t.Fatalf("%s: %d %s", kind, got.Status, got.Body)
					}
				}
				q.noted()
				if got := send("192.0.2.7", m.Token); got.Status != 429 || strings.Contains(fmt.Sprint(q.noted()), "Find") {
					t.Errorf("%s: %d %s", kind, got.Status, got.Body)
				}
				if got := send("192.0.2.8", m.Token); got.Status != 200 {
					t.Errorf("%s, twin from another network: %d %s", kind, got.Status, got.Body)
				}
			}
		})
	})
}

func (q *quiet) idOf(email string) string {
	q.t.Helper()
	u, err := q.users.Find(context.Background(), core.ByEmail(email))
	if err != nil {
		q.t.Fatal(err)
	}
	return u.ID
}
