package localprovider_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers/localprovider"
)

const (
	callback  = "http://localhost:8080/callback"
	verifier  = "a-verifier-of-at-least-43-characters-is-wanted-here"
	challenge = "Nxsri8Yo8jqE0HN8v1hcqjfdtnmXuKOU8Ezjud76oKA" // its SHA-256
)

func start(t *testing.T) *localprovider.Provider {
	t.Helper()
	p, err := localprovider.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// request returns a valid authorization request.
func request(p *localprovider.Provider) url.Values {
	return url.Values{
		"client_id": {p.ClientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"s"},
		"nonce": {"n"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
}

// redemption returns a valid token request.
func redemption(p *localprovider.Provider, code string) url.Values {
	return url.Values{
		"client_id": {p.ClientID}, "client_secret": {p.ClientSecret}, "grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {callback}, "code_verifier": {verifier},
	}
}

// post returns the status and the body, or where the response leads.
func post(t *testing.T, to string, form url.Values) (int, string, *url.URL) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	location, _ := resp.Location()
	return resp.StatusCode, string(body), location
}

// allow logs in at the provider's page, and returns what the application
// receives.
func allow(t *testing.T, p *localprovider.Provider, q url.Values) url.Values {
	t.Helper()
	status, body, to := post(t, p.Issuer+"/authorize?"+q.Encode(), url.Values{
		"decision": {"allow"}, "email": {"ada@example.org"}, "name": {"Ada"}, "verified": {"on"},
	})
	if status != http.StatusSeeOther {
		t.Fatalf("got %d %s", status, body)
	}
	return to.Query()
}

func TestAddressesBeyondThisMachineAreRefused(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "localhost:0", "example.org:0", "nonsense"} {
		if p, err := localprovider.Start(addr); err == nil {
			_ = p.Close()
			t.Errorf("%s is taken", addr)
		}
	}
	p, err := localprovider.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
}

// A site whose name resolves to this machine is not the provider's origin.
func TestNamesOfOtherMachinesAreRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(p.Issuer, "http://"), ":")
	for host, want := range map[string]int{
		"127.0.0.1:" + port:             200,
		"localhost:" + port:             200,
		"LOCALHOST":                     200,
		"app.localhost:" + port:         200,
		"[::1]:" + port:                 200,
		"localhost.":                    200,
		"evil.example:" + port:          421,
		"evil.example":                  421,
		"127.0.0.1.evil.example":        421,
		"localhost.evil.example":        421,
		"notlocalhost":                  421,
		"192.0.2.1:" + port:             421,
		"0.0.0.0:" + port:               421,
		"127.0.0.1.nip.example:" + port: 421,
	} {
		for _, path := range []string{"/.well-known/openid-configuration", "/keys"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Issuer+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = host
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s at %s: %d, want %d", path, host, resp.StatusCode, want)
			}
		}
	}
}

func TestTheApplicationsClientLogsIn(t *testing.T) {
	p := start(t)
	client, err := p.Client()
	if err != nil {
		t.Fatal(err)
	}
	to, err := client.Begin(t.Context(),
		core.OAuthBegin{State: "s", Nonce: "n", Challenge: challenge, RedirectURI: callback})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	got := allow(t, p, asked.Query())
	finish := core.OAuthFinish{Code: got.Get("code"), Verifier: verifier, Nonce: "n", RedirectURI: callback, Form: got}
	who, tokens, err := client.Finish(t.Context(), finish)
	if err != nil || who.Email != "ada@example.org" || !who.Verified() || who.Name != "Ada" || who.Subject == "" {
		t.Fatalf("it is %+v, %v", who, err)
	}
	renewed, err := client.Refresh(t.Context(), tokens.Refresh)
	if err != nil || renewed.Access == "" || renewed.Access == tokens.Access || renewed.Refresh == tokens.Refresh {
		t.Errorf("the tokens are not renewed: %v", err)
	}
	if _, err := client.Refresh(t.Context(), tokens.Refresh); err == nil {
		t.Error("a refresh token works twice")
	}
	wantUser(t, p, renewed.Access, http.StatusOK)
	wantUser(t, p, "another", http.StatusUnauthorized)
}

func wantUser(t *testing.T, p *localprovider.Provider, token string, status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Issuer+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != status {
		t.Errorf("userinfo answers %d, want %d", resp.StatusCode, status)
	}
}

func TestAuthorizationRequests(t *testing.T) {
	p := start(t)
	if got := allow(t, p, request(p)); got.Get("code") == "" || got.Get("state") != "s" || got.Get("iss") != p.Issuer {
		t.Fatalf("a good one returned %v", got)
	}
	for name, change := range map[string]struct{ param, value, gives string }{
		"no PKCE":       {"code_challenge", "", "invalid_request"},
		"plain PKCE":    {"code_challenge_method", "plain", "invalid_request"},
		"implicit flow": {"response_type", "id_token", "unsupported_response_type"},
		"plain OAuth":   {"scope", "email", "invalid_scope"},
	} {
		q := request(p)
		q.Set(change.param, change.value)
		if got := allow(t, p, q); got.Get("error") != change.gives || got.Has("code") {
			t.Errorf("%s returned %v, want %s", name, got, change.gives)
		}
	}
	for name, change := range map[string]struct{ param, value string }{
		"another machine": {"redirect_uri", "https://evil.example/callback"},
		"a script":        {"redirect_uri", "javascript:alert(1)"},
		"another client":  {"client_id", "other"},
	} {
		q := request(p)
		q.Set(change.param, change.value)
		if status, _, to := post(t, p.Issuer+"/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}); status != 400 ||
			to != nil {
			t.Errorf("%s returned %d to %v, want 400", name, status, to)
		}
	}
	status, page, _ := post(t, p.Issuer+"/authorize?"+request(p).Encode(),
		url.Values{"decision": {"allow"}, "email": {"<script>"}})
	if status != 200 || !strings.Contains(page, "not an email address") || strings.Contains(page, "<script>") {
		t.Errorf("a wrong address returned %d %s", status, page)
	}
}

func TestTokenRequests(t *testing.T) {
	p := start(t)
	for name, change := range map[string]struct{ param, value, gives string }{
		"a good one":             {"", "", ""},
		"another verifier":       {"code_verifier", verifier + "x", "invalid_grant"},
		"no verifier":            {"code_verifier", "", "invalid_grant"},
		"another redirect URI":   {"redirect_uri", callback + "x", "invalid_grant"},
		"another code":           {"code", "x", "invalid_grant"},
		"another secret":         {"client_secret", "x", "invalid_client"},
		"another kind of grant":  {"grant_type", "password", "unsupported_grant_type"},
		"a code for the refresh": {"grant_type", "refresh_token", "invalid_grant"},
	} {
		form := redemption(p, allow(t, p, request(p)).Get("code"))
		if change.param != "" {
			form.Set(change.param, change.value)
		}
		_, body, _ := post(t, p.Issuer+"/token", form)
		var got struct{ Error string }
		if err := json.Unmarshal([]byte(body), &got); err != nil || got.Error != change.gives {
			t.Errorf("%s returned %s, want %q", name, body, change.gives)
		}
	}
	t.Run("a code works once", func(t *testing.T) {
		form := redemption(p, allow(t, p, request(p)).Get("code"))
		first, _, _ := post(t, p.Issuer+"/token", form)
		again, _, _ := post(t, p.Issuer+"/token", form)
		if first != 200 || again != 400 {
			t.Errorf("got %d and %d, want 200 and 400", first, again)
		}
	})
}
