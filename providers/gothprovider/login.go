package gothprovider

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"github.com/latchkey-go/latchkey/core"
)

// Begin returns the URL that goth makes, with state, redirect URI and PKCE from
// b.
func (p *Provider) Begin(ctx context.Context, b core.OAuthBegin) (string, error) {
	return run(ctx, p, calls{}, func(g goth.Provider, c *calls) (string, error) {
		if b.State == "" || b.Challenge == "" || b.RedirectURI == "" {
			return "", errors.New("Begin needs State, Challenge and RedirectURI")
		}
		session, err := g.BeginAuth(b.State)
		if err != nil {
			return "", c.explain("BeginAuth")
		}
		made, err := session.GetAuthURL()
		if err != nil {
			return "", c.explain("GetAuthURL")
		}
		return p.authorizeURL(made, b)
	})
}

func (p *Provider) authorizeURL(made string, b core.OAuthBegin) (string, error) {
	u, err := url.Parse(made)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !p.insecureLoopback) {
		return "", errors.New("the authorization URL must be absolute and https")
	}
	q := u.Query()
	q.Set("state", b.State)
	q.Set("redirect_uri", b.RedirectURI)
	q.Set("code_challenge", b.Challenge)
	q.Set("code_challenge_method", "S256")
	if len(b.Scopes) > 0 {
		q.Set("scope", moreScopes(q.Get("scope"), b.Scopes))
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// moreScopes keeps the comma that some services require between scopes.
func moreScopes(scope string, more []string) string {
	separator := " "
	if strings.Contains(scope, ",") {
		separator = ","
	}
	scopes := strings.FieldsFunc(scope, func(r rune) bool { return r == ',' || r == ' ' })
	for _, s := range more {
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return strings.Join(scopes, separator)
}

type login struct {
	who    core.OAuthIdentity
	tokens core.OAuthTokens
}

// Finish has goth exchange the code for tokens and read the profile.
// EmailVerified is always nil.
func (p *Provider) Finish(ctx context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	flow := calls{code: f.Code, verifier: f.Verifier, redirectURI: f.RedirectURI}
	done, err := run(ctx, p, flow, func(g goth.Provider, c *calls) (login, error) {
		if f.Code == "" || f.Verifier == "" || f.RedirectURI == "" {
			return login{}, errors.New("Finish needs Code, Verifier and RedirectURI")
		}
		session, err := g.UnmarshalSession("{}")
		if err != nil {
			return login{}, c.explain("UnmarshalSession")
		}
		access, err := session.Authorize(g, params(f))
		if err != nil {
			return login{}, c.explain(authorize)
		}
		if !c.proved {
			return login{}, errors.New("goth's provider did not exchange the code through its HTTPClient")
		}
		user, err := g.FetchUser(session)
		if err != nil {
			return login{}, c.explain("FetchUser")
		}
		return p.login(access, user)
	})
	return done.who, done.tokens, err
}

// params is what goth sees of the callback.
func params(f core.OAuthFinish) url.Values {
	form := maps.Clone(f.Form)
	if form == nil {
		form = url.Values{}
	}
	for name, value := range map[string]string{"code": f.Code, "code_verifier": f.Verifier,
		"redirect_uri": f.RedirectURI} {
		form.Set(name, value)
	}
	return form
}

func (p *Provider) login(access string, user goth.User) (login, error) {
	if user.UserID == "" || user.UserID == "0" {
		return login{}, errors.New("the profile has no ID")
	}
	claims, err := json.Marshal(user.RawData)
	if err != nil {
		return login{}, errors.New("the profile is not JSON")
	}
	who := core.OAuthIdentity{Subject: user.UserID, Email: user.Email, Name: user.Name, Picture: user.AvatarURL,
		Claims: claims}
	return login{who, p.issued(access, user.RefreshToken, user.ExpiresAt)}, nil
}

// issued returns the tokens, without a refresh token that nobody will be able
// to use.
func (p *Provider) issued(access, refresh string, expires time.Time) core.OAuthTokens {
	tokens := core.OAuthTokens{Access: access}
	if p.renews {
		tokens.Refresh = refresh
	}
	if !expires.IsZero() {
		tokens.Expires = expires.UTC().Truncate(time.Second)
	}
	return tokens
}

// Refresh exchanges a refresh token for a new access token. The Refresh field
// of the result is empty if the old one stays valid. The error is
// core.ErrInvalid if goth's provider cannot refresh tokens, or the service
// refuses the token.
func (p *Provider) Refresh(ctx context.Context, old string) (core.OAuthTokens, error) {
	return run(ctx, p, calls{}, func(g goth.Provider, c *calls) (core.OAuthTokens, error) {
		if !p.renews || old == "" {
			return core.OAuthTokens{}, core.ErrInvalid
		}
		token, err := g.RefreshToken(old)
		if err != nil {
			return core.OAuthTokens{}, c.explain(refresh)
		}
		return p.renewed(token, old)
	})
}

func (p *Provider) renewed(token *oauth2.Token, old string) (core.OAuthTokens, error) {
	if token == nil || token.AccessToken == "" {
		return core.OAuthTokens{}, errors.New("RefreshToken: there is no access token")
	}
	tokens := p.issued(token.AccessToken, token.RefreshToken, token.Expiry)
	if tokens.Refresh == old { // x/oauth2 repeats it
		tokens.Refresh = ""
	}
	return tokens, nil
}
