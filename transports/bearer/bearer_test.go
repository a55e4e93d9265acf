package bearer_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/transporttest"
)

var (
	_ core.Transport       = (*bearer.Transport)(nil)
	_ core.Challenger      = (*bearer.Transport)(nil)
	_ core.ProofChallenger = (*bearer.Transport)(nil)
)

func TestConformance(t *testing.T) {
	for _, loginURL := range []string{"", "auth/api/login"} {
		transporttest.Run(t, transporttest.Harness{
			New: func(*testing.T) core.Transport { return bearer.New(bearer.Options{LoginURL: loginURL}) },
		})
	}
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type head struct {
	http.Header
}

func (h head) Method() string             { return http.MethodPost }
func (h head) Host() string               { return "app.example" }
func (h head) Lines(name string) []string { return h.Header[name] }

func TestAttach(t *testing.T) {
	for _, c := range []struct {
		token core.Token
		body  string
	}{
		{core.Token{Raw: "t"}, `{"access_token":"t","token_type":"bearer"}`},
		{core.Token{Raw: "t", Expires: now.Add(time.Hour)}, `{"access_token":"t","token_type":"bearer"}`},
		{core.Token{Raw: "t", Refresh: "r"}, `{"access_token":"t","token_type":"bearer","refresh_token":"r"}`},
		{
			core.Token{Raw: "t", Refresh: "r", Expires: now.Add(599*time.Second + 999*time.Millisecond)},
			`{"access_token":"t","token_type":"bearer","expires_in":599,"refresh_token":"r"}`,
		},
	} {
		resp := core.Empty(0)
		bearer.New(bearer.Options{Now: func() time.Time { return now }}).Attach(resp, c.token)
		if resp.Status != http.StatusOK || string(resp.Body) != c.body {
			t.Errorf("got %d %s, want 200 %s", resp.Status, resp.Body, c.body)
		}
		if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Pragma") != "no-cache" {
			t.Errorf("the answer may be cached: %v", resp.Header)
		}
	}
}

func TestExtract(t *testing.T) {
	transport := bearer.New(bearer.Options{})
	for _, c := range []struct {
		name  string
		lines []string
		token string
		err   error
	}{
		{"P10 any case of the scheme", []string{"bEARER t"}, "t", nil},
		{"P10 two lines", []string{"Bearer t", "Bearer u"}, "", core.Refuse(core.CodeDuplicateCredentials)},
		{"P10 comma-joined", []string{"Bearer t, Bearer u"}, "", core.ErrInvalid},
		{"J17 1 MB", []string{"Bearer " + strings.Repeat("a.", 500_000)}, "", core.ErrInvalid},
		{"other scheme", []string{"Basic dTpw"}, "", core.ErrNoCredential},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := transport.Extract(head{http.Header{"Authorization": c.lines}})
			if token != c.token || !errors.Is(err, c.err) {
				t.Errorf("got %.40q, %v; want %q, %v", token, err, c.token, c.err)
			}
		})
	}
}

func TestClear(t *testing.T) {
	resp := core.Empty(0)
	bearer.New(bearer.Options{}).Clear(resp)
	if len(resp.Header) != 0 {
		t.Errorf("Clear sets %v", resp.Header)
	}
}

func TestChallenge(t *testing.T) {
	transport := bearer.New(bearer.Options{})
	if got := transport.Challenge(false); got != "Bearer" {
		t.Errorf("without a token: %q", got)
	}
	if got := transport.Challenge(true); got != `Bearer error="invalid_token"` {
		t.Errorf("with a token: %q", got)
	}
}

// RFC 9470, section 3.
func TestChallengeProof(t *testing.T) {
	const refused = `Bearer error="insufficient_user_authentication"`
	for _, c := range []struct {
		age     time.Duration
		methods []string
		want    string
	}{
		{0, nil, refused},
		{10 * time.Minute, []string{"totp", "passkey"}, refused + `, acr_values="totp passkey", max_age=600`},
		{1500 * time.Millisecond, nil, refused + `, max_age=2`},
		{0, []string{"a b", `"`, "", "tot\\p", "ü", "oauth:google"}, refused + `, acr_values="oauth:google"`},
		{0, []string{"a\r\nSet-Cookie: x"}, refused},
	} {
		if got := bearer.New(bearer.Options{}).ChallengeProof(c.age, c.methods); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestRefreshURL(t *testing.T) {
	const want = `{"flows":{"password":{"refreshUrl":"auth/api/refresh","scopes":{},"tokenUrl":"auth/api/login"}},"type":"oauth2"}`
	o := bearer.Options{LoginURL: "auth/api/login", RefreshURL: "auth/api/refresh"}
	if got := string(bearer.New(o).Scheme()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestScheme(t *testing.T) {
	for loginURL, want := range map[string]string{
		"":               `{"scheme":"bearer","type":"http"}`,
		"auth/api/login": `{"flows":{"password":{"scopes":{},"tokenUrl":"auth/api/login"}},"type":"oauth2"}`,
	} {
		if got := string(bearer.New(bearer.Options{LoginURL: loginURL}).Scheme()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
