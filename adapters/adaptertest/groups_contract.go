package adaptertest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

func (s *server) login() core.Group {
	return core.Group{
		s.bound("POST", "/login", fixed("login")),
		s.bound("POST", "/logout", fixed("logout")),
	}
}

// accounts returns routes with the paths of the groups that people use for
// their own account.
func (s *server) accounts() []core.Group {
	return []core.Group{
		{s.bound("POST", "/register", fixed("register"))},
		{s.bound("POST", "/forgot-password", fixed("forgot")), s.bound("POST", "/reset-password", fixed("reset"))},
		{s.bound("POST", "/request-verify-token", fixed("request")), s.bound("POST", "/verify", fixed("verify"))},
		{s.bound("POST", "/exchange", fixed("exchange"))},
		{s.bound("GET", "/accounts", fixed("accounts"))},
		{
			s.bound("GET", "/sessions", fixed("sessions")),
			s.bound("DELETE", "/sessions", fixed("end others")),
			s.bound("DELETE", "/sessions/{id}", func(r *core.Request) *core.Response { return text(200, "end "+r.Param("id")) }),
		},
	}
}

// provider returns routes with the paths of an OAuth provider. Its callback
// answers GET, and POST for providers that use form_post.
func (s *server) provider(name string) core.Group {
	callback := func(r *core.Request) *core.Response {
		return text(200, name+".callback "+r.Query.Get("state")+" "+r.Query.Get("code"))
	}
	return core.Group{
		s.bound("GET", "/authorize", fixed(name+".authorize")),
		s.bound("GET", "/callback", callback),
		s.bound("POST", "/callback", func(r *core.Request) *core.Response {
			form, err := core.ReadForm(r)
			if err != nil {
				return s.refusal(err)
			}
			return text(200, name+".form "+string(form["state"])+" "+string(form["code"]))
		}),
	}
}

// readers returns routes that call core's parsers, as the real ones do.
func (s *server) readers() core.Group {
	return core.Group{
		s.bound("POST", "/form", func(r *core.Request) *core.Response {
			form, err := core.ReadForm(r)
			if err != nil {
				return s.refusal(err)
			}
			members, _ := json.Marshal(form)
			return text(200, string(members))
		}),
		s.bound("GET", "/bearer", func(r *core.Request) *core.Response { return s.credential(core.BearerToken(r)) }),
		s.bound("GET", "/cookie",
			func(r *core.Request) *core.Response { return s.credential(core.CookieValue(r, "__Host-a")) }),
		s.bound("POST", "/same-origin", func(r *core.Request) *core.Response {
			if core.IsCrossOrigin(r, func(origin string) bool { return origin == "https://sibling.example" }) {
				return s.refusal(&core.Error{Code: core.CodeCrossOriginRefused, Status: 403})
			}
			return text(200, "same")
		}),
	}
}

func (s *server) credential(value string, err error) *core.Response {
	switch {
	case err == nil:
		return text(200, value)
	case errors.Is(err, core.ErrNoCredential), errors.Is(err, core.ErrInvalid):
		return s.refusal(unauthorized())
	}
	return s.refusal(err)
}

func (s *server) refusal(err error) *core.Response { return s.host.Render(context.Background(), err) }
