package factors

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/adding"
)

// second is the body and the answer of /second-factor.
type second struct {
	Required bool `json:"required" openapi:"description=Whether a login needs a passkey beside the password."`
}

// switches are the routes by which users make a factor that is optional one
// that every login needs.
func (f Flow) switches(svc *core.Services, secure []core.Guard) []core.Route {
	return []core.Route{
		{
			Name: "factors:second", Method: http.MethodGet, Pattern: "/second-factor", Guards: svc.Env.AccountGuards,
			Doc: core.Doc{
				Summary: "Whether the current user's logins need a passkey beside the password", Status: http.StatusOK, Answer: second{},
			},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				on, err := switched(ctx, svc, core.CurrentFrom(ctx).User.Base().ID)
				if err != nil {
					return nil, core.Unavailable(err)
				}
				return core.JSON(http.StatusOK, second{Required: on != nil})
			},
		},
		{
			Name: "factors:require_second", Method: http.MethodPut, Pattern: "/second-factor", Guards: secure,
			Doc: core.Doc{
				Summary: "Make the current user's passkeys a second factor; other logins end", Status: http.StatusNoContent,
				Body: second{}, Codes: []string{core.CodeNoFactor, core.CodeFactorUnverified},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				in, err := core.ReadJSON(r)
				if in == nil {
					return nil, err
				}
				on, there, problem := in.Bool("required")
				if !there && problem == nil {
					missing := core.Missing("required")
					problem = &missing
				}
				if err := core.AddProblems(err, problem); err != nil {
					return nil, err
				}
				if err := f.Switch(ctx, svc, core.CurrentFrom(ctx).User, on, r); err != nil {
					return nil, err
				}
				return core.Empty(http.StatusNoContent), nil
			},
		},
	}
}

// switched returns the user's switch, nil where it is off.
func switched(ctx context.Context, svc *core.Services, userID string) (*core.Credential, error) {
	c, err := svc.Credentials.Find(ctx, core.KindSecond, userID)
	if errors.Is(err, core.ErrNotFound) {
		return nil, nil
	}
	return c, err
}

// Switch makes the user's factors that are optional, such as passkeys, ones
// that every login needs, or undoes that. Switched on, the user's other logins
// end, and a JWT of this one too. Refusals: NO_FACTOR,
// FACTOR_NEEDS_VERIFIED_EMAIL.
func (f Flow) Switch(ctx context.Context, svc *core.Services, u core.AnyUser, on bool, r *core.Request) error {
	b := u.Base()
	if err := mayRequire(b); on && err != nil {
		return err
	}
	is, err := switched(ctx, svc, b.ID)
	if err != nil {
		return core.Unavailable(err)
	}
	if on == (is != nil) {
		return nil
	}
	e := &core.Event{Kind: core.EventFactorRemoved, Method: core.KindSecond, User: u, Request: r}
	if on {
		err = f.switchOn(ctx, svc, e)
	} else {
		err = svc.Events.Commit(ctx, e, func(ctx context.Context) error {
			return svc.Credentials.Delete(ctx, core.KindSecond, b.ID, is.ID)
		})
	}
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrTaken) { // another request was faster
		return nil
	}
	return core.OrUnavailable(err)
}

func (f Flow) switchOn(ctx context.Context, svc *core.Services, e *core.Event) error {
	e.Kind, e.Keep = core.EventFactorAdded, core.CurrentFrom(ctx).Session
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return err
	}
	id := e.User.Base().ID
	c := core.Credential{Owner: id, Kind: core.KindSecond, Key: id, Created: svc.Env.Now()}
	return adding.Commit(ctx, svc, commit, func(ctx context.Context, create adding.Create) error {
		all, err := f.List(ctx, svc, id) // the user's row is locked
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, f.isOptional) {
			return &core.Error{Code: core.CodeNoFactor, Status: http.StatusConflict}
		}
		now, err := svc.Users.Update(ctx, id, func(u core.AnyUser) error {
			was := *u.Base()
			e.Was = &was
			u.Base().TokenEpoch++
			return mayRequire(&was)
		})
		if err != nil {
			return err
		}
		e.User = now
		e.Target, err = create(ctx, c, 1)
		return err
	})
}

// mayRequire refuses a factor that would keep out the owner of an address that
// is not the user's.
func mayRequire(u *core.User) error {
	if !u.IsVerified && u.EmailKey != "" {
		return &core.Error{Code: core.CodeFactorUnverified, Status: http.StatusForbidden}
	}
	return nil
}

func (f Flow) isOptional(c *core.Credential) bool {
	_, kept, _ := f.keeper(c.Kind)
	return kept.Optional
}

// dropSwitch removes the switch with the last credential that it is about.
func (f Flow) dropSwitch(ctx context.Context, svc *core.Services, c *core.Credential, all []*core.Credential) error {
	if !f.isOptional(c) || slices.ContainsFunc(all, func(other *core.Credential) bool {
		return other.ID != c.ID && f.isOptional(other)
	}) {
		return nil
	}
	is, err := switched(ctx, svc, c.Owner)
	if is == nil || err != nil {
		return err
	}
	err = svc.Credentials.Delete(ctx, core.KindSecond, c.Owner, is.ID)
	if errors.Is(err, core.ErrNotFound) {
		return nil
	}
	return err
}
