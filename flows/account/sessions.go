package account

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Sessions is the flow by which a person sees and ends their own logins: GET
// /sessions, DELETE /sessions/{id}, DELETE /sessions.
type Sessions struct {
	// Ends are the requests of one client network to end logins. Without
	// events it limits nothing.
	Ends core.Limit
}

// Name is "sessions".
func (Sessions) Name() string { return "sessions" }

// PerBackend is false.
func (Sessions) PerBackend() bool { return false }

// sessionRead is what its owner sees of a session.
type sessionRead struct {
	ID        string    `json:"id"`
	Backend   string    `json:"backend"`
	Label     string    `json:"label"`
	IP        string    `json:"ip"`
	CreatedAt time.Time `json:"created_at"`
	LastSeen  time.Time `json:"last_seen"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"`
}

// Routes are list, end one, end all others.
func (f Sessions) Routes(svc *core.Services) ([]core.Route, error) {
	routes := []core.Route{
		{
			Name: "sessions:list", Method: http.MethodGet, Pattern: "/sessions",
			Doc: core.Doc{
				Summary: "Logins of the current user, the newest 100", Status: http.StatusOK, Answer: []sessionRead{},
			},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) { return sessions(ctx, svc) },
		},
		{
			Name: "sessions:delete", Method: http.MethodDelete, Pattern: "/sessions/{id}", Guards: []core.Guard{core.InPerson},
			Doc: core.Doc{Summary: "End one login", Status: http.StatusNoContent},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				return endSession(ctx, svc, r.Param("id"))
			},
		},
		{
			Name: "sessions:delete_others", Method: http.MethodDelete, Pattern: "/sessions", Guards: []core.Guard{core.InPerson},
			Doc: core.Doc{Summary: "End all logins but this one, tokens of other backends too", Status: http.StatusNoContent},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				current := core.CurrentFrom(ctx)
				err := svc.Sessions.RevokeAll(ctx, current.Session.UserID, current.Session)
				if errors.Is(err, core.ErrNotFound) { // deleted since the guard looked
					return nil, core.Unauthorized()
				}
				if err != nil {
					return nil, core.OrUnavailable(err)
				}
				return core.Empty(http.StatusNoContent), nil
			},
		},
	}
	for i, route := range routes {
		if core.IsSafeMethod(route.Method) { // counting is a write
			continue
		}
		routes[i].Doc.Codes = append(route.Doc.Codes, core.CodeRateLimited)
		routes[i].Handle = func(ctx context.Context, r *core.Request) (*core.Response, error) {
			if err := core.CheckNetworkLimit(ctx, svc.Limiter, "session-ends", r.Remote, f.Ends); err != nil {
				return nil, err
			}
			return route.Handle(ctx, r)
		}
	}
	return routes, nil
}

// shown is how many sessions GET /sessions answers with, the newest ones.
const shown = 100

func sessions(ctx context.Context, svc *core.Services) (*core.Response, error) {
	current := core.CurrentFrom(ctx).Session
	living, err := svc.Sessions.List(ctx, current.UserID)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	out := make([]sessionRead, 0, min(len(living), shown)) // never null
	for _, s := range living {
		if s.Epoch != current.Epoch { // ended, and not cleaned up yet
			continue
		}
		if len(out) == shown {
			break
		}
		out = append(out, ownSession(s, current.ID))
	}
	return core.JSON(http.StatusOK, out)
}

// ownSession is readSession for the user whose session it is. Whose device an
// administrator has who acts as the user, is their own affair.
func ownSession(s *core.Session, own string) sessionRead {
	p := readSession(s, own)
	if s.Actor != "" {
		p.Label, p.IP = "", ""
	}
	return p
}

// readSession returns the public form of a session; own is the ID of the
// caller's.
func readSession(s *core.Session, own string) sessionRead {
	p := sessionRead{
		ID: s.ID, Backend: s.Backend, Label: s.Label, Current: s.ID == own,
		CreatedAt: s.Created.UTC(), LastSeen: s.LastSeen.UTC(), ExpiresAt: s.Expires.UTC(),
	}
	if s.IP.IsValid() {
		p.IP = s.IP.String()
	}
	return p
}

func endSession(ctx context.Context, svc *core.Services, id string) (*core.Response, error) {
	switch err := EndSession(ctx, svc, core.CurrentFrom(ctx).User, id); {
	case errors.Is(err, core.ErrNotFound):
		return nil, core.NotFound()
	case err != nil:
		return nil, core.OrUnavailable(err)
	}
	return core.Empty(http.StatusNoContent), nil
}

// EndSession ends one living session of a user. core.ErrNotFound if the user
// has none with that ID.
func EndSession(ctx context.Context, svc *core.Services, u core.AnyUser, id string) error {
	living, err := svc.Sessions.List(ctx, u.Base().ID)
	if err != nil {
		return core.Unavailable(err)
	}
	for _, s := range living {
		if s.ID == id {
			e := &core.Event{Kind: core.EventSessionEnded, User: u, Session: s, Target: s.ID}
			return svc.Events.Commit(ctx, e, func(context.Context) error { return nil })
		}
	}
	return core.ErrNotFound
}
