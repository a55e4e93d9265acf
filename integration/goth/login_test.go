package goth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/markbates/goth/providers/heroku"
	"github.com/markbates/goth/providers/okta"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers/gothprovider"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

const redirect = "https://app.example.com/auth/cookie/x/callback"

func TestKit(t *testing.T) {
	providertest.Run(t, providertest.Harness{
		Profile: func(subject, email string, verified bool) string {
			if subject == "0" {
				subject = "zero" // "0" is what goth makes of a missing number, and is refused
			}
			return fmt.Sprintf(`{"sub":%q,"email":%q,"email_verified":%v}`, subject, email, verified)
		},
		New: func(s providertest.Service) (core.Provider, error) {
			g := okta.NewCustomisedURL(s.ClientID, s.ClientSecret, callback, s.AuthorizeURL, s.TokenURL, "", s.ProfileURL)
			return gothprovider.New(g,
				gothprovider.Options{Transport: &http.Transport{DialTLSContext: s.Dial}})
		},
	})
}

func TestEachCarriedProviderLogsIn(t *testing.T) {
	for _, r := range carried {
		t.Run(folder(r.provider), func(t *testing.T) {
			s := startService(t, r.asked)
			p, err := gothprovider.New(r.provider, gothprovider.Options{Transport: s})
			if err != nil {
				t.Fatal(err)
			}
			checkBegin(t, p)
			tokens := r.checkFinish(t, p, s)
			if r.provider.RefreshTokenAvailable() {
				checkRefresh(t, p, s)
			} else if tokens.Refresh != "" {
				t.Error("a refresh token is kept that goth cannot use")
			}
		})
	}
}

// asked responds as the service does: with a profile only for the access token.
func (r row) asked(at string, req *http.Request) string {
	switch {
	case at == r.token && r.answer != "":
		return r.answer
	case at == r.token:
		return tokenAnswer
	case strings.Contains(req.Header.Get("Authorization")+req.URL.String(), "access-token"):
		return r.profiles[at]
	}
	return ""
}

func checkBegin(t *testing.T, p core.Provider) {
	t.Helper()
	to, err := p.Begin(t.Context(), core.OAuthBegin{
		State: "the-state", Nonce: "the-nonce", Challenge: "the-challenge", RedirectURI: redirect, Scopes: []string{"extra"},
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" {
		t.Fatalf("Begin returned %q", to)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"state": "the-state", "code_challenge": "the-challenge", "code_challenge_method": "S256", "redirect_uri": redirect,
		"client_id": id, "response_type": "code",
	} {
		if got := q[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if !strings.Contains(q.Get("scope"), "extra") || strings.Contains(to, secret) {
		t.Errorf("Begin returned %q", to)
	}
}

func (r row) checkFinish(t *testing.T, p core.Provider, s *service) core.OAuthTokens {
	t.Helper()
	form := url.Values{"code": {"the-code"}, "state": {"the-state"}, "redirect_uri": {"https://evil.example"},
		"code_verifier": {"evil"}}
	who, tokens, err := p.Finish(t.Context(),
		core.OAuthFinish{Code: "the-code", Verifier: "the-verifier", Nonce: "n", RedirectURI: redirect, Form: form})
	if err != nil {
		t.Fatal(err)
	}
	got := s.last(t)
	for name, want := range map[string]string{
		"grant_type": "authorization_code", "code": "the-code", "code_verifier": "the-verifier", "redirect_uri": redirect,
	} {
		if len(got[name]) != 1 || got.Get(name) != want {
			t.Errorf("the token endpoint got %s=%q", name, got[name])
		}
	}
	if who.Subject != r.subject || who.Email != r.email || who.EmailVerified != nil {
		t.Errorf("O22 the identity is %+v", who)
	}
	if !json.Valid(who.Claims) || tokens.Access != "access-token" {
		t.Errorf("the claims are %s", who.Claims)
	}
	return tokens
}

func checkRefresh(t *testing.T, p core.TokenRefresher, s *service) {
	t.Helper()
	fresh, err := p.Refresh(t.Context(), "old-refresh-token")
	if err != nil || fresh.Access != "access-token" || fresh.Refresh != "refresh-token" {
		t.Fatalf("Refresh returned %q and %q (%v)", fresh.Access, fresh.Refresh, err)
	}
	if got := s.last(t); got.Get("grant_type") != "refresh_token" || got.Get("refresh_token") != "old-refresh-token" ||
		got.Has("code_verifier") {
		t.Errorf("the token endpoint got %v", got)
	}
}

func TestConcurrentLoginsAreNeverMixed(t *testing.T) {
	s := startService(t, func(at string, r *http.Request) string {
		if strings.HasSuffix(at, "/token") {
			if r.PostForm.Get("code_verifier") != "verifier of "+r.PostForm.Get("code") {
				return ""
			}
			return fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer"}`, r.PostForm.Get("code"))
		}
		user := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		return fmt.Sprintf(`{"id":"%s","email":"%s@example.com"}`, user, user)
	})
	p, err := gothprovider.New(heroku.New(id, secret, callback), gothprovider.Options{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("O41 shared mutable state", func(t *testing.T) {
		var logins sync.WaitGroup
		for n := range 32 {
			logins.Go(func() {
				code := fmt.Sprint(1000 + n)
				to, err := p.Begin(t.Context(), core.OAuthBegin{State: code, Challenge: "c" + code, RedirectURI: redirect + code})
				if err != nil || !strings.Contains(to, "state="+code) || !strings.Contains(to, "code_challenge=c"+code) {
					t.Errorf("Begin returned %q (%v)", to, err)
				}
				who, tokens, err := p.Finish(t.Context(),
					core.OAuthFinish{Code: code, Verifier: "verifier of " + code, RedirectURI: redirect + code})
				if err != nil || who.Subject != code || who.Email != code+"@example.com" || tokens.Access != code {
					t.Errorf("%s is logged in as %+v (%v)", code, who, err)
				}
			})
		}
		logins.Wait()
	})
}
