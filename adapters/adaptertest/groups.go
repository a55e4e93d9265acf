package adaptertest

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// mounts returns the fake groups: shaped like the real ones where paths meet,
// and responding with what they received.
func (s *server) mounts() []Mount {
	return []Mount{
		{"/auth", []core.Group{s.login(), s.mirror(), s.readers()}},
		{"/auth", []core.Group{{s.bound("GET", "/answer/{case}", func(r *core.Request) *core.Response {
			return cannedAnswers()[r.Param("case")].response()
		})}}},
		{"/auth", s.accounts()},
		{"/auth/acme", []core.Group{s.provider("oauth")}},
		{"/auth/associate/acme", []core.Group{append(s.provider("associate"), s.bound("DELETE", "", fixed("associate.remove")))}},
		{"/users", []core.Group{s.users()}},
		{"/nested", s.nested()},
		{"", []core.Group{core.Group{s.bound("GET", "", fixed("alone"))}.At("/alone")}},
		{"", []core.Group{{
			s.bound("GET", "", fixed("root")),
			s.bound("GET", "/jwks.json", fixed("keys")),
		}}},
	}
}

func (s *server) bound(method, pattern string, serve func(*core.Request) *core.Response) core.Endpoint {
	return core.Endpoint{
		Route: core.Route{Name: method + " " + pattern, Method: method, Pattern: pattern},
		Serve: func(ctx context.Context, r *core.Request) *core.Response {
			s.inspect(ctx, r)
			return serve(r)
		},
	}
}

// text returns a response as an adapter receives it. Its body may be any bytes,
// so that what a request carried can come back unchanged.
func text(status int, body string) *core.Response {
	return &core.Response{
		Status: status,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Body:   []byte(body),
	}
}

func fixed(body string) func(*core.Request) *core.Response {
	return func(*core.Request) *core.Response { return text(200, body) }
}

// users returns routes with the paths of the users group.
func (s *server) users() core.Group {
	id := func(name string) func(*core.Request) *core.Response {
		return func(r *core.Request) *core.Response {
			if r.Param("id") != "none" {
				return text(200, fmt.Sprintf("%s %q", name, r.Param("id")))
			}
			if len(r.Lines("Authorization")) == 0 {
				return s.host.Render(context.Background(), unauthorized())
			}
			return s.host.Render(context.Background(), core.NotFound())
		}
	}
	return core.Group{
		s.bound("GET", "", fixed("users")),
		s.bound("GET", "/me", fixed("me")),
		s.bound("PATCH", "/me", fixed("patch me")),
		s.bound("GET", "/{id}", id("user")),
		s.bound("PATCH", "/{id}", id("patch user")),
		s.bound("DELETE", "/{id}", id("delete user")),
		s.bound("GET", "/{id}/keys/{key}", func(r *core.Request) *core.Response {
			return text(200, fmt.Sprintf("key %q %q", r.Param("id"), r.Param("key")))
		}),
	}
}

// mirror returns routes that respond with what the adapter passed on.
func (s *server) mirror() core.Group {
	return core.Group{
		s.bound("GET", "/lines/{header}", func(r *core.Request) *core.Response {
			return text(200, fmt.Sprintf("%q", r.Lines(r.Param("header"))))
		}),
		s.bound("GET", "/method", func(r *core.Request) *core.Response {
			resp := core.Empty(http.StatusNoContent)
			resp.Header.Set("X-Method", r.Method())
			return resp
		}),
		s.bound("GET", "/host", func(r *core.Request) *core.Response { return text(200, r.Host()) }),
		s.bound("GET", "/remote", func(r *core.Request) *core.Response { return text(200, r.Remote.String()) }),
		s.bound("GET", "/path/{any}", func(r *core.Request) *core.Response { return text(200, r.Path) }),
		s.bound("GET", "/query", func(r *core.Request) *core.Response { return text(200, fmt.Sprintf("%q", r.Query)) }),
		s.bound("POST", "/unread", fixed("unread")),
		s.bound("POST", "/echo", s.echo),
		s.bound("PUT", "/echo", s.echo),
	}
}

// echo responds with the request's body, within core's limit.
func (s *server) echo(r *core.Request) *core.Response {
	body, err := io.ReadAll(io.LimitReader(r.Body, core.MaxBody+1))
	switch {
	case err != nil:
		return text(http.StatusBadRequest, "")
	case len(body) > core.MaxBody:
		return s.host.Render(context.Background(), &core.Error{
			Code: core.CodeBodyTooLarge, Status: http.StatusRequestEntityTooLarge,
		})
	}
	return text(200, string(body))
}
