package oauth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	exchangePurpose  = "oauth-exchange"
	exchangeLifetime = time.Minute
	exchangeTries    = 5
)

// exchange is the flow of POST /exchange, once per backend: the one-time code
// of a redirect becomes the backend's login answer.
type exchange struct{ *engine }

func (exchange) Name() string     { return "exchange" }
func (exchange) PerBackend() bool { return true }

// exchangeable is what a code stands for, and what it is bound to: the
// application that sent Challenge or, without one, the browser with the cookie.
type exchangeable struct {
	Backend           string
	Proof             core.Proof
	Brief             bool `json:",omitempty"`
	Challenge, Cookie string
	Identity          *core.OAuthIdentity `json:",omitempty"`
}

func (f exchange) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "exchange:" + svc.Backend.Name + ".exchange", Method: http.MethodPost, Pattern: "/exchange", Public: true,
		Doc: core.Doc{
			Summary: "Log in with the code of a redirect",
			Codes: []string{
				core.CodeOAuthInvalidState, core.CodeLoginBadCredentials, core.CodeLoginUserSuspended,
				core.CodeLoginUserNotVerified, core.CodeRateLimited,
			},
			Body: struct {
				Code     string `json:"code"`
				Verifier string `json:"code_verifier,omitempty"`
			}{},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if in == nil {
				return nil, err
			}
			code, badCode := in.Required("code")
			verifier, _, badVerifier := in.String("code_verifier")
			if err := core.AddProblems(err, badCode, badVerifier); err != nil {
				return nil, err
			}
			if err := core.CheckNetworkLimit(ctx, svc.Limiter, "oauth-exchange", r.Remote, f.ReturnLimit); err != nil {
				return nil, err
			}
			return f.exchange(ctx, svc, code, verifier, r)
		},
	}}, f.check(svc)
}

// handOver sends the browser to the application's page with a one-time code. It
// is valid for the application that sent a challenge or, without one, in this
// browser: the flow's cookie stays until the exchange.
func (cb *callback) handOver(ctx context.Context, u core.AnyUser, proof core.Proof) (*core.Response, error) {
	svc := cb.svc
	code, digest, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	resp := core.Empty(http.StatusSeeOther)
	back(resp, cb.RedirectTo, "code", code)
	to := exchangeable{
		Backend: svc.Backend.Name, Proof: proof, Brief: cb.Brief, Challenge: cb.Challenge, Identity: cb.identity.Portable(),
	}
	if to.Challenge == "" {
		to.Cookie = cb.cookieName(cb.request.Query.Get("state"))
		cb.setCookie(resp, to.Cookie, cb.sealed.Seal(digest[:], exchangePurpose), int(exchangeLifetime/time.Second))
	}
	data, err := json.Marshal(to)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	b := u.Base()
	err = cb.tickets(svc).Put(ctx, core.Ticket{
		Digest: digest, Purpose: exchangePurpose, UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch, Data: data,
		Expires: svc.Env.Now().Add(exchangeLifetime),
	}, false)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return resp, nil
}

// exchange uses a code up for its owner at its backend. For anybody else it
// stays good, for five tries.
func (f exchange) exchange(
	ctx context.Context, svc *core.Services, code, verifier string, r *core.Request,
) (*core.Response, error) {
	digest := core.Digest(code)
	t, err := f.tickets(svc).Find(ctx, exchangePurpose, digest)
	if err != nil {
		return nil, notExchanged(err)
	}
	var e exchangeable
	if err := json.Unmarshal(t.Data, &e); err != nil {
		return nil, core.Unavailable(err)
	}
	if e.Backend != svc.Backend.Name || !f.owns(r, e, digest, verifier) {
		return nil, notExchanged(f.tickets(svc).Fail(ctx, exchangePurpose, digest, exchangeTries))
	}
	u, err := svc.Users.Find(ctx, core.ByID(t.UserID)) // first, so that a store that is away uses nothing up
	if err != nil {
		return nil, notExchanged(err)
	}
	if u.Base().TokenEpoch != t.Epoch {
		return nil, notExchanged(nil)
	}
	if _, err := f.tickets(svc).Consume(ctx, exchangePurpose, digest); err != nil {
		return nil, notExchanged(err)
	}
	admission, err := svc.Gate.Admit(ctx, core.Attempt{
		User: u, Proof: e.Proof, Request: r, Backend: svc.Backend.Name, Brief: e.Brief, Identity: e.Identity,
	})
	if err == nil && e.Cookie != "" {
		f.setCookie(admission.Answer, e.Cookie, "", -1)
	}
	return admission.Answer, err
}

// owns reports whether a request brings what the code is bound to: the verifier
// of its challenge (RFC 7636, section 4.6), or the flow's cookie. A verifier of
// no challenge is wrong (RFC 9700, section 4.8.2).
func (e *engine) owns(h core.Head, to exchangeable, digest [32]byte, verifier string) bool {
	if to.Challenge != "" {
		d := core.Digest(verifier)
		return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(d[:])), []byte(to.Challenge)) == 1
	}
	sealed, err := core.CookieValue(h, to.Cookie)
	if err != nil || verifier != "" {
		return false
	}
	of, err := e.sealed.Open(sealed, exchangePurpose)
	return err == nil && subtle.ConstantTimeCompare(of, digest[:]) == 1
}

// notExchanged is the one refusal of a code: 400 OAUTH_INVALID_STATE, or 503
// where a store could not be reached.
func notExchanged(err error) error {
	if err == nil || errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return core.Refuse(core.CodeOAuthInvalidState)
	}
	return core.Unavailable(err)
}
