package account

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// deleteMe is DELETE /me.
func deleteMe(svc *core.Services, guards []core.Guard, last *keeper) core.Route {
	return core.Route{
		Name: "users:delete_current_user", Method: http.MethodDelete, Pattern: "/me",
		Guards: append(slices.Clone(guards), svc.Security.Secure()),
		Doc: core.Doc{
			Summary: "Delete the current user", Status: http.StatusNoContent,
			Codes: []string{core.CodeProofRequired, core.CodeDeleteConflict, core.CodeLastSuperuser},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return leave(ctx, svc, r, last) },
	}
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
	if err := svc.Sessions.Logout(ctx, current.Session, resp, current.Session.Backend); err != nil {
		// The user is gone, so nothing is logged in by it.
		svc.Env.Log.WarnContext(ctx, "latchkey: the session of a user who left was not ended", "err", err)
	}
	if svc.Mail != nil && u.Base().Email != "" {
		mail := core.Mail{
			To: u.Base().Email, Kind: core.MailDeleted, User: u, Lang: core.Language(ctx),
			Client: core.Client{IP: r.Remote, Label: useragent.Label(core.Line(r, "User-Agent"))},
		}
		svc.Jobs.EnqueueMail("deleted mail", func(ctx context.Context) error { return svc.Mail.Send(ctx, mail) })
	}
	return resp, nil
}
