package oauth

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// The error codes of RFC 6749, section 4.1.2.1; another word of a provider is
// not repeated.
var errorWords = []string{
	"invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope", "server_error", "temporarily_unavailable",
	"interaction_required", "login_required", "account_selection_required", "consent_required", "invalid_request_uri",
	"invalid_request_object", "request_not_supported", "request_uri_not_supported", "registration_not_supported",
}

// callback is a browser's, or an application's, return from a provider. Its
// methods are steps on the way to a user or a link.
type callback struct {
	*engine
	svc      *core.Services
	provider Provider
	request  *core.Request     // nil outside HTTP
	mine     func(record) bool // whether a flow is of this route
	outcome
	// new is the user that BeforeRegister has seen; nil before.
	new    *core.Event
	commit core.Commit // of new
	// missing is the ID of a link's user that was not there a moment ago.
	missing string
	// seen: what a new user would have was somebody's a moment ago.
	seen bool
}

// outcome is what a provider has said at the end of a flow.
type outcome struct {
	record
	identity core.OAuthIdentity
	tokens   core.OAuthTokens
}

// finish goes down the contract's ladder, up to and including the exchange of
// the code.
func (cb *callback) finish(ctx context.Context) error {
	if err := core.CheckNetworkLimit(ctx, cb.svc.Limiter, "oauth-return", cb.request.Remote, cb.ReturnLimit); err != nil {
		return err
	}
	form := cb.request.Query
	for _, values := range form {
		if len(values) > 1 {
			return badRequest()
		}
	}
	state := form.Get("state")
	if word := form.Get("error"); word != "" {
		return declined(word)
	}
	if form.Get("code") == "" {
		return badRequest()
	}
	ends, _, err := cb.openState(state)
	if err != nil {
		return err
	}
	if !cb.svc.Env.Now().Before(ends) {
		return core.Refuse(core.CodeOAuthStateExpired)
	}
	rec, err := cb.found(cb.request, state)
	if err != nil {
		return err
	}
	if !cb.mine(rec) {
		return core.Refuse(core.CodeOAuthInvalidState)
	}
	switch err := cb.tickets(cb.svc).Burn(ctx, "oauth-state", core.Digest(state), ends); {
	case errors.Is(err, core.ErrUsed):
		return core.Refuse(core.CodeOAuthInvalidState)
	case err != nil:
		return core.Unavailable(err)
	}
	cb.record = rec
	cb.identity, cb.tokens, err = cb.provider.Finish(ctx, core.OAuthFinish{
		Code: form.Get("code"), Verifier: rec.Verifier, Nonce: rec.Nonce, RedirectURI: rec.Redirect, Form: form,
	})
	if err != nil {
		return providerError(err)
	}
	cb.identity.Provider, cb.identity.Email = cb.provider.Name(), strings.TrimSpace(cb.identity.Email)
	return checkSubject(cb.identity.Subject)
}

func checkSubject(s string) error {
	if s == "" || len(s) > 255 || !utf8.ValidString(s) || slices.Contains([]byte(s), 0) {
		return providerError(errors.New("the provider gave no usable subject"))
	}
	return nil
}

// declined is the answer where the provider sends an error instead of a code.
func declined(word string) error {
	if slices.Contains(errorWords, word) {
		return core.Refuse(word)
	}
	return core.Refuse(core.CodeOAuthDeclined)
}

// end makes the response of a callback: the flow's cookie goes, unless resp
// keeps it for an exchange, and a browser that came by redirect_to goes back
// with the error's code.
func (cb *callback) end(ctx context.Context, resp *core.Response, err error) (*core.Response, error) {
	if err == nil {
		if name := cb.cookieName(cb.request.Query.Get("state")); !sets(resp, name) {
			cb.setCookie(resp, name, "", -1)
		}
		return noReferrer(resp), nil
	}
	var refusal *core.Error
	if !errors.As(err, &refusal) {
		refusal = core.Unavailable(err)
	}
	resp = cb.sendBack(cb.request, refusal, cb.mine)
	if resp == nil {
		return nil, err
	}
	if refusal.Status >= http.StatusInternalServerError { // the page shows a code alone
		cb.svc.Env.Log.Log(ctx, refusal.Level(), "latchkey: a login at a provider failed",
			"status", refusal.Status, "code", refusal.Code, "err", refusal.Cause)
	}
	return resp, nil
}

// posted answers a callback that a provider made as a form post: the same again
// as a GET, to which browsers attach the flow's cookie.
func posted(_ context.Context, r *core.Request) (*core.Response, error) {
	var read bytes.Buffer
	rest := r.Body
	if rest != nil {
		r.Body = io.TeeReader(rest, &read)
	}
	form, err := core.ReadForm(r, "state", "code", "error", "iss", "user")
	if err != nil {
		if rest != nil {
			r.Body = io.MultiReader(&read, rest) // Route.Fail looks for a state
		}
		return nil, err
	}
	q := url.Values{}
	for name := range form {
		if value, _, _ := form.String(name); value != "" {
			q.Set(name, value)
		}
	}
	resp := core.Empty(http.StatusSeeOther)
	// Relative to the request, it holds below any prefix (RFC 3986, section
	// 5.2).
	resp.Header.Set("Location", (&url.URL{Path: path.Base(r.Path), RawQuery: q.Encode()}).String())
	return noReferrer(resp), nil
}

// providerError is a 504 where the provider took too long, and a 502 for
// everything else that is its fault.
func providerError(err error) error {
	if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
		return refusal
	}
	status := http.StatusBadGateway
	if errors.Is(err, context.DeadlineExceeded) {
		status = http.StatusGatewayTimeout
	}
	return &core.Error{Code: core.CodeOAuthProviderError, Status: status, Cause: err}
}

// badRequest is the plain 400.
func badRequest() *core.Error { return &core.Error{Status: http.StatusBadRequest} }
