package providertest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// The service's addresses, and its client.
const (
	issuer       = "https://idp.example"
	clientID     = "the-client"
	clientSecret = "canary-client-secret"
	callback     = "https://app.example/auth/cookie/acme/callback"
)

// The endpoints of the service.
const (
	discovery = "discovery"
	keySet    = "jwks"
	token     = "token"
	profile   = "profile" // userinfo, for OpenID Connect
)

// service is a fake OAuth 2.0 service and OpenID provider.
type service struct {
	h        Harness
	net      *Network
	provider core.Provider
	active   atomic.Int32 // requests in progress
	stuck    atomic.Bool  // a call had no deadline
	keys     []*Signer    // the first signs
	shared   []byte       // a symmetric key besides them

	mu    sync.Mutex
	codes map[string]grant
	users map[string]grant // by access token
	asked map[string]int   // requests by endpoint

	// What cases change before a login.
	tokenAnswer, info, metadata, claims func(map[string]any)
	idToken                             func(claims map[string]any) string
	email                               string
	verified                            bool   // for OAuth 2.0, what the profile says of the address
	faulty                              string // an endpoint
	fault                               fault
}

// grant is what an authorization request asked for, and who granted it.
type grant struct {
	subject, challenge, redirectURI, nonce string
}

func newService(h Harness) (*service, error) {
	s := &service{
		h: h, codes: map[string]grant{}, users: map[string]grant{}, asked: map[string]int{},
		keys:  []*Signer{NewSigner("one")},
		email: "ada@example.com", verified: true,
	}
	s.net = NewNetwork(s)
	var err error
	if s.provider, err = s.newProvider(); err != nil {
		s.net.Close()
		return nil, fmt.Errorf("New: %w", err)
	}
	return s, nil
}

func (s *service) newProvider() (core.Provider, error) {
	p, err := s.h.New(Service{
		Issuer: issuer, AuthorizeURL: issuer + "/authorize", TokenURL: issuer + "/token?canary=1", ProfileURL: issuer +
			"/profile?canary=1",
		ClientID: clientID, ClientSecret: clientSecret, Dial: s.net.Dial,
	})
	return watched{p, s}, err
}

// watched is the provider under test. Where a call of it has no deadline, the
// network ends the call: nothing else would happen in the bubble any more.
type watched struct {
	core.Provider
	s *service
}

func (w watched) Begin(ctx context.Context, b core.OAuthBegin) (string, error) {
	defer w.s.watch().Stop()
	return w.Provider.Begin(ctx, b)
}

func (w watched) Finish(ctx context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	defer w.s.watch().Stop()
	return w.Provider.Finish(ctx, f)
}

func (s *service) watch() *time.Timer {
	return time.AfterFunc(patience, func() {
		s.stuck.Store(true)
		s.net.Close()
	})
}

// endpoint returns the endpoint that a request is for.
func (s *service) endpoint(r *http.Request) string {
	path := "https://" + r.Host + r.URL.Path
	switch {
	case path == cmp.Or(s.h.TokenURL, issuer+"/token"):
		return token
	case s.h.OpenID && path == issuer+"/.well-known/openid-configuration":
		return discovery
	case s.h.OpenID && path == issuer+"/jwks":
		return keySet
	}
	return profile
}

