package oauth

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// begin answers …/authorize: the provider's URL as JSON or, to a browser with
// redirect_to, a 303 to it, and the flow's cookie.
func (e *engine) begin(
	ctx context.Context, svc *core.Services, p Provider, r *core.Request, rec record,
) (*core.Response, error) {
	scopes, err := scopes(r)
	if err != nil {
		return nil, err
	}
	if rec.RedirectTo, rec.Challenge, err = e.redirect(r.Query); err != nil {
		return nil, err
	}
	if err := core.CheckNetworkLimit(ctx, svc.Limiter, "oauth", r.Remote, e.BeginLimit); err != nil {
		return nil, err
	}
	if err := e.coversCallback(rec.Redirect); err != nil {
		return nil, err
	}
	state := e.newState(svc.Env.Now().Add(e.Lifetime), rec.RedirectTo)
	verifier, challenge, err := core.NewSecret(svc.Env.Random) // RFC 7636: 43 characters, and their SHA-256
	if err != nil {
		return nil, core.Unavailable(err)
	}
	nonce, _, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	rec.Provider, rec.Verifier, rec.Nonce = p.Name(), verifier, nonce
	target, err := p.Begin(ctx, core.OAuthBegin{
		State: state, Nonce: nonce, Challenge: base64.RawURLEncoding.EncodeToString(challenge[:]), RedirectURI: rec.Redirect,
		Scopes: append(scopes, p.Scopes...),
	})
	if err != nil {
		return nil, providerError(err)
	}
	resp, err := core.JSON(http.StatusOK, map[string]string{"authorization_url": target})
	if err != nil {
		return nil, err
	}
	if rec.RedirectTo != "" && !fetches(r) {
		resp = core.Empty(http.StatusSeeOther)
		resp.Header.Set("Location", target)
	}
	e.dropOldest(r, resp)
	if err := e.keep(resp, state, rec); err != nil {
		return nil, core.Unavailable(err)
	}
	return noReferrer(resp), nil
}

// fetches reports whether a script of a page reads the answer, and goes to the
// provider itself: it accepts JSON. A browser that follows a link accepts HTML.
func fetches(r *core.Request) bool {
	accepted := core.Line(r, "Accept")
	return strings.Contains(accepted, "application/json") && !strings.Contains(accepted, "text/html")
}

// redirectURI is where the provider sends the browser back to, for a request to
// …/authorize.
func (e *engine) redirectURI(svc *core.Services, r *core.Request, fixed string) string {
	if fixed != "" {
		return fixed
	}
	base := svc.Env.BaseURL
	if i := slices.IndexFunc(e.bases, func(u *url.URL) bool { return u.Host == r.Host() }); i >= 0 {
		base = e.bases[i]
	}
	prefix := r.Prefix
	if prefix == strings.TrimSuffix(base.Path, "/") { // the base URL has it
		prefix = ""
	}
	return strings.TrimSuffix(base.String(), "/") + prefix + strings.TrimSuffix(r.Path, "/authorize") + "/callback"
}

// brief reports whether the login is to end with the browser.
func brief(query url.Values) (bool, error) {
	switch query.Get("remember") {
	case "", "true":
		return false, nil
	case "false":
		return true, nil
	}
	return false, badQuery("remember", "it must be true or false")
}

// scopes returns the client's own, which a provider shows to the person before
// it grants them.
func scopes(r *core.Request) ([]string, error) {
	asked := r.Query["scopes"]
	for _, s := range asked {
		if len(asked) > 20 || s == "" || len(s) > 200 ||
			strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
			return nil, core.Invalid(core.Problem{
				Loc: []any{"query", "scopes"}, Type: "value_error",
				Msg: "Value error, a scope is printable ASCII without spaces (RFC 6749, section 3.3)",
			})
		}
	}
	return append([]string(nil), asked...), nil
}
