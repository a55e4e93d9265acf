package oauth

import (
	"context"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// login is the flow of a provider's GET /authorize and GET or POST /callback,
// once per backend.
type login struct {
	*engine
	provider Provider
}

func (f login) Name() string   { return "oauth:" + f.provider.Name() }
func (login) PerBackend() bool { return true }

// Provider implements core.Offering.
func (f login) Provider() core.Provider { return f.provider.Provider }

func (f login) Routes(svc *core.Services) ([]core.Route, error) {
	name := "oauth:" + f.provider.Name() + "." + svc.Backend.Name
	mine := func(rec record) bool {
		return rec.Provider == f.provider.Name() && rec.UserID == "" && rec.Backend == svc.Backend.Name
	}
	route := core.Route{
		Name: name + ".callback", Method: http.MethodGet, Pattern: "/callback", Public: true,
		Doc: core.Doc{
			Summary: "Come back from " + f.provider.Name(), Query: callbackQuery{}, Redirects: true,
			Codes: append(slices.Clone(returnCodes), core.CodeOAuthNoEmail, core.CodeOAuthUserExists,
				core.CodeLoginBadCredentials, core.CodeLoginUserSuspended, core.CodeLoginUserNotVerified,
				core.CodeRegisterConflict,
				"422 Unprocessable Entity"), // of what the provider says of the person, and of the application's own columns
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			return f.callback(ctx, &callback{engine: f.engine, svc: svc, provider: f.provider, request: r, mine: mine})
		},
		Fail: f.atCallback(mine),
	}
	return []core.Route{
		{
			Name: name + ".authorize", Method: http.MethodGet, Pattern: "/authorize", Public: true,
			Doc: authorizeDoc(f.provider, loginQuery{}),
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				brief, err := brief(r.Query)
				if err != nil {
					return nil, err
				}
				rec := record{
					Backend: svc.Backend.Name, Redirect: f.redirectURI(svc, r, f.provider.RedirectURL), Brief: brief,
				}
				return f.begin(ctx, svc, f.provider, r, rec)
			},
			Fail: f.atBegin,
		},
		route,
		posting(route),
	}, f.check(svc)
}

// User returns the user of an account as the callback does, without logging in:
// the one it is linked to, or a new one.
func (f login) User(
	ctx context.Context, svc *core.Services, who core.OAuthIdentity, tokens core.OAuthTokens,
) (core.AnyUser, error) {
	if err := checkSubject(who.Subject); err != nil {
		return nil, err
	}
	who.Provider = f.provider.Name()
	cb := &callback{engine: f.engine, svc: svc, provider: f.provider, outcome: outcome{identity: who, tokens: tokens}}
	return cb.user(ctx)
}

func (f login) callback(ctx context.Context, cb *callback) (*core.Response, error) {
	err := cb.finish(ctx)
	var u core.AnyUser
	if err == nil {
		u, err = cb.user(ctx)
	}
	var resp *core.Response
	if err == nil {
		resp, err = cb.admit(ctx, u)
	}
	return cb.end(ctx, resp, err)
}

// admit logs the user in. A browser that came by redirect_to gets no secret in
// a URL: where the backend answers with a token in the body, it gets a one-time
// code for POST /exchange instead; where a factor is missing, the backend's
// cookie alone has the pending login (core.Holder).
func (cb *callback) admit(ctx context.Context, u core.AnyUser) (*core.Response, error) {
	proof := core.Proof{Method: core.MethodOAuth + cb.provider.Name(), At: cb.svc.Env.Now()}
	backend := cb.svc.Backend
	if cb.RedirectTo != "" && !backend.BrowserSent {
		return cb.handOver(ctx, u, proof)
	}
	admission, err := cb.svc.Gate.Admit(ctx,
		core.Attempt{
			User: u, Proof: proof, Request: cb.request, Backend: backend.Name, Brief: cb.Brief, Identity: &cb.identity,
		})
	if err != nil || cb.RedirectTo == "" {
		return admission.Answer, err
	}
	if admission.Pending != "" {
		missing := core.CodeLoginFactorRequired
		if admission.Enrol != nil {
			missing = core.CodeLoginEnrolment
		}
		back(admission.Answer, cb.RedirectTo, "error", missing)
		return admission.Answer, nil
	}
	back(admission.Answer, cb.RedirectTo, "", "")
	return admission.Answer, nil
}

// returnCodes are the errors of every callback. The provider's own words, such
// as access_denied, are among those of 400.
var returnCodes = append([]string{
	"400 Bad Request", core.CodeOAuthStateUndecodable, core.CodeOAuthStateExpired, core.CodeOAuthInvalidState,
	core.CodeOAuthDeclined, core.CodeRateLimited,
}, providerCodes...)

// providerCodes are those of a provider that is down or slow.
var providerCodes = []string{core.CodeOAuthProviderError, "504 " + core.CodeOAuthProviderError}

// authorizeQuery are the parameters of /authorize: see scopes and redirect.
type authorizeQuery struct {
	Scopes     []string `json:"scopes,omitempty"`
	RedirectTo string   `json:"redirect_to,omitempty"`
	Challenge  string   `json:"code_challenge,omitempty"`
	Method     string   `json:"code_challenge_method,omitempty" openapi:"enum=S256"`
}

// loginQuery are the parameters of a login's /authorize.
type loginQuery struct {
	authorizeQuery
	Remember bool `json:"remember,omitempty" openapi:"description=False: the login ends with the browser, or after some hours."`
}

// callbackQuery are the parameters of a provider's answer (RFC 6749, sections
// 4.1.2 and 4.1.2.1).
type callbackQuery struct {
	State string `json:"state,omitempty"`
	Code  string `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
}

func authorizeDoc(p Provider, query any) core.Doc {
	return core.Doc{
		Summary: "Begin at " + p.Name(), Query: query, Status: http.StatusOK, Answer: oAuth2AuthorizeResponse{},
		Redirects: true, Codes: append([]string{core.CodeRateLimited}, providerCodes...),
	}
}

// oAuth2AuthorizeResponse is what /authorize returns without redirect_to. Its
// name is that of FastAPI Users.
type oAuth2AuthorizeResponse struct {
	URL string `json:"authorization_url"`
}

// posting is a callback's twin for providers that post the answer from their
// own site (response_mode=form_post).
func posting(callback core.Route) core.Route {
	callback.Name += "_post"
	callback.Doc = core.Doc{
		Summary: callback.Doc.Summary + ", where it posts its answer", Body: callbackQuery{}, Form: true,
		Status: http.StatusSeeOther, Storeless: true,
	}
	callback.Method, callback.CrossSite, callback.Public, callback.Handle = http.MethodPost, true, true, posted
	return callback
}
