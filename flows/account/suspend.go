package account

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/reason"
)

// Suspension is what an administrator says of one.
type Suspension struct {
	// Until is when it ends; the zero time is for good.
	Until time.Time
	// Reason is 1 to 200 characters in a line, and not
	// core.SuspendedForLeaving. The user reads it when they log in.
	Reason string
}

// Suspend keeps a user from using their account, and ends all that they are
// logged in with. Whoever is suspended already is suspended anew. Refusals: 422
// for an end that is not in the future and for the reason; core.ErrNotFound if
// the user is gone. r is nil outside HTTP.
func Suspend(ctx context.Context, svc *core.Services, u core.AnyUser, s Suspension, r *core.Request) error {
	return suspend(ctx, svc, u, s, r, unbound)
}

func suspend(
	ctx context.Context, svc *core.Services, u core.AnyUser, s Suspension, r *core.Request, write writer,
) error {
	s, err := s.settled(svc.Env.Now())
	if err != nil {
		return err
	}
	e := &core.Event{Kind: core.EventSuspended, User: u, Reason: s.Reason, Request: r}
	return judge(ctx, svc, e, write, func(u *core.User) {
		u.SuspendedUntil, u.SuspendedFor = s.Until, s.Reason
		u.TokenEpoch++
	})
}

// Reinstate ends a user's suspension; nothing happens without one.
// core.ErrNotFound if the user is gone. r is nil outside HTTP.
func Reinstate(ctx context.Context, svc *core.Services, u core.AnyUser, r *core.Request) error {
	if u.Base().SuspendedUntil.IsZero() {
		return nil
	}
	e := &core.Event{Kind: core.EventReinstated, User: u, Request: r}
	return judge(ctx, svc, e, unbound, func(u *core.User) { u.SuspendedUntil, u.SuspendedFor = time.Time{}, "" })
}

// judge writes what an administrator has decided about the user of an event.
func judge(ctx context.Context, svc *core.Services, e *core.Event, write writer, change func(*core.User)) error {
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return err
	}
	id := e.User.Base().ID
	err = write(ctx, e, commit, e.Kind == core.EventSuspended, func(ctx context.Context) error {
		u, err := svc.Users.Update(ctx, id, func(u core.AnyUser) error {
			was := *u.Base()
			e.Was = &was
			change(u.Base())
			return nil
		})
		if err == nil {
			e.User = u
		}
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		return err
	}
	return core.OrUnavailable(err)
}

// settled returns the suspension as it is stored, or the 422.
func (s Suspension) settled(now time.Time) (Suspension, error) {
	var problems []*core.Problem
	switch s.Until = s.Until.UTC().Truncate(time.Microsecond); {
	case s.Until.IsZero():
		s.Until = core.ForGood()
	case !s.Until.After(now) || s.Until.After(core.ForGood()):
		bad := core.BadValue("until", "it must be in the future")
		problems = append(problems, &bad)
	}
	var bad *core.Problem
	s.Reason, bad = because(s.Reason)
	return s, core.InvalidProblems(append(problems, bad)...)
}

// because returns a reason as it is stored, or what is wrong with it. That of
// users who leave is refused: their link would end the suspension, and a sweep
// remove the account.
func because(text string) (string, *core.Problem) {
	text, bad := reason.Check(text)
	if text == core.SuspendedForLeaving {
		taken := core.BadValue("reason", "it is that of users who leave, who can end their suspension: use other words")
		bad = &taken
	}
	return text, bad
}

// suspensions are the routes of a user's suspension.
func suspensions(svc *core.Services, admin []core.Guard, last *keeper) []core.Route {
	guards := append(slices.Clone(admin), svc.Security.Secure())
	return []core.Route{
		{
			Name: "users:suspend_user", Method: http.MethodPost, Pattern: "/{id}/suspend", Guards: guards,
			Doc: core.Doc{
				Summary: "Suspend a user, and end their logins", Status: http.StatusNoContent,
				Body: struct {
					Until  *time.Time `json:"until,omitempty" openapi:"description=When it ends; null for good."`
					Reason string     `json:"reason" openapi:"description=1 to 200 characters. The user reads it."`
				}{},
				Codes: []string{core.CodeAdminSelf, core.CodeProofRequired},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				u, err := other(ctx, svc, r)
				if err != nil {
					return nil, err
				}
				s, err := readSuspension(r)
				if err == nil {
					err = suspend(ctx, svc, u, s, r, last.write)
				}
				return done(err)
			},
		},
		{
			Name: "users:reinstate_user", Method: http.MethodDelete, Pattern: "/{id}/suspend", Guards: guards,
			Doc: core.Doc{
				Summary: "End a user's suspension", Status: http.StatusNoContent, Codes: []string{core.CodeProofRequired},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				u, err := byID(ctx, svc, r)
				if err == nil {
					err = Reinstate(ctx, svc, u, r)
				}
				return done(err)
			},
		},
	}
}

// readSuspension reads the body; the error has every problem of it.
func readSuspension(r *core.Request) (s Suspension, err error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return s, err
	}
	until, given, badUntil := in.String("until")
	if given {
		var malformed error
		if s.Until, malformed = time.Parse(time.RFC3339, until); malformed != nil || s.Until.IsZero() {
			bad := core.BadValue("until", "it must be a time as in RFC 3339, with a zone")
			badUntil = &bad
		}
	}
	text, badReason := in.Required("reason")
	if badReason == nil {
		_, badReason = because(text)
	}
	s.Reason = text
	return s, core.AddProblems(err, badUntil, badReason)
}

// other returns the user of the path, who must be another than the caller: 409
// ADMIN_SELF.
func other(ctx context.Context, svc *core.Services, r *core.Request) (core.AnyUser, error) {
	u, err := byID(ctx, svc, r)
	if err == nil && oneself(ctx, u) {
		return nil, errSelf()
	}
	return u, err
}

// oneself reports whether u is the caller.
func oneself(ctx context.Context, u core.AnyUser) bool {
	return core.CurrentFrom(ctx).Session.UserID == u.Base().ID
}

func errSelf() error { return &core.Error{Status: http.StatusConflict, Code: core.CodeAdminSelf} }

// done answers a change without a body.
func done(err error) (*core.Response, error) {
	if err != nil {
		return nil, gone(err)
	}
	return core.Empty(http.StatusNoContent), nil
}
