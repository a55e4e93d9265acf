package providers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// realm is an OpenID provider that answers at any address and path, as the
// issuer that it is configured as.
type realm struct {
	issuer string
	change map[string]any // of its metadata
	claims map[string]any // of its ID tokens
	token  map[string]any // of its answers with tokens
	signer *providertest.Signer

	mu    sync.Mutex
	asked []string // host and path of each call
	basic []bool   // whether the client was in the header, of calls to token and revoke
}

func newRealm(issuer string) *realm {
	return &realm{issuer: issuer, signer: providertest.NewSigner("one")}
}

func (f *realm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Host+r.URL.RequestURI())
	answer := map[string]any{}
	switch path.Base(r.URL.Path) {
	case "openid-configuration":
		answer["issuer"] = f.issuer
		for member, at := range map[string]string{
			"authorization_endpoint": "/authorize", "token_endpoint": "/token?x=1", "jwks_uri": "/keys",
			"userinfo_endpoint": "/userinfo", "revocation_endpoint": "/revoke",
		} {
			answer[member] = f.issuer + at
		}
		answer["id_token_signing_alg_values_supported"] = []string{"ES256"}
		answer["code_challenge_methods_supported"] = []string{"S256"}
		maps.Copy(answer, f.change)
	case "keys":
		_, _ = io.WriteString(w, f.signer.JWKS())
		return
	case "token":
		_, _, basic := r.BasicAuth()
		f.basic = append(f.basic, basic)
		now := time.Now().Unix()
		claims := map[string]any{
			"iss": f.issuer, "sub": "7", "aud": "the-client", "nonce": "the-nonce", "iat": now, "exp": now + 60,
		}
		maps.Copy(claims, f.claims)
		answer = map[string]any{"access_token": "a", "refresh_token": "r", "id_token": f.signer.Sign(claims)}
		maps.Copy(answer, f.token)
	case "revoke":
		_, _, basic := r.BasicAuth()
		f.basic = append(f.basic, basic)
	case "userinfo":
		answer = map[string]any{"sub": "7", "email": "ada@example.com", "email_verified": true}
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// by returns a provider of the realm, which answers at every https address.
func (f *realm) by(t *testing.T, o providers.OIDCOptions) (*providers.Provider, error) {
	t.Helper()
	network := providertest.NewNetwork(f)
	t.Cleanup(network.Close)
	return providers.OIDCBy(network.Dial, o)
}

// begun begins a login.
var begun = core.OAuthBegin{State: "s", Nonce: "the-nonce", Challenge: "c", RedirectURI: "https://app.example/"}

// use logs in, refreshes and revokes. It returns where browsers are sent and
// who it is.
func use(p *providers.Provider) (to string, who core.OAuthIdentity, err error) {
	ctx := context.Background()
	to, err = p.Begin(ctx, begun)
	if err != nil {
		return "", who, err
	}
	to, _, _ = strings.Cut(to, "?")
	who, tokens, err := finish(p)
	if err == nil {
		_, err = p.Refresh(ctx, tokens.Refresh)
	}
	if err == nil {
		err = p.RevokeTokens(ctx, tokens)
	}
	return to, who, err
}

func oidcOptions(issuer string) providers.OIDCOptions {
	return providers.OIDCOptions{
		Name: "acme", Issuer: issuer, ClientID: "the-client", ClientSecret: "the-secret",
		Log: slog.New(slog.DiscardHandler),
	}
}

// TestFieldM2TwoAddresses: whatever the server calls is called inside, whatever
// address the metadata names; browsers are sent to the public one.
func TestFieldM2TwoAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		issuer, internal string // INSIDE is the address inside
		change           map[string]any
		want             string // the issuer inside
	}{
		"origin alone":           {"https://id.example.org/realms/main", "INSIDE", nil, "/realms/main"},
		"origin with a slash":    {"https://id.example.org/realms/main/", "INSIDE/", nil, "/realms/main/"},
		"in other letters":       {"https://ID.example.org:443/realms/main", "INSIDE", nil, "/realms/main"},
		"the issuer's whole URL": {"https://id.example.org/realms/main", "INSIDE/realms/main", nil, "/realms/main"},
		"a prefix outside":       {"https://example.org/auth/realms/main", "INSIDE/realms/main", nil, "/realms/main"},
		"a prefix inside":        {"https://id.example.org/realms/main", "INSIDE/kc/realms/main", nil, "/kc/realms/main"},
		"another path":           {"https://id.example.org/", "INSIDE/oidc", nil, "/oidc/"},
		"metadata of both": {"https://id.example.org/realms/main", "INSIDE", map[string]any{
			"authorization_endpoint": "INSIDE/realms/main/authorize", "token_endpoint": "INSIDE/realms/main/token?x=1",
			"jwks_uri": "https://id.example.org:443/realms/main/keys",
		}, "/realms/main"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newRealm(c.issuer)
			server := httptest.NewServer(f)
			defer server.Close()
			at := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
			f.change = map[string]any{}
			for member, value := range c.change {
				f.change[member] = strings.Replace(value.(string), "INSIDE", at, 1)
			}
			o := oidcOptions(c.issuer)
			o.InternalURL, o.InsecureInternalHosts = strings.Replace(c.internal, "INSIDE", at, 1), []string{"LocalHost"}
			p, err := providers.OIDC(o)
			if err != nil {
				t.Fatal(err)
			}
			to, who, err := use(p)
			if err != nil || who.Subject != "7" || who.Email != "ada@example.com" {
				t.Errorf("got %q with %q, %v", who.Subject, who.Email, err)
			}
			if to != c.issuer+"/authorize" {
				t.Errorf("browsers are sent to %s", to)
			}
			base := strings.TrimPrefix(at, "http://") + c.want
			want := []string{strings.TrimSuffix(base, "/") + "/.well-known/openid-configuration", base + "/token?x=1",
				base + "/keys", base + "/userinfo", base + "/token?x=1", base + "/revoke", base + "/revoke"}
			if !slices.Equal(f.asked, want) {
				t.Errorf("called are %q\nwant %q", f.asked, want)
			}
		})
	}
}

