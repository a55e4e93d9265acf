package oidc_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
)

// tampering is a provider whose flow was tampered with.
type tampering struct {
	core.Provider
	begun  func(*core.OAuthBegin)
	target func(url.Values)
	came   func(*core.OAuthFinish)
}

func (p tampering) Begin(ctx context.Context, b core.OAuthBegin) (string, error) {
	if p.begun != nil {
		p.begun(&b)
	}
	target, err := p.Provider.Begin(ctx, b)
	if err != nil || p.target == nil {
		return target, err
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	query := u.Query()
	p.target(query)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

func (p tampering) Finish(ctx context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	if p.came != nil {
		p.came(&f)
	}
	return p.Provider.Finish(ctx, f)
}

// wantRefusal logs in through a flow that was changed, and then through the
// same one unchanged.
func wantRefusal(t *testing.T, client func(*providers.OIDCOptions), change tampering, status int, code string) {
	everywhere(t, func(t *testing.T, s settings) {
		s.client, s.wrap = client, func(p core.Provider) core.Provider { change.Provider = p; return change }
		a := newApp(t, s)
		a.browser().login(byJWT, "", ada).expect(t, status, code)
		a.browser().login(byCookie, "?redirect_to=/app", ada).expectPage(t, "/app?error="+code)
		a.wantUsers(0)
		s.wrap = nil
		newApp(t, s).browser().login(byJWT, "", ada).expect(t, 200, "access_token")
	})
}

func public(o *providers.OIDCOptions) { o.ClientID, o.ClientSecret = publicClient, "" }

func TestProviderRefusesAVerifierThatIsNotTheFlows(t *testing.T) {
	verifier, _, err := core.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	change := tampering{came: func(f *core.OAuthFinish) { f.Verifier = verifier }}
	for name, client := range map[string]func(*providers.OIDCOptions){"a client with a secret": nil,
		"a public client": public} {
		t.Run(name, func(t *testing.T) { wantRefusal(t, client, change, 502, core.CodeOAuthProviderError) })
	}
}

func TestProviderThatDemandsPKCERefusesAFlowWhoseChallengeWasTaken(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		s.client = public
		s.wrap = func(p core.Provider) core.Provider {
			return tampering{Provider: p, target: func(q url.Values) {
				q.Del("code_challenge")
				q.Del("code_challenge_method")
			}}
		}
		a := newApp(t, s)
		// at the exchange, or before
		if got := a.browser().login(byJWT, "", ada); got.status != 502 && got.body != `{"detail":"invalid_request"}` {
			t.Errorf("got %d %s", got.status, got.body)
		}
		a.wantUsers(0)
		s.wrap = nil
		newApp(t, s).browser().login(byJWT, "", ada).expect(t, 200, "access_token")
	})
}

func TestIDTokenWithTheNonceOfAnotherFlowIsRefused(t *testing.T) {
	wantRefusal(t, nil, tampering{begun: func(b *core.OAuthBegin) { b.Nonce = "the nonce of another flow" }}, 400,
		core.CodeOAuthInvalidState)
}

func TestIDTokenWithoutANonceIsRefused(t *testing.T) {
	wantRefusal(t, nil, tampering{target: func(q url.Values) { q.Del("nonce") }}, 400, core.CodeOAuthInvalidState)
}

func TestO13StolenCodeIsRefusedInAnotherFlow(t *testing.T) {
	a := newApp(t, settings{})
	victim, thief := a.browser(), a.browser()
	stolen := victim.signIn(victim.begin(byCookie, ""), ada)
	own := thief.signIn(thief.begin(byCookie, ""), bob)
	query := own.Query()
	query.Set("code", stolen.Query().Get("code"))
	own.RawQuery = query.Encode()
	thief.get(own.String()).expect(t, 502, core.CodeOAuthProviderError)
	thief.get(stolen.String()).expect(t, 400, core.CodeOAuthInvalidState) // the state belongs to another browser
	thief.me("").expect(t, 401, "Unauthorized")
	victim.get(stolen.String()).expect(t, 204, "")
	victim.me("").expect(t, 200, adaEmail)
}

func TestWrongClientSecretIsAProviderError(t *testing.T) {
	a := newApp(t, settings{client: func(o *providers.OIDCOptions) { o.ClientSecret = "another secret" }})
	a.browser().login(byJWT, "", ada).expect(t, 502, core.CodeOAuthProviderError)
	a.browser().login(byCookie, "", ada).expect(t, 502, core.CodeOAuthProviderError)
	a.wantUsers(0)
}