// ServeHTTP responds, or lets the fault do it.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.active.Add(1)
	defer s.active.Add(-1)
	endpoint := s.endpoint(r)
	s.mu.Lock()
	s.asked[endpoint]++
	s.mu.Unlock()
	status, body := s.answer(endpoint, r)
	if endpoint == s.faulty {
		s.fault(w, r, body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (s *service) answer(endpoint string, r *http.Request) (int, []byte) {
	var answer map[string]any
	var err error
	switch endpoint {
	case discovery:
		answer = s.openIDMetadata()
	case keySet:
		answer = s.jwks()
	case token:
		answer, err = s.trade(r)
	default:
		return s.profileOf(r)
	}
	if err != nil {
		return http.StatusBadRequest, []byte(`{"error":"invalid_grant","error_description":"` + err.Error() + `"}`)
	}
	return http.StatusOK, encode(answer)
}

// trade is the token endpoint: the client must authenticate, and everything
// must be as it was when the login began.
func (s *service) trade(r *http.Request) (map[string]any, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	code := r.PostForm.Get("code")
	g, ok := s.codes[code]
	delete(s.codes, code)
	challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case r.Method != http.MethodPost || r.PostForm.Get("grant_type") != "authorization_code":
		return nil, errors.New("no authorization_code request")
	case id != clientID || secret != clientSecret:
		return nil, errors.New("another client")
	case !ok:
		return nil, errors.New("unknown code")
	case r.PostForm.Get("redirect_uri") != g.redirectURI:
		return nil, errors.New("another redirect_uri")
	case !s.h.NoPKCE && base64.RawURLEncoding.EncodeToString(challenge[:]) != g.challenge:
		return nil, errors.New("the code_verifier does not fit")
	}
	access := "canary-access-token-" + g.subject
	s.users[access] = g
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "refresh_token": "canary-refresh-token",
		"expires_in": 3600}
	if s.h.OpenID {
		answer["id_token"] = s.newIDToken(g)
	}
	edit(s.tokenAnswer, answer)
	return answer, nil
}

// profileOf is the profile or userinfo endpoint.
func (s *service) profileOf(r *http.Request) (int, []byte) {
	access := r.URL.Query().Get("access_token") // as some services require
	if _, bearer, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		access = bearer
	}
	s.mu.Lock()
	g, ok := s.users[access]
	s.mu.Unlock()
	if !ok {
		return http.StatusUnauthorized, []byte(`{"error":"invalid_token"}`)
	}
	if !s.h.OpenID {
		return http.StatusOK, []byte(s.h.Profile(g.subject, s.email, s.verified))
	}
	info := map[string]any{"sub": g.subject, "email": s.email, "email_verified": true}
	edit(s.info, info)
	return http.StatusOK, encode(info)
}

// begin begins a login and lets a user consent. It returns what comes back to
// the application.
func (s *service) begin(p core.Provider, subject, redirectURI string) (core.OAuthFinish, url.Values, error) {
	verifier := "canary-verifier-of-43-characters-at-the-least-" + subject
	challenge := sha256.Sum256([]byte(verifier))
	b := core.OAuthBegin{
		State: "state-of-" + subject, Nonce: "nonce-of-" + subject,
		Challenge:   base64.RawURLEncoding.EncodeToString(challenge[:]),
		RedirectURI: redirectURI, Scopes: []string{"extra"},
	}
	to, err := p.Begin(context.Background(), b)
	if err != nil {
		return core.OAuthFinish{}, nil, fmt.Errorf("Begin: %w", err)
	}
	u, err := url.Parse(to)
	if err != nil {
		return core.OAuthFinish{}, nil, err
	}
	asked := u.Query()
	code := "canary-code-of-" + subject
	s.mu.Lock()
	s.codes[code] = grant{subject, asked.Get("code_challenge"), asked.Get("redirect_uri"), asked.Get("nonce")}
	s.mu.Unlock()
	return core.OAuthFinish{
		Code: code, Verifier: verifier, Nonce: b.Nonce, RedirectURI: redirectURI,
		Form: url.Values{"code": {code}, "state": {asked.Get("state")}},
	}, asked, nil
}

// login runs a whole login of a user.
func (s *service) login(subject string) (core.OAuthIdentity, core.OAuthTokens, error) {
	f, _, err := s.begin(s.provider, subject, callback)
	if err != nil {
		return core.OAuthIdentity{}, core.OAuthTokens{}, err
	}
	return s.provider.Finish(context.Background(), f)
}

func (s *service) times(endpoint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[endpoint]
}

func edit(change func(map[string]any), answer map[string]any) {
	if change != nil {
		change(answer)
	}
}

func encode(answer map[string]any) []byte {
	b, err := json.Marshal(answer)
	if err != nil {
		return []byte("null")
	}
	return b
}
