package account

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// me is GET, PATCH and, as options, DELETE /me and POST /me/export.
func (f Users) me(svc *core.Services, guards []core.Guard, last *keeper) []core.Route {
	routes := []core.Route{
		{
			Name: "users:current_user", Method: http.MethodGet, Pattern: "/me", Guards: guards,
			Doc: core.Doc{Summary: "The current user", Status: http.StatusOK, Answer: svc.Codec.Output(svc.Users.New())},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				return core.JSON(http.StatusOK, svc.Codec.Output(core.CurrentFrom(ctx).User))
			},
		},
		{
			Name: "users:patch_current_user", Method: http.MethodPatch, Pattern: "/me", Guards: guards,
			Doc: core.Doc{
				Summary: "Change the current user", Status: http.StatusOK,
				Answer: svc.Codec.Output(svc.Users.New()), Body: userUpdateMe{}, Own: svc.Codec.Columns("update"),
				Codes: append(codesOfNames(svc, core.CodeUpdateNameExists),
					core.CodeUpdateEmailExists, core.CodeUpdateConflict, core.CodeUpdatePassword, core.CodeUpdateBadCurrent,
					core.CodeProofRequired, core.CodeRateLimited),
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.patchMe(ctx, svc, r) },
		},
	}
	if f.SelfDelete {
		routes = append(routes, f.deleteMe(svc, guards, last))
	}
	if f.SelfExport {
		routes = append(routes, f.exportMe(svc, guards))
	}
	return routes
}

// userUpdateMe are the members of PATCH /me besides the application's columns.
type userUpdateMe struct {
	changeable
	CurrentPassword string `json:"current_password,omitempty" openapi:"format=password"`
}

type changeable struct {
	Email    string `json:"email,omitempty"`
	Password string `json:"password,omitempty" openapi:"format=password"`
}

// userUpdate are those of PATCH /{id}.
type userUpdate struct {
	changeable
	IsActive    bool `json:"is_active,omitempty"`
	IsSuperuser bool `json:"is_superuser,omitempty"`
	IsVerified  bool `json:"is_verified,omitempty"`
}

func (f Users) patchMe(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	user, session := core.CurrentFrom(ctx).User, core.CurrentFrom(ctx).Session
	c, current, err := changes(svc, r, false)
	if err != nil {
		return nil, err
	}
	c.Keep = session
	c.permit = func(ctx context.Context) error { return f.permit(ctx, svc, c, current) }
	u, err := Change(ctx, svc, user, c)
	if errors.Is(err, core.ErrNotFound) { // deleted since the guard looked
		return nil, core.Unauthorized()
	}
	if err != nil {
		return nil, err
	}
	return core.JSON(http.StatusOK, svc.Codec.Output(u))
}

// changes reads a PATCH, and returns every problem of the body at once. Without
// rights the flags are ignored, whatever their type, and the current password,
// if there is one, is read beside it.
func changes(svc *core.Services, r *core.Request, rights bool) (c Changes, current *string, err error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return Changes{}, nil, err
	}
	c = Changes{Own: in, Request: r}
	var problems []*core.Problem
	text := func(to **string, name string) {
		s, ok, problem := in.String(name)
		if ok {
			*to = &s
		}
		problems = append(problems, problem)
	}
	flag := func(to **bool, name string) {
		b, ok, problem := in.Bool(name)
		if ok {
			*to = &b
		}
		problems = append(problems, problem)
	}
	text(&c.Email, "email")
	if c.Email != nil {
		problems = append(problems, setEmail(svc, &core.User{}, *c.Email))
	}
	text(&c.Password, "password")
	if rights {
		flag(&c.IsActive, "is_active")
		flag(&c.IsSuperuser, "is_superuser")
		flag(&c.IsVerified, "is_verified")
	} else {
		text(&current, "current_password")
	}
	problems = append(problems, svc.Codec.Input(svc.Users.New(), in, "update")...)
	delete(in, "password") // no hook sees one
	delete(in, "current_password")
	return c, current, core.AddProblems(err, problems...)
}
