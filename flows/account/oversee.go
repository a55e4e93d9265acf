package account

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// forcedReset is the route by which an administrator has a user set another
// password; none without a flow that mails them the link.
func (f Users) forcedReset(svc *core.Services, admin []core.Guard) []core.Route {
	if f.ForceReset == nil {
		return nil
	}
	return []core.Route{{
		Name: "users:reset_password", Method: http.MethodPost, Pattern: "/{id}/reset-password",
		Guards: append(slices.Clone(admin), svc.Security.Secure()),
		Doc: core.Doc{
			Summary: "Make a user's password unusable, and mail them a link", Status: http.StatusAccepted,
			Codes: []string{core.CodeProofRequired},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			u, err := byID(ctx, svc, r)
			if err == nil {
				err = f.ForceReset(ctx, svc, u, r)
			}
			if err != nil {
				return nil, gone(err)
			}
			return core.Empty(http.StatusAccepted), nil
		},
	}}
}

// theirSession is what an administrator sees of a session.
type theirSession struct {
	sessionRead
	Actor *string `json:"actor" openapi:"description=The ID of an administrator who acts as the user."`
}

// theirSessions are the routes of a user's sessions.
func theirSessions(svc *core.Services, admin []core.Guard) []core.Route {
	return []core.Route{
		{
			Name: "users:list_sessions", Method: http.MethodGet, Pattern: "/{id}/sessions", Guards: admin,
			Doc: core.Doc{
				Summary: "Logins of a user, the newest 100", Status: http.StatusOK, Answer: []theirSession{},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				u, err := byID(ctx, svc, r)
				if err != nil {
					return nil, err
				}
				return listTheirs(ctx, svc, u.Base())
			},
		},
		{
			Name: "users:end_sessions", Method: http.MethodDelete, Pattern: "/{id}/sessions", Guards: admin,
			Doc: core.Doc{
				Summary: "End all logins of a user, tokens of every backend too", Status: http.StatusNoContent,
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				u, err := byID(ctx, svc, r)
				if err != nil {
					return nil, err
				}
				var keep *core.Session
				if oneself(ctx, u) {
					keep = core.CurrentFrom(ctx).Session
				}
				return ended(svc.Sessions.RevokeAll(ctx, u.Base().ID, keep))
			},
		},
		{
			Name: "users:end_session", Method: http.MethodDelete, Pattern: "/{id}/sessions/{session}", Guards: admin,
			Doc: core.Doc{Summary: "End one login of a user", Status: http.StatusNoContent},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				u, err := byID(ctx, svc, r)
				if err != nil {
					return nil, err
				}
				return ended(EndSession(ctx, svc, u, r.Param("session")))
			},
		},
	}
}

func listTheirs(ctx context.Context, svc *core.Services, u *core.User) (*core.Response, error) {
	living, err := svc.Sessions.List(ctx, u.ID)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	own := core.CurrentFrom(ctx).Session.ID
	out := make([]theirSession, 0, min(len(living), shown)) // never null
	for _, s := range living {
		if s.Epoch != u.TokenEpoch && s.Epoch != core.AnyEpoch { // ended, and not cleaned up yet
			continue
		}
		if len(out) == shown {
			break
		}
		one := theirSession{sessionRead: readSession(s, own)}
		if s.Actor != "" {
			one.Actor = &s.Actor
		}
		out = append(out, one)
	}
	return core.JSON(http.StatusOK, out)
}

// ended is done for what ends sessions.
func ended(err error) (*core.Response, error) {
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		err = core.OrUnavailable(err)
	}
	return done(err)
}
