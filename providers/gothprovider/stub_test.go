package gothprovider_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers/gothprovider"
)

// stub is a provider of goth that does what a test needs at one step.
type stub struct {
	HTTPClient *http.Client
	name       string
	authURL    string
	tokenURL   string
	profileURL string
	renews     bool
	calls      bool // RefreshToken calls the service
	elsewhere  bool // exchanges the code through a client of its own
	user       goth.User
	step       string
	does       func() error
}

// newStub returns a stub that works without a service.
func newStub() *stub {
	return &stub{
		name: "stub", authURL: "https://stub.example/authorize?client_id=id&state=old&scope=a",
		tokenURL:   "https://stub.example/token",
		profileURL: "https://stub.example/me", renews: true,
		user: goth.User{UserID: "42", Email: "ada@example.com", RefreshToken: "r"},
	}
}

func (s *stub) at(step string) error {
	if s.step == step {
		return s.does()
	}
	return nil
}

func (s *stub) Name() string {
	_ = s.at("Name")
	return s.name
}
func (s *stub) SetName(name string)         { s.name = name }
func (s *stub) Debug(bool)                  {}
func (s *stub) RefreshTokenAvailable() bool { return s.renews }
func (s *stub) BeginAuth(string) (goth.Session, error) {
	return &stubSession{s.authURL}, s.at("BeginAuth")
}
func (s *stub) UnmarshalSession(string) (goth.Session, error) {
	return &stubSession{}, s.at("UnmarshalSession")
}

func (s *stub) FetchUser(goth.Session) (goth.User, error) {
	resp, err := s.HTTPClient.Get(s.profileURL)
	if err != nil {
		return goth.User{}, err
	}
	return s.user, errors.Join(s.at("FetchUser"), resp.Body.Close())
}

func (s *stub) RefreshToken(string) (*oauth2.Token, error) {
	if s.calls { // as goth's own do
		resp, err := s.HTTPClient.PostForm(s.tokenURL, nil)
		if err != nil {
			return nil, err
		}
		_ = resp.Body.Close()
	}
	return &oauth2.Token{AccessToken: "fresh"}, s.at("RefreshToken")
}

type stubSession struct{ url string }

func (s *stubSession) GetAuthURL() (string, error) { return s.url, nil }
func (s *stubSession) Marshal() string             { return "{}" }

func (s *stubSession) Authorize(p goth.Provider, params goth.Params) (string, error) {
	provider := p.(*stub)
	if err := provider.at("Authorize"); err != nil {
		return "", err
	}
	if provider.elsewhere {
		return "access", nil
	}
	resp, err := provider.HTTPClient.PostForm(provider.tokenURL, url.Values{"code": {params.Get("code")}})
	if err != nil {
		return "", err
	}
	return "access", resp.Body.Close()
}

// service responds to every call with an empty object.
type service struct{ calls []*http.Request }

func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	s.calls = append(s.calls, req)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))},
		nil
}

// refusing responds to every call with a 400 and this body.
type refusing string

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) {
	body := io.NopCloser(strings.NewReader(string(r)))
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: body}, nil
}

func newProvider(t *testing.T, s *stub) *gothprovider.Provider {
	t.Helper()
	p, err := gothprovider.New(s, gothprovider.Options{Transport: &service{}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func begin() core.OAuthBegin {
	return core.OAuthBegin{State: "state", Challenge: "challenge", RedirectURI: "https://app.example/callback"}
}

func finish() core.OAuthFinish {
	return core.OAuthFinish{Code: "code", Verifier: "verifier", RedirectURI: "https://app.example/callback"}
}
