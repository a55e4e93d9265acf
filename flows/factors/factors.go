// Package factors is the flow by which users see, name and remove what they
// prove with who they are besides a password: GET /factors, PATCH and DELETE
// /factors/{id}. Where a factor is optional, as passkeys are, GET and PUT
// /second-factor make it one that every login needs. latchkey.New adds the flow
// where another one keeps credentials (see core.Keeper).
//
// Security notes. Naming and removing need a login that is secure (see
// core.Security). Removing a factor ends the user's other logins, and a JWT of
// this one too. The last factor of a user who must have one stays, and so does
// what nobody could log in without. Recovery codes, and whatever else only
// stands in for a factor, go with the last one, and end no login.
package factors

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is the list of factors. Make it with New.
type Flow struct {
	keepers []core.Flow
	// removing serializes removals where the user store has no locks; nil
	// without keepers.
	removing *sync.Mutex
}

// New returns the flow for the credentials of these flows, each of them a
// core.Keeper.
func New(keepers ...core.Flow) Flow { return Flow{keepers, &sync.Mutex{}} }

// Name is "factors".
func (Flow) Name() string { return "factors" }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// factor is a credential as its owner sees it.
type factor struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Label      string     `json:"label"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Left       *int       `json:"left,omitempty" openapi:"description=How many recovery codes are left."`
}

// Routes are the list, and the two of one factor.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if svc.Credentials == nil {
		return nil, errors.New("flow factors needs Options.Credentials, whose content it lists")
	}
	secure := append(slices.Clone(svc.Env.AccountGuards), svc.Security.Secure())
	routes := []core.Route{
		{
			Name: "factors:list", Method: http.MethodGet, Pattern: "/factors", Guards: svc.Env.AccountGuards,
			Doc: core.Doc{Summary: "The current user's factors, the oldest first", Status: http.StatusOK, Answer: []factor{}},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				answer, err := f.Export(ctx, svc, core.CurrentFrom(ctx).User)
				if err != nil {
					return nil, core.Unavailable(err)
				}
				return core.JSON(http.StatusOK, answer)
			},
		},
		{
			Name: "factors:update", Method: http.MethodPatch, Pattern: "/factors/{id}", Guards: secure,
			Doc: core.Doc{
				Summary: "Name a factor", Status: http.StatusOK, Answer: factor{}, Codes: []string{"404 Not Found"},
				Body: struct {
					Label string `json:"label" openapi:"description=At most 200 bytes."`
				}{},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.rename(ctx, svc, r) },
		},
		{
			Name: "factors:delete", Method: http.MethodDelete, Pattern: "/factors/{id}", Guards: secure,
			Doc: core.Doc{
				Summary: "Remove a factor; other logins end", Status: http.StatusNoContent,
				Codes: []string{core.CodeFactorRequired, core.CodeLastLoginMethod, "404 Not Found"},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				if err := f.Remove(ctx, svc, core.CurrentFrom(ctx).User, r.Param("id"), r); err != nil {
					return nil, err
				}
				return core.Empty(http.StatusNoContent), nil
			},
		},
	}
	for _, flow := range f.keepers {
		if keeper, _ := core.As[core.Keeper](flow); keeper.Keeps().Optional {
			return append(routes, f.switches(svc, secure)...), nil
		}
	}
	return routes, nil
}

// keeper returns the flow that keeps a kind, and what it says of it.
func (f Flow) keeper(kind string) (core.Flow, core.Kept, bool) {
	for _, flow := range f.keepers {
		keeper, _ := core.As[core.Keeper](flow)
		if kept := keeper.Keeps(); kept.Kind == kind {
			return flow, kept, true
		}
	}
	return nil, core.Kept{}, false
}

// List returns a user's credentials that are factors, the oldest first.
func (f Flow) List(ctx context.Context, svc *core.Services, userID string) ([]*core.Credential, error) {
	if len(f.keepers) == 0 {
		return nil, nil
	}
	all, err := svc.Credentials.List(ctx, "", userID)
	return slices.DeleteFunc(all, func(c *core.Credential) bool {
		_, _, kept := f.keeper(c.Kind)
		return !kept
	}), err
}

// Exports implements core.Exporter.
func (Flow) Exports(*core.Services) (name string, form any) { return "factors", []factor{} }

// Export returns the user's factors, without what they prove by.
func (f Flow) Export(ctx context.Context, svc *core.Services, u core.AnyUser) (any, error) {
	all, err := f.List(ctx, svc, u.Base().ID)
	out := []factor{} // never null
	for _, c := range all {
		out = append(out, f.public(c))
	}
	return out, err
}

func (f Flow) public(c *core.Credential) factor {
	p := factor{ID: c.ID, Kind: c.Kind, Label: c.Label, CreatedAt: c.Created}
	if !c.Used.IsZero() {
		p.LastUsedAt = &c.Used
	}
	if _, kept, _ := f.keeper(c.Kind); kept.Left != nil {
		left := kept.Left(c)
		p.Left = &left
	}
	return p
}

// find returns the user's factor of an ID, or a 404.
func (f Flow) find(
	ctx context.Context, svc *core.Services, userID, id string,
) (found *core.Credential, all []*core.Credential, err error) {
	all, err = f.List(ctx, svc, userID)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, all, nil
		}
	}
	return nil, nil, core.NotFound()
}

func (f Flow) rename(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return nil, err
	}
	label, problem := in.Required("label")
	if problem == nil && len(label) > core.CredentialLabelMax {
		bad := core.BadValue("label", "String should have at most 200 bytes")
		problem = &bad
	}
	if err := core.AddProblems(err, problem); err != nil {
		return nil, err
	}
	u := core.CurrentFrom(ctx).User
	e := &core.Event{Kind: core.EventFactorRenamed, User: u, Target: r.Param("id"), Request: r}
	var c *core.Credential
	err = svc.Events.Commit(ctx, e, func(ctx context.Context) (err error) {
		owner := u.Base().ID
		if c, _, err = f.find(ctx, svc, owner, e.Target); err != nil {
			return err
		}
		e.Method = c.Kind
		c, err = svc.Credentials.Update(ctx, c.Kind, owner, c.ID, func(c *core.Credential) error {
			c.Label = label
			return nil
		})
		return err
	})
	if errors.Is(err, core.ErrNotFound) { // removed meanwhile
		return nil, core.NotFound()
	}
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	return core.JSON(http.StatusOK, f.public(c))
}
