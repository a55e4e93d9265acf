package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// host is a front door that accepts any bearer token as the user's ID. Some
// tokens are special; see identify.
type host struct {
	server   *server
	resolved atomic.Int64
	// For the token "slow": host sends to asked when a decision is needed,
	// and waits for decide.
	asked, decide chan struct{}
}

func (f *host) Resolve(optional bool, guards ...core.Guard) func(context.Context, core.Head) (context.Context, error) {
	f.resolved.Add(1)
	return func(ctx context.Context, h core.Head) (context.Context, error) {
		u, err := f.identify(h)
		if optional && errors.Is(err, core.Unauthorized()) {
			return ctx, nil
		}
		if err != nil {
			return ctx, err
		}
		c := core.Current{Session: &core.Session{UserID: u.ID}, User: u}
		for _, g := range guards {
			if g.Check != nil {
				if err := g.Check(ctx, &c); err != nil {
					return ctx, err
				}
			}
			if g.CheckRequest != nil {
				if err := g.CheckRequest(ctx, h, &c); err != nil {
					return ctx, err
				}
			}
		}
		return core.WithCurrent(ctx, c), nil
	}
}

func (f *host) identify(h core.Head) (*User, error) {
	f.server.keepHead(h)
	lines := h.Lines("Authorization")
	if len(lines) > 1 {
		return nil, core.Refuse(core.CodeDuplicateCredentials)
	}
	token, ok := strings.CutPrefix(strings.Join(lines, ""), "Bearer ")
	if !ok {
		return nil, unauthorized()
	}
	u := &User{core.User{ID: token, IsSuperuser: token == "root"}}
	switch token {
	case "bad":
		return nil, unauthorized()
	case "down":
		return nil, core.Unavailable(errors.New("the store is down"))
	case "limited":
		return nil, core.RateLimited(30 * time.Second)
	case "head":
		u.ID = fmt.Sprintf("%s %s %q", h.Method(), h.Host(), h.Lines("Cookie"))
	case "slow":
		f.asked <- struct{}{}
		<-f.decide
		return nil, unauthorized()
	}
	return u, nil
}

func unauthorized() *core.Error {
	e := core.Unauthorized()
	e.Header = http.Header{"Www-Authenticate": {"Bearer"}}
	return e
}

func (f *host) Render(_ context.Context, err error) *core.Response {
	e := &core.Error{Status: http.StatusInternalServerError}
	errors.As(err, &e)
	x := e.Code
	if x == "" {
		x = http.StatusText(e.Status)
	}
	resp, encoding := core.JSON(e.Status, map[string]string{"detail": x})
	if encoding != nil {
		f.server.fault(encoding.Error())
		resp = core.Empty(e.Status)
	}
	resp.Header.Set("Content-Type", resp.Type)
	resp.Err = e
	maps.Copy(resp.Header, e.Header)
	return resp
}
