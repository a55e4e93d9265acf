package account

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/farewell"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// leavingRead is the answer to who leaves after a while.
type leavingRead struct {
	Until time.Time `json:"until" openapi:"description=When the account is removed, unless the link in the mail keeps it."`
}

// deleteMe is DELETE /me.
func (f Users) deleteMe(svc *core.Services, guards []core.Guard, last *keeper) core.Route {
	route := core.Route{
		Name: "users:delete_current_user", Method: http.MethodDelete, Pattern: "/me",
		Guards: append(slices.Clone(guards), svc.Security.Secure()),
		Doc: core.Doc{
			Summary: "Delete the current user", Status: http.StatusNoContent,
			Codes: []string{core.CodeProofRequired, core.CodeDeleteConflict, core.CodeLastSuperuser},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return leave(ctx, svc, r, last) },
	}
	if f.Leave != nil {
		route.Doc = core.Doc{
			Summary: "Delete the current user after a while, and end their logins now", Status: http.StatusAccepted,
			Answer: leavingRead{}, Codes: []string{core.CodeProofRequired, core.CodeLastSuperuser, core.CodeRateLimited},
		}
		route.Handle = func(ctx context.Context, r *core.Request) (*core.Response, error) {
			return f.leaveLater(ctx, svc, r, last)
		}
	}
	return route
}

// leave deletes the caller, makes their client forget its token, and mails the
// address that they had.
func leave(ctx context.Context, svc *core.Services, r *core.Request, last *keeper) (*core.Response, error) {
	current := core.CurrentFrom(ctx)
	u := copied(svc, current.User)
	err := remove(ctx, svc, current.User, r, last.write)
	if errors.Is(err, core.ErrNotFound) { // deleted since the guard looked
		return nil, core.Unauthorized()
	}
	if err != nil {
		return nil, err
	}
	resp := core.Empty(http.StatusNoContent)
	left(ctx, svc, resp)
	farewell.Send(svc, *u.Base(), core.Mail{
		User: u, Lang: core.Language(ctx),
		Client: core.Client{IP: r.Remote, Label: useragent.Label(core.Line(r, "User-Agent"))},
	})
	return resp, nil
}

// leaveLater suspends the caller until they are removed, and makes their client
// forget its token.
func (f Users) leaveLater(
	ctx context.Context, svc *core.Services, r *core.Request, last *keeper,
) (*core.Response, error) {
	e := &core.Event{Kind: core.EventLeaving, User: core.CurrentFrom(ctx).User, Request: r}
	until, do := f.Leave(ctx, svc, e)
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return nil, err
	}
	switch err = last.write(ctx, e, commit, true, do); {
	case errors.Is(err, core.ErrNotFound): // deleted since the guard looked
		return nil, core.Unauthorized()
	case err != nil:
		return nil, core.OrUnavailable(err)
	}
	resp, err := core.JSON(http.StatusAccepted, leavingRead{until})
	if err != nil {
		return nil, err
	}
	left(ctx, svc, resp)
	return resp, nil
}

// left makes the client of who has left forget its token. Nothing is logged in
// by it any more.
func left(ctx context.Context, svc *core.Services, resp *core.Response) {
	s := core.CurrentFrom(ctx).Session
	if err := svc.Sessions.Logout(ctx, s, resp, s.Backend); err != nil {
		svc.Env.Log.WarnContext(ctx, "latchkey: the session of a user who left was not ended", "err", err)
	}
}
