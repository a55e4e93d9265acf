package fiberauth_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
)

// A keeper keeps every string of every request beyond the request. Each string
// of the n-th request contains n.
type keeper [][]string

func (k keeper) keep(n string, s ...string) {
	i, err := strconv.Atoi(n)
	if err == nil && i < len(k) {
		k[i] = append(k[i], s...)
	}
}

func (k keeper) head(n string, h core.Head) {
	k.keep(n, h.Method(), h.Host())
	for _, name := range []string{"Authorization", "Cookie", "Content-Type", "X-Kept"} {
		k.keep(n, h.Lines(name)...)
	}
}

func (k keeper) Resolve(bool, ...core.Guard) func(context.Context, core.Head) (context.Context, error) {
	return func(ctx context.Context, h core.Head) (context.Context, error) {
		n, _ := strings.CutPrefix(core.Line(h, "Authorization"), "Bearer ")
		k.head(n, h)
		return core.WithCurrent(ctx, core.Current{Session: &core.Session{}, User: &core.User{ID: n}}), nil
	}
}

func (keeper) Render(context.Context, error) *core.Response { return core.Empty(500) }

func (k keeper) route() core.Endpoint {
	return core.Endpoint{
		Route: core.Route{Method: "GET", Pattern: "/{id}"},
		Serve: func(ctx context.Context, r *core.Request) *core.Response {
			n := r.Param("id")
			k.head(n, r)
			k.keep(n, r.Path, r.Param("id"))
			for name, values := range r.Query {
				k.keep(n, name, values[0])
			}
			u, _ := core.CurrentUser[core.User](ctx)
			k.keep(n, u.ID)
			return core.Empty(http.StatusNoContent)
		},
	}
}

// raw returns the n-th request. Every other one names its host in the request
// line.
func raw(i int) string {
	n, origin := number(i), ""
	if i%2 == 1 {
		origin = "http://h" + n
	}
	return "GET " + origin + "/users/" + n + "?q" + n + "=v" + n + " HTTP/1.1\r\nHost: h" + n +
		"\r\nAuthorization: Bearer " + n +
		"\r\nCookie: a=" + n + "\r\ncookie: b=" + n + "\r\nContent-Type: t/" + n + "\r\nX-Kept: a " + n + "\r\n\r\n"
}

func (k keeper) check(t *testing.T) {
	changed := 0
	for i, got := range k {
		n := number(i)
		head := []string{"GET", "h" + n, "Bearer " + n, "a=" + n, "b=" + n, "t/" + n, "a " + n}
		want := slices.Concat(head, head, []string{"/users/" + n, n, "q" + n, "v" + n, n})
		if !slices.Equal(got, want) {
			if changed++; changed <= 3 {
				t.Errorf("request %s has become %q, want %q", n, got, want)
			}
		}
	}
	if changed > 0 {
		t.Errorf("the strings of %d requests of %d have changed", changed, len(k))
	}
}

func number(i int) string { return fmt.Sprintf("%06d", i) }

// fiber reads each request of a connection into the memory of the one before,
// and connections share pools.
func TestNoStringThatWasKeptChanges(t *testing.T) {
	const clients = 100
	k := make(keeper, requests)
	app := fiber.New()
	app.Use(fiberauth.Require(k))
	fiberauth.Mount(app, "/users", core.Group{k.route()})
	addr := listen(t, app)

	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			in := bufio.NewReader(c)
			for i := client; i < requests; i += clients {
				if _, err := io.WriteString(c, raw(i)); err != nil {
					t.Error(err)
					return
				}
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				got := read(t, resp)
				_ = resp.Body.Close()
				if got.status != http.StatusNoContent {
					t.Errorf("request %d: %v", i, got)
					return
				}
			}
		})
	}
	wg.Wait()
	k.check(t)
}
