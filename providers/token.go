package providers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/outbound"
)

// config is made for each call: it contains the redirect URI and a secret that
// may be short-lived.
func (p *Provider) config(m *metadata, secret, redirectURI string, scopes []string) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if m.basicAuth && secret != "" {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID:     p.clientID,
		ClientSecret: secret,
		Endpoint:     oauth2.Endpoint{AuthURL: m.authorize, TokenURL: m.token, AuthStyle: style},
		RedirectURL:  redirectURI,
		Scopes:       scopes,
	}
}

func (p *Provider) exchange(ctx context.Context, m *metadata, f core.OAuthFinish) (*oauth2.Token, error) {
	secret, err := p.clientSecret(p.now())
	if err != nil {
		return nil, err
	}
	var options []oauth2.AuthCodeOption
	if !p.noPKCE {
		options = append(options, oauth2.VerifierOption(f.Verifier))
	}
	token, err := p.config(m, secret, f.RedirectURI, nil).Exchange(p.withClient(ctx), f.Code, options...)
	return token, tokenError(err, core.ErrOAuthCodeRefused)
}

// Refresh exchanges a refresh token for a new access token (RFC 6749, section
// 6). The Refresh field of the result is empty if the old one stays valid. The
// error is core.ErrInvalid if the service refuses the refresh token.
func (p *Provider) Refresh(ctx context.Context, refresh string) (tokens core.OAuthTokens, err error) {
	err = p.run(ctx, func(ctx context.Context) error {
		if refresh == "" {
			return errors.New("there is no refresh token")
		}
		m, err := p.metadata(ctx)
		if err != nil {
			return err
		}
		secret, err := p.clientSecret(p.now())
		if err != nil {
			return err
		}
		token, err := p.config(m, secret, "", nil).TokenSource(p.withClient(ctx),
			&oauth2.Token{RefreshToken: refresh}).Token()
		if err != nil {
			return tokenError(err, core.ErrInvalid)
		}
		tokens = p.issued(token)
		if tokens.Refresh == refresh { // x/oauth2 repeats it
			tokens.Refresh = ""
		}
		return nil
	})
	return tokens, err
}

// RevokeTokens revokes tokens (RFC 7009). It does nothing if the service has no
// endpoint for that.
func (p *Provider) RevokeTokens(ctx context.Context, t core.OAuthTokens) error {
	return p.run(ctx, func(ctx context.Context) error {
		m, err := p.metadata(ctx)
		if err != nil || m.revoke == "" {
			return err
		}
		return errors.Join(p.revokeOne(ctx, m, t.Refresh, "refresh_token"), p.revokeOne(ctx, m, t.Access, "access_token"))
	})
}

func (p *Provider) revokeOne(ctx context.Context, m *metadata, token, kind string) error {
	if token == "" {
		return nil
	}
	secret, err := p.clientSecret(p.now())
	if err != nil {
		return err
	}
	form := url.Values{"token": {token}, "token_type_hint": {kind}}
	basic := m.basicAuth && secret != ""
	if !basic {
		form.Set("client_id", p.clientID)
		if secret != "" {
			form.Set("client_secret", secret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.revoke, strings.NewReader(form.Encode()))
	if err != nil {
		return errors.New("the revocation URL is not valid")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		req.SetBasicAuth(url.QueryEscape(p.clientID), url.QueryEscape(secret)) // RFC 6749, section 2.3.1
	}
	if _, _, err := call(p.client, req); err != nil {
		return fmt.Errorf("revocation of the %s: %w", kind, err)
	}
	return nil
}

func (p *Provider) withClient(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, p.client)
}

func (p *Provider) issued(t *oauth2.Token) core.OAuthTokens {
	tokens := core.OAuthTokens{Access: t.AccessToken, Refresh: t.RefreshToken}
	end := t.Expiry
	if end.IsZero() && p.lifetime > 0 && t.RefreshToken != "" {
		end = p.now().Add(p.lifetime)
	}
	if !end.IsZero() {
		tokens.Expires = end.UTC().Truncate(time.Second)
	}
	return tokens
}

// tokenError returns an error without the service's response: x/oauth2's own
// text may contain all of it. It is grant too where what was presented is
// refused, a code or a refresh token.
func tokenError(err, grant error) error {
	if err == nil {
		return nil
	}
	var refused *oauth2.RetrieveError
	var transport *url.Error
	switch {
	case errors.As(err, &transport):
		err = transport.Err
	case errors.As(err, &refused):
		err = statusError{refused.Response.StatusCode, knownCode(refused.ErrorCode)} // some services report errors with a 200
	default:
		err = errors.New("the response lacks an access_token, or a member has the wrong type")
	}
	if answer := (statusError{}); errors.As(err, &answer) && outbound.CodeRefused(answer.status, answer.code) {
		err = fmt.Errorf("%w: %w", grant, err)
	}
	return fmt.Errorf("the token endpoint: %w", err)
}
