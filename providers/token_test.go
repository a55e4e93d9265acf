package providers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// recorded is a service that responds to everything alike and keeps the
// requests.
func recorded(
	t *testing.T, status int, answer string,
) (dial func(o providers.OAuth2Options) *providers.Provider, sent func() []string) {
	var forms []string
	network := providertest.NewNetwork(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		user, _, _ := r.BasicAuth()
		forms = append(forms, r.URL.Path+" "+user+" "+r.PostForm.Encode())
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(network.Close)
	return func(o providers.OAuth2Options) *providers.Provider {
		p, err := providers.OAuth2By(network.Dial, o)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}, func() []string { return forms }
}

func TestRefresh(t *testing.T) {
	for name, c := range map[string]struct{ answer, access, refresh string }{
		"rotated": {`{"access_token":"new","refresh_token":"newer","expires_in":60}`, "new", "newer"},
		"kept":    {`{"access_token":"new","expires_in":"60"}`, "new", ""},
	} {
		t.Run(name, func(t *testing.T) {
			provider, sent := recorded(t, 200, c.answer)
			tokens, err := provider(oauth2Options("https://idp.example")).Refresh(context.Background(), "old")
			if err != nil || tokens.Access != c.access || tokens.Refresh != c.refresh || tokens.Expires.IsZero() {
				t.Errorf("got %q, %q, %v, %v", tokens.Access, tokens.Refresh, tokens.Expires, err)
			}
			want := []string{"/token  client_id=the-client&client_secret=the-secret&grant_type=refresh_token&refresh_token=old"}
			if !slices.Equal(sent(), want) {
				t.Errorf("sent was %q", sent())
			}
		})
	}
	provider, _ := recorded(t, 400, `{"error":"invalid_grant","error_description":"old"}`)
	p := provider(oauth2Options("https://idp.example"))
	if _, err := p.Refresh(context.Background(), "old"); !errors.Is(err, core.ErrInvalid) ||
		!strings.Contains(err.Error(), "invalid_grant") || strings.Contains(err.Error(), "old") {
		t.Errorf("a refused token: %v", err)
	}
	for answer, status := range map[string]int{
		`{"error":"invalid_client"}`: 401, `{"error":"server_error"}`: 500, `{}`: 503,
	} {
		provider, _ := recorded(t, status, answer)
		_, err := provider(oauth2Options("https://idp.example")).Refresh(context.Background(), "old")
		if err == nil || errors.Is(err, core.ErrInvalid) {
			t.Errorf("%d %s: %v, want an error that is not about the token", status, answer, err)
		}
	}
	if _, err := p.Refresh(context.Background(), ""); err == nil {
		t.Error("no token: no error")
	}
}

func TestRevocation(t *testing.T) {
	both := core.OAuthTokens{Access: "a", Refresh: "r"}
	basic := oauth2Options("https://idp.example")
	basic.BasicAuth = true
	without := oauth2Options("https://idp.example")
	without.RevokeURL = ""
	secret := "client_id=the-client&client_secret=the-secret&"
	for name, c := range map[string]struct {
		o      providers.OAuth2Options
		tokens core.OAuthTokens
		want   []string
	}{
		"both": {oauth2Options("https://idp.example"), both, []string{
			"/revoke  " + secret + "token=r&token_type_hint=refresh_token", "/revoke  " + secret + "token=a&token_type_hint=access_token",
		}},
		"access": {basic, core.OAuthTokens{Access: "a"}, []string{"/revoke the-client token=a&token_type_hint=access_token"}},
		"none":   {basic, core.OAuthTokens{}, nil},
		"no URL": {without, both, nil},
	} {
		t.Run(name, func(t *testing.T) {
			provider, sent := recorded(t, 200, "")
			if err := provider(c.o).RevokeTokens(context.Background(), c.tokens); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sent(), c.want) {
				t.Errorf("sent was %q, want %q", sent(), c.want)
			}
		})
	}
	provider, _ := recorded(t, 503, `{"error":"a"}`)
	if err := provider(basic).RevokeTokens(context.Background(), both); err == nil ||
		strings.Contains(err.Error(), url.QueryEscape("https://")) {
		t.Errorf("a service that is down: %v", err)
	}
}

// A client without a secret sends none: PKCE takes its place.
func TestAPublicClientSendsNoSecret(t *testing.T) {
	provider, sent := recorded(t, 200, `{"access_token":"a"}`)
	o := oauth2Options("https://idp.example")
	o.ClientSecret, o.BasicAuth = "", true
	p := provider(o)
	if _, err := p.Refresh(context.Background(), "old"); err != nil {
		t.Fatal(err)
	}
	if err := p.RevokeTokens(context.Background(), core.OAuthTokens{Access: "a"}); err != nil {
		t.Fatal(err)
	}
	if want := []string{
		"/token  client_id=the-client&grant_type=refresh_token&refresh_token=old",
		"/revoke  client_id=the-client&token=a&token_type_hint=access_token",
	}; !slices.Equal(sent(), want) {
		t.Errorf("sent was %q", sent())
	}
}

// A refused code is distinguished from what an operator must fix.
func TestRefusedCodes(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		answer  string
		refused bool
	}{
		"by RFC 6749":             {400, `{"error":"invalid_grant"}`, true},
		"by GitHub":               {200, `{"error":"bad_verification_code"}`, true},
		"by Slack":                {200, `{"ok":false,"error":"invalid_code"}`, true},
		"in words of the service": {400, `{"error":{"message":"Invalid verification code format.","code":100}}`, true},
		"as a bad request":        {400, `{"error":"invalid_request"}`, true},
		"the client":              {400, `{"error":"invalid_client"}`, false},
		"the client, by 401":      {401, `{"error":"invalid_client"}`, false},
		"the client, at GitHub":   {200, `{"error":"incorrect_client_credentials"}`, false},
		"the redirect URI":        {200, `{"error":"redirect_uri_mismatch"}`, false},
		"too many requests":       {429, `{}`, false},
		"a fault":                 {500, `{"error":"server_error"}`, false},
		"no word":                 {200, `{}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			provider, _ := recorded(t, c.status, c.answer)
			_, _, err := provider(oauth2Options("https://idp.example")).Finish(context.Background(), core.OAuthFinish{
				Code: "code", Verifier: "verifier", RedirectURI: "https://app.example/callback",
			})
			if err == nil || errors.Is(err, core.ErrOAuthCodeRefused) != c.refused {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
