package account

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// me is GET and PATCH /me.
func me(svc *core.Services, guards []core.Guard, limits ChangeLimits) []core.Route {
	return []core.Route{
		{
			Name: "users:current_user", Method: http.MethodGet, Pattern: "/me", Guards: guards,
			Doc: core.Doc{Summary: "The own account", Status: http.StatusOK, Answer: svc.Codec.Output(svc.Users.New())},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				return core.JSON(http.StatusOK, svc.Codec.Output(core.CurrentFrom(ctx).User))
			},
		},
		{
			Name: "users:patch_current_user", Method: http.MethodPatch, Pattern: "/me", Guards: guards,
			Doc: core.Doc{
				Summary: "Change the own account", Status: http.StatusOK, Answer: svc.Codec.Output(svc.Users.New()),
				Body: ownChanges{}, Own: svc.Codec.Columns("update"),
				Codes: []string{core.CodeUpdateEmailExists, core.CodeUpdatePassword, core.CodeRateLimited},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				current := core.CurrentFrom(ctx)
				c, err := changes(r, false)
				if err != nil {
					return nil, err
				}
				if err := limits.own(ctx, svc, c); err != nil {
					return nil, err
				}
				c.Keep = current.Session
				u, err := Change(ctx, svc, current.User, c)
				if errors.Is(err, core.ErrNotFound) { // deleted since the guard looked
					return nil, core.Unauthorized()
				}
				if err != nil {
					return nil, err
				}
				return core.JSON(http.StatusOK, svc.Codec.Output(u))
			},
		},
	}
}

// ownChanges are the members of PATCH /me beside the own columns.
type ownChanges struct {
	Email    string `json:"email,omitempty"`
	Password string `json:"password,omitempty"`
}

// anyChanges are those of PATCH /{id}.
type anyChanges struct {
	ownChanges
	IsActive    bool `json:"is_active,omitempty"`
	IsSuperuser bool `json:"is_superuser,omitempty"`
	IsVerified  bool `json:"is_verified,omitempty"`
}

// changes reads a PATCH. Without rights the flags are ignored, whatever their
// type.
func changes(r *core.Request, rights bool) (Changes, error) {
	in, err := core.ReadJSON(r)
	if err != nil {
		return Changes{}, err
	}
	c := Changes{Own: in, Request: r}
	var problems []*core.Problem
	text := func(to **string, name string) {
		s, ok, problem := in.Text(name)
		if ok {
			*to = &s
		}
		problems = append(problems, problem)
	}
	flag := func(to **bool, name string) {
		b, ok, problem := in.Flag(name)
		if ok {
			*to = &b
		}
		problems = append(problems, problem)
	}
	text(&c.Email, "email")
	text(&c.Password, "password")
	if rights {
		flag(&c.IsActive, "is_active")
		flag(&c.IsSuperuser, "is_superuser")
		flag(&c.IsVerified, "is_verified")
	}
	delete(in, "password")
	return c, core.InvalidProblems(problems...)
}