// TestFieldM2Refusals: plain http is for hosts that are named, and nothing
// about the issuer is taken from the address inside.
func TestFieldM2Refusals(t *testing.T) {
	const issuer = "https://id.example.org"
	f := newRealm(issuer)
	server := httptest.NewServer(f)
	defer server.Close()
	at := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for name, c := range map[string]struct {
		change func(*providers.OIDCOptions)
		say    string
	}{
		"not named":        {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = nil }, "must be https"},
		"another is named": {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"keycloak", "host"} }, "must be https"},
		"a wildcard":       {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", "*"} }, "exact"},
		"of a domain":      {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", "*.internal"} }, "exact"},
		"a suffix":         {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", ".internal"} }, "exact"},
		"an empty name":    {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", ""} }, "exact"},
		"a blank":          {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", " "} }, "exact"},
		"a port":           {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", "idp:80"} }, "without a port"},
		"a URL":            {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", "http://idp"} }, "exact"},
		"a network":        {func(o *providers.OIDCOptions) { o.InsecureInternalHosts = []string{"localhost", "10.0.0.0/8"} }, "exact"},
		"no address":       {func(o *providers.OIDCOptions) { o.InternalURL = "localhost" }, "absolute"},
		"without a host":   {func(o *providers.OIDCOptions) { o.InternalURL = "http://:80" }, "absolute"},
		"a query":          {func(o *providers.OIDCOptions) { o.InternalURL = at + "?x=1" }, "query"},
		"a password":       {func(o *providers.OIDCOptions) { o.InternalURL = "http://a:canary@localhost" }, "user"},
		"a socket":         {func(o *providers.OIDCOptions) { o.InternalURL = "unix://localhost/x" }, "must be https"},
		"issuer by http":   {func(o *providers.OIDCOptions) { o.Issuer = at }, "the issuer URL must be https"},
		"nothing wrong":    {func(*providers.OIDCOptions) {}, ""},
		"an address": {func(o *providers.OIDCOptions) {
			o.InternalURL = server.URL
			o.InsecureInternalHosts = []string{"127.0.0.1", "::1", "fd00::7", "key_cloak", "idp.internal"}
		}, ""},
	} {
		o := oidcOptions(issuer)
		o.InternalURL, o.InsecureInternalHosts = at, []string{"localhost"}
		c.change(&o)
		p, err := providers.OIDC(o)
		if said := fmt.Sprint(err); (err == nil) != (c.say == "") || !strings.Contains(said, c.say) ||
			strings.Contains(said, "canary") {
			t.Errorf("%s: %v", name, err)
		} else if err == nil {
			if _, _, err := use(p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, metadata := range map[string]map[string]any{
		"the issuer is the address inside":  {"issuer": at},
		"a browser's address by plain http": {"authorization_endpoint": "http://id.example.org/authorize"},
		"a browser's address inside":        {"authorization_endpoint": "http://idp.internal/authorize"},
		"a host that is not named":          {"token_endpoint": "http://192.0.2.1/token"},
		"a host whose name begins like it":  {"token_endpoint": "http://localhost.example.org/token"},
	} {
		f.change = metadata
		o := oidcOptions(issuer)
		o.InternalURL, o.InsecureInternalHosts = at, []string{"localhost", "idp.internal"}
		p, err := providers.OIDC(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := use(p); err == nil {
			t.Errorf("%s: somebody is logged in", name)
		}
	}
	f.change, f.claims = nil, map[string]any{"iss": at}
	o := oidcOptions(issuer)
	o.InternalURL, o.InsecureInternalHosts = at, []string{"localhost"}
	p, err := providers.OIDC(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := use(p); err == nil || !strings.Contains(err.Error(), "iss") {
		t.Errorf("an ID token of the address inside: %v", err)
	}
}

// TestFieldM2PlainHTTPIsDirect: calls inside by plain http go through no proxy,
// and follow no redirect.
func TestFieldM2PlainHTTPIsDirect(t *testing.T) {
	asked := environment.lead("")
	proxy, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	called := []string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called = append(called, r.URL.Path)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	o := oauth2Options("https://idp.example")
	o.TokenURL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/token"
	o.InsecureInternalHosts, o.Transport = []string{"localhost"}, &http.Transport{Proxy: http.ProxyURL(proxy)}
	p, err := providers.OAuth2(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := finish(p); err == nil || !strings.Contains(err.Error(), "307") || len(asked()) > 0 ||
		!slices.Equal(called, []string{"/token"}) {
		t.Errorf("got %v after calls of %q; the proxy is asked for %q", err, called, asked())
	}
	o.AuthorizeURL = strings.Replace(o.TokenURL, "token", "authorize", 1)
	if _, err := providers.OAuth2(o); err == nil || !strings.Contains(err.Error(), "the authorization URL must be https") {
		t.Errorf("browsers are sent inside: %v", err)
	}
}

// TestFieldM2Presets: Keycloak, and a preset without OpenID Connect.
func TestFieldM2Presets(t *testing.T) {
	f := newRealm("https://id.example.org/realms/main")
	server := httptest.NewServer(f)
	defer server.Close()
	keycloak := providers.Keycloak(f.issuer, "the-client", "the-secret",
		providers.WithInternalURL(server.URL), providers.InsecureInternalHosts("127.0.0.1"))
	if to, who, err := use(keycloak); err != nil || who.Subject != "7" || to != f.issuer+"/authorize" {
		t.Errorf("Keycloak: %q, %q, %v", to, who.Subject, err)
	}
	// authentik's endpoints are beside the issuer.
	f.issuer = "https://example.org/sso/application/o/app/"
	f.change = map[string]any{"token_endpoint": "https://example.org/sso/application/o/token/"}
	authentik := providers.Authentik(f.issuer, "the-client", "the-secret",
		providers.WithInternalURL(server.URL+"/application/o/app/"), providers.InsecureInternalHosts("127.0.0.1"))
	f.asked = nil
	if _, who, err := use(authentik); err != nil || who.Subject != "7" ||
		!strings.HasSuffix(f.asked[1], "/application/o/token/") {
		t.Errorf("authentik: %q, %v after %q", who.Subject, err, f.asked)
	}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"access_token":"the-access-token","id":7}`)
	}))
	defer service.Close()
	gitea := providers.Gitea("https://git.example.org", "the-client", "the-secret",
		providers.WithInternalURL(service.URL), providers.InsecureInternalHosts("127.0.0.1"))
	to, err := gitea.Begin(context.Background(), begun)
	if err != nil || !strings.HasPrefix(to, "https://git.example.org/login/oauth/authorize?") {
		t.Errorf("browsers are sent to %s, %v", to, err)
	}
	if who, _, err := finish(gitea); err != nil || who.Subject != "7" {
		t.Errorf("Gitea: %q, %v", who.Subject, err)
	}
}
