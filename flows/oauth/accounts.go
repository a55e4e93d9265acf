package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// accounts is the flow of GET /accounts, and forgets the links of deleted
// users.
type accounts struct{ *engine }

func (accounts) Name() string     { return "accounts" }
func (accounts) PerBackend() bool { return false }

// oAuthAccountRead is what its owner sees of a link.
type oAuthAccountRead struct {
	ID       string `json:"id"`
	Provider string `json:"oauth_name"`
	Email    string `json:"account_email"`
}

func (f accounts) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "accounts:list", Method: http.MethodGet, Pattern: "/accounts",
		Doc: core.Doc{
			Summary: "Accounts of the current user at providers", Status: http.StatusOK, Answer: []oAuthAccountRead{},
		},
		Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
			out, err := f.read(ctx, core.CurrentFrom(ctx).User)
			if err != nil {
				return nil, core.Unavailable(err)
			}
			return core.JSON(http.StatusOK, out)
		},
	}}, nil
}

// read returns a user's links as their owner sees them; never nil.
func (f accounts) read(ctx context.Context, u core.AnyUser) ([]oAuthAccountRead, error) {
	links, err := f.Accounts.List(ctx, u.Base().ID)
	out := make([]oAuthAccountRead, 0, len(links))
	for _, l := range links {
		out = append(out, oAuthAccountRead{l.ID, l.Provider, l.Email})
	}
	return out, err
}

// Exports implements core.Exporter.
func (accounts) Exports(*core.Services) (name string, form any) {
	return "accounts", []oAuthAccountRead{}
}

// Export returns the user's links, without tokens.
func (f accounts) Export(ctx context.Context, _ *core.Services, u core.AnyUser) (any, error) {
	return f.read(ctx, u)
}

// OAuthAccounts implements core.OAuthAccountKeeper.
func (f accounts) OAuthAccounts() core.OAuthAccountStore { return f.Accounts }

// SealTokens implements core.OAuthTokenSealer.
func (f accounts) SealTokens(a *core.OAuthAccount, t core.OAuthTokens) { f.store(a, t) }

// On hears of deleted users.
func (f accounts) On(_ context.Context, svc *core.Services, e core.Event) {
	if e.Kind == core.EventDeleted {
		id := e.User.Base().ID
		svc.Jobs.Enqueue("forget accounts", func(ctx context.Context) error {
			_, err := f.Purge(ctx, id)
			return err
		})
	}
}

// Ways returns how many links the user has to providers that the application
// offers; see core.Way.
func (f accounts) Ways(ctx context.Context, u core.AnyUser) (int, error) {
	links, err := f.Accounts.List(ctx, u.Base().ID)
	ways := 0
	for _, l := range links {
		if slices.ContainsFunc(f.Providers, func(p Provider) bool { return p.Name() == l.Provider }) {
			ways++
		}
	}
	return ways, err
}

// Purge unlinks all of a user's accounts; see core.Purger.
func (f accounts) Purge(ctx context.Context, userID string) (removed int, err error) {
	return f.PurgeBut(ctx, userID, nil)
}

// Mark implements core.Marker.
func (f accounts) Mark(ctx context.Context, userID string) (ids []string, err error) {
	links, err := f.Accounts.List(ctx, userID)
	for _, l := range links {
		ids = append(ids, l.ID)
	}
	return ids, err
}

// PurgeBut implements core.Marker.
func (f accounts) PurgeBut(ctx context.Context, userID string, ids []string) (removed int, err error) {
	links, err := f.Accounts.List(ctx, userID)
	if err != nil {
		return 0, err
	}
	for _, l := range links {
		if slices.Contains(ids, l.ID) {
			continue
		}
		switch err := f.Accounts.Delete(ctx, l.ID); {
		case err == nil:
			removed++
		case !errors.Is(err, core.ErrNotFound):
			return removed, err
		}
	}
	return removed, nil
}
