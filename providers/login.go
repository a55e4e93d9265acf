package providers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/latchkey-go/latchkey/core"
)

// metadata is what must be known of a service before calling it.
type metadata struct {
	endpoints
	oidc *verifier // nil without OpenID Connect
	pkce bool      // the issuer says that it checks S256
}

// Begin returns the URL of the authorization request, with PKCE and, for OpenID
// Connect, the nonce.
func (p *Provider) Begin(ctx context.Context, b core.OAuthBegin) (to string, err error) {
	err = p.run(ctx, func(ctx context.Context) error {
		if b.State == "" || b.Challenge == "" || b.RedirectURI == "" || p.openID && b.Nonce == "" {
			return errors.New("Begin needs State, Challenge, RedirectURI and, for OpenID Connect, Nonce")
		}
		m, err := p.metadata(ctx)
		if err != nil {
			return err
		}
		to = p.config(m, "", b.RedirectURI, p.allScopes(b.Scopes)).AuthCodeURL(b.State, p.authParams(b)...)
		return nil
	})
	return to, err
}

func (p *Provider) authParams(b core.OAuthBegin) []oauth2.AuthCodeOption {
	var params []oauth2.AuthCodeOption
	for name, value := range p.params {
		params = append(params, oauth2.SetAuthURLParam(name, value))
	}
	if p.openID {
		params = append(params, oauth2.SetAuthURLParam("nonce", b.Nonce))
	}
	if p.formPost {
		params = append(params, oauth2.SetAuthURLParam("response_mode", "form_post"))
	}
	if p.noPKCE {
		return params
	}
	return append(params, oauth2.SetAuthURLParam("code_challenge", b.Challenge),
		oauth2.SetAuthURLParam("code_challenge_method", "S256"))
}

func (p *Provider) allScopes(more []string) []string {
	var scopes []string
	for _, s := range slices.Concat(p.scopes, more) {
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if p.commas && len(scopes) > 0 {
		return []string{strings.Join(scopes, ",")}
	}
	return scopes
}

// Finish checks iss (RFC 9207), exchanges the code for tokens and reads the
// identity: from the verified ID token, from the profile, or from both.
func (p *Provider) Finish(
	ctx context.Context, f core.OAuthFinish,
) (who core.OAuthIdentity, tokens core.OAuthTokens, err error) {
	err = p.run(ctx, func(ctx context.Context) error {
		if f.Code == "" || f.Verifier == "" || p.openID && f.Nonce == "" {
			return errors.New("Finish needs Code, Verifier and, for OpenID Connect, Nonce")
		}
		m, err := p.metadata(ctx)
		if err != nil {
			return err
		}
		if m.oidc != nil {
			if err := m.oidc.checkIss(f.Form["iss"]); err != nil {
				return err
			}
		}
		token, err := p.exchange(ctx, m, f)
		if err != nil {
			return err
		}
		profile, err := p.whoIs(ctx, m, f, token)
		if err != nil {
			return err
		}
		if who, err = p.fields.identity(profile); err != nil {
			return err
		}
		tokens = p.issued(token)
		return nil
	})
	if err != nil {
		return core.OAuthIdentity{}, core.OAuthTokens{}, err
	}
	return who, tokens, nil
}

func (p *Provider) whoIs(
	ctx context.Context, m *metadata, f core.OAuthFinish, token *oauth2.Token,
) (map[string]any, error) {
	if m.oidc == nil {
		return p.readProfile(ctx, m.profile, token.AccessToken)
	}
	claims, err := m.oidc.claims(ctx, token, f.Nonce)
	if err != nil {
		return nil, err
	}
	if p.fields.Email != "" && claims["email"] == nil && m.profile != "" {
		err = p.addUserInfo(ctx, m, token.AccessToken, claims)
	}
	if p.formPost {
		addPostedName(claims, f.Form)
	}
	return claims, err
}
