package oauth

import (
	"context"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// associate is the flow by which a user links an account at a provider, and
// unlinks it: GET /authorize, GET or POST /callback, DELETE at the group's
// root.
type associate struct {
	*engine
	provider Provider
}

func (f associate) Name() string   { return "oauth-associate:" + f.provider.Name() }
func (associate) PerBackend() bool { return false }

func (f associate) Routes(svc *core.Services) ([]core.Route, error) {
	guards := append(slices.Clone(svc.Env.AccountGuards), core.InPerson)
	// A link is a way in. The callback has the proof of what began it.
	secure := append(slices.Clone(guards), svc.Security.Secure())
	doc := authorizeDoc(f.provider, authorizeQuery{})
	doc.Codes = append(doc.Codes, core.CodeProofRequired)
	route := core.Route{
		Name: f.Name() + ".callback", Method: http.MethodGet, Pattern: "/callback", Guards: guards,
		Doc: core.Doc{
			Summary: "Come back from " + f.provider.Name(), Query: callbackQuery{},
			Status: http.StatusOK, Answer: svc.Codec.Output(svc.Users.New()), Redirects: true,
			Codes: append(slices.Clone(returnCodes), core.CodeOAuthAlreadyLinked),
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.callback(ctx, svc, r) },
		Fail:   f.atCallback(f.mine),
	}
	return []core.Route{
		{
			// Another site must not begin what links its own
			// account to the user (RFC 9700, section 4.7). Where
			// the browser is logged in at the provider already, the
			// person may see nothing of it.
			Name: f.Name() + ".authorize", Method: http.MethodGet, Pattern: "/authorize",
			Guards: append(slices.Clone(secure), core.Guard{Name: "own origin", OwnOrigin: true}), Doc: doc,
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				rec := record{UserID: core.CurrentFrom(ctx).User.Base().ID, Redirect: f.redirectURI(svc, r, "")}
				return f.begin(ctx, svc, f.provider, r, rec)
			},
			Fail: f.atBegin,
		},
		route,
		posting(route),
		{
			Name: f.Name() + ".delete", Method: http.MethodDelete, Pattern: "", Guards: secure,
			Doc: core.Doc{Summary: "Unlink the account", Status: http.StatusNoContent,
				Codes: []string{core.CodeOAuthLastLoginMethod, core.CodeProofRequired, "404 Not Found"}},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				if err := f.unlink(ctx, svc, core.CurrentFrom(ctx).User); err != nil {
					return nil, err
				}
				return core.Empty(http.StatusNoContent), nil
			},
		},
	}, f.check(svc)
}

// mine reports whether a flow links an account at the provider, to whomever.
func (f associate) mine(rec record) bool {
	return rec.Provider == f.provider.Name() && rec.UserID != "" && rec.Backend == ""
}

func (f associate) callback(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	u := core.CurrentFrom(ctx).User
	cb := &callback{
		engine: f.engine, svc: svc, provider: f.provider, request: r,
		mine: func(rec record) bool { return f.mine(rec) && rec.UserID == u.Base().ID },
	}
	err := cb.finish(ctx)
	if err == nil {
		err = cb.linkTo(ctx, u)
	}
	resp, encoding := core.JSON(http.StatusOK, svc.Codec.Output(u))
	if encoding != nil {
		return nil, encoding
	}
	if cb.RedirectTo != "" {
		back(resp, cb.RedirectTo, "", "")
	}
	return cb.end(ctx, resp, err)
}
