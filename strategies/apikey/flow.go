package apikey

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is how users make, rotate and end their keys: GET and POST /api-keys,
// POST /api-keys/{id}/rotate, DELETE /api-keys/{id}. Make it with
// [Strategy.Flow].
type Flow struct{ s *Strategy }

// Flow returns the flow of the strategy's keys. It needs Options.Credentials of
// the front door, which must be the strategy's store.
func (s *Strategy) Flow() Flow { return Flow{s} }

var (
	_ core.Flow     = Flow{}
	_ core.Purger   = Flow{}
	_ core.Marker   = Flow{}
	_ core.Witness  = Flow{}
	_ core.Listener = Flow{}
	_ core.Exporter = Flow{}
)

// Name is "api-keys".
func (Flow) Name() string { return "api-keys" }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// Check returns an error unless one of an application's backends has the
// strategy and the name that the strategy was given. latchkey.New calls it.
func (f Flow) Check(backends []core.Backend) error {
	for _, b := range backends {
		if s, ok := core.As[*Strategy](b.Strategy); ok && s == f.s && b.Name == f.s.options.Backend {
			return nil
		}
	}
	return fmt.Errorf("flow api-keys: no backend called %q has its strategy, so no key would open anything",
		f.s.options.Backend)
}

// Scopes returns all that a key can have.
func (f Flow) Scopes() []string { return slices.Clone(f.s.options.Scopes) }

// apiKey is a key as clients see it.
type apiKey struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Hint      string     `json:"hint" openapi:"description=Its last characters."`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	LastUsed  *time.Time `json:"last_used" openapi:"description=Recorded from time to time; null if never."`
	ExpiresAt *time.Time `json:"expires_at" openapi:"description=null if never."`
}

// newAPIKey is the answer to who makes one.
type newAPIKey struct {
	apiKey
	Key string `json:"key" openapi:"description=Shown once."`
}

func public(k Key) apiKey {
	p := apiKey{ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: k.Scopes, CreatedAt: k.Created}
	if !k.Used.IsZero() {
		p.LastUsed = &k.Used
	}
	if !k.Expires.IsZero() {
		p.ExpiresAt = &k.Expires
	}
	return p
}

// Routes are the four. None names a scope, so no key makes or ends one.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if f.s == nil {
		return nil, errors.New("flow api-keys: make it with Strategy.Flow of package apikey")
	}
	switch {
	case svc.Credentials == nil:
		return nil, errors.New("flow api-keys needs Options.Credentials, where keys are kept: the store of the strategy")
	case !shareOne(svc.Credentials, f.s.store):
		return nil, errors.New("flow api-keys: Options.Credentials is another store than the strategy's, " +
			"which would find no key that is made")
	}
	person := append(slices.Clone(svc.Env.AccountGuards), core.InPerson)
	secure := append(slices.Clone(svc.Env.AccountGuards), svc.Security.Secure())
	return []core.Route{
		{
			Name: "api-keys:list", Method: http.MethodGet, Pattern: "/api-keys", Guards: person,
			Doc: core.Doc{Summary: "The current user's API keys, the oldest first", Status: http.StatusOK, Answer: []apiKey{}},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				answer, err := f.Export(ctx, svc, core.CurrentFrom(ctx).User)
				if err != nil {
					return nil, core.Unavailable(err)
				}
				return core.JSON(http.StatusOK, answer)
			},
		},
		{
			Name: "api-keys:create", Method: http.MethodPost, Pattern: "/api-keys", Guards: secure,
			Doc: core.Doc{
				Summary: "Make an API key", Status: http.StatusCreated, Answer: newAPIKey{}, Body: body{},
				Codes:  []string{core.CodeAPIKeyLimit, core.CodeRateLimited},
				Values: map[string][]string{"scopes": f.Scopes()}, Max: map[string]int64{"expires_in": f.longest()},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.create(ctx, svc, r) },
		},
		{
			Name: "api-keys:rotate", Method: http.MethodPost, Pattern: "/api-keys/{id}/rotate", Guards: secure,
			Doc: core.Doc{
				Summary: "Make an API key in place of one, which goes on for a while", Status: http.StatusCreated,
				Answer: newAPIKey{},
				Codes:  []string{core.CodeAPIKeyLimit, core.CodeAPIKeyRotated, core.CodeRateLimited, "404 Not Found"},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.rotate(ctx, svc, r) },
		},
		{
			Name: "api-keys:delete", Method: http.MethodDelete, Pattern: "/api-keys/{id}", Guards: person,
			Doc: core.Doc{Summary: "End an API key", Status: http.StatusNoContent, Codes: []string{"404 Not Found"}},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				if err := f.End(ctx, svc, core.CurrentFrom(ctx).User, r.Param("id"), r); err != nil {
					return nil, err
				}
				return core.Empty(http.StatusNoContent), nil
			},
		},
	}, nil
}

// List returns a user's keys, the oldest first.
func (f Flow) List(ctx context.Context, svc *core.Services, userID string) ([]Key, error) {
	all, err := svc.Credentials.List(ctx, Kind, userID)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(all))
	for i, c := range all {
		if keys[i], err = keyFrom(c); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Exports implements core.Exporter.
func (Flow) Exports(*core.Services) (name string, form any) { return "api_keys", []apiKey{} }

// Export returns the user's keys, without what opens anything.
func (f Flow) Export(ctx context.Context, svc *core.Services, u core.AnyUser) (any, error) {
	all, err := f.List(ctx, svc, u.Base().ID)
	out := make([]apiKey, len(all)) // never null
	for i, k := range all {
		out[i] = public(k)
	}
	return out, err
}

func (f Flow) create(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return nil, err
	}
	wanted, problems := f.read(in)
	if err := core.AddProblems(err, problems...); err != nil {
		return nil, err
	}
	if err := f.count(ctx, svc); err != nil {
		return nil, err
	}
	token, made, err := f.Make(ctx, svc, core.CurrentFrom(ctx).User, wanted, r)
	if err != nil {
		return nil, err
	}
	return core.JSON(http.StatusCreated, newAPIKey{public(made), token})
}

func (f Flow) rotate(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	if err := f.count(ctx, svc); err != nil {
		return nil, err
	}
	token, made, err := f.Rotate(ctx, svc, core.CurrentFrom(ctx).User, r.Param("id"), r)
	if err != nil {
		return nil, err
	}
	return core.JSON(http.StatusCreated, newAPIKey{public(made), token})
}

// count counts a key that the current user makes.
func (f Flow) count(ctx context.Context, svc *core.Services) error {
	return core.CheckLimit(ctx, svc.Limiter, core.LimitKey("api-keys", core.CurrentFrom(ctx).Session.UserID),
		f.s.options.MakeLimit)
}
