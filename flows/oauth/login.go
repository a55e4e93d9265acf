package oauth

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// login is the flow of a provider's GET /authorize and GET or POST /callback,
// once per backend.
type login struct {
	*config
	provider Provider
}

func (f login) Name() string   { return "oauth:" + f.provider.Name() }
func (login) PerBackend() bool { return true }

func (f login) Routes(svc *core.Services) ([]core.Route, error) {
	name := "oauth:" + f.provider.Name() + "." + svc.Backend.Name
	callback := core.Route{
		Name: name + ".callback", Method: http.MethodGet, Pattern: "/callback", Public: true,
		Doc:    core.Doc{Summary: "Come back from " + f.provider.Name(), Codes: callbackCodes},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.callback(ctx, svc, r) },
	}
	return []core.Route{
		{
			Name: name + ".authorize", Method: http.MethodGet, Pattern: "/authorize", Public: true,
			Doc: authorizeDoc(f.provider),
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				rec := record{Backend: svc.Backend.Name, Redirect: f.redirectURI(svc, r, f.provider.RedirectURL)}
				return f.begin(ctx, svc, f.provider, r, rec)
			},
		},
		callback,
		posting(callback),
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
	return f.user(ctx, svc, f.provider, outcome{identity: who, tokens: tokens}, nil)
}

func (f login) callback(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	out, err := f.finish(ctx, svc, f.provider, r, func(rec record) bool {
		return rec.Provider == f.provider.Name() && rec.UserID == "" && rec.Backend == svc.Backend.Name
	})
	if err != nil {
		return f.end(ctx, svc, r, out.record, nil, err)
	}
	u, err := f.user(ctx, svc, f.provider, out, r)
	if err != nil {
		return f.end(ctx, svc, r, out.record, nil, err)
	}
	resp, err := f.admit(ctx, svc, u, out, r)
	return f.end(ctx, svc, r, out.record, resp, err)
}

// admit logs the user in. A browser that came by redirect_to gets no secret in
// a URL: where the backend answers with a token in the body, it gets a one-time
// code for POST /exchange instead; where a factor is missing, the backend's
// cookie alone has the pending login (core.Holder).
func (f login) admit(
	ctx context.Context, svc *core.Services, u core.AnyUser, out outcome, r *core.Request,
) (*core.Response, error) {
	proof := core.Proof{Method: core.MethodOAuth + f.provider.Name(), At: svc.Env.Now()}
	if out.RedirectTo != "" && !svc.Backend.BrowserSent {
		return f.handOver(ctx, svc, u, proof, out, r.Query.Get("state"))
	}
	admission, err := svc.Gate.Admit(ctx, core.Attempt{User: u, Proof: proof, Request: r, Backend: svc.Backend.Name})
	if err != nil || out.RedirectTo == "" {
		return admission.Answer, err
	}
	if admission.Pending != "" {
		missing := core.CodeLoginFactorRequired
		if admission.Enrol != nil {
			missing = core.CodeLoginEnrolment
		}
		back(admission.Answer, out.RedirectTo, "error", missing)
		return admission.Answer, nil
	}
	back(admission.Answer, out.RedirectTo, "", "")
	return admission.Answer, nil
}

var callbackCodes = []string{
	core.CodeOAuthStateUndecodable, core.CodeOAuthStateExpired, core.CodeOAuthInvalidState, core.CodeOAuthProviderError,
	core.CodeOAuthNoEmail,
	core.CodeOAuthUserExists, core.CodeLoginBadCredentials, core.CodeLoginUserNotVerified,
}

func authorizeDoc(p Provider) core.Doc {
	return core.Doc{
		Summary: "Begin at " + p.Name(), Status: http.StatusOK, Answer: struct {
			URL string `json:"authorization_url"`
		}{},
		Codes: []string{core.CodeRateLimited},
	}
}

// posting is a callback's twin for providers that post the answer from their
// own site (response_mode=form_post).
func posting(callback core.Route) core.Route {
	callback.Name += "_post"
	callback.Method, callback.CrossSite, callback.Public, callback.Handle = http.MethodPost, true, true, posted
	return callback
}
