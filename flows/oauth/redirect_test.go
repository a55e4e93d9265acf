package oauth_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
)

// Any application of a device can claim a scheme (RFC 8252, section 8.1), so a
// code that is sent to one is bound to a challenge.
func TestO51OtherSchemesNeedAChallenge(t *testing.T) {
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, appendix B
	origins := []string{"com.example.app://done", "https://spa.example.org", "http://localhost:3000"}
	for target, needed := range map[string]bool{
		"com.example.app://done/in": true, "com.example.app://done": true,
		"/app": false, "https://spa.example.org/in": false, "http://localhost:3000/in": false,
	} {
		_, _, err := oauth.Redirect(origins, url.Values{"redirect_to": {target}})
		refusal := (*core.Error)(nil)
		if errors.As(err, &refusal) != needed || needed && refusal.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s without a challenge: %v", target, err)
		}
		to, c, err := oauth.Redirect(origins, url.Values{"redirect_to": {target}, "code_challenge": {challenge}})
		if err != nil || to != target || c != challenge {
			t.Errorf("%s with a challenge: %q, %q, %v", target, to, c, err)
		}
	}
}

// links is a store that is never called.
type links struct{ core.OAuthAccountStore }

// options are what New needs.
func options() oauth.Options {
	return oauth.Options{
		Accounts: links{}, Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: google{}}},
	}
}

func TestFieldM7NativeApplications(t *testing.T) {
	for _, good := range []string{
		"myapp://done", "com.example.app:/oauth", "com.example.app:/oauth?from=web", "com.example.app:done", "myapp://", "myapp:///x",
		"x-a+b.1://done", "chrome-extension://abcdefghijklmnop/done.html", "datapp://done", "javascripted:/done",
	} {
		o := options()
		o.RedirectOrigins = []string{"https://spa.example.org", good}
		if _, err := oauth.New(o); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	const origin = "must be an origin"
	for bad, why := range map[string]string{
		"": origin, "/done": origin, "done": origin, "//evil.example": origin, "MyApp://done": "lower case", "my app:/x": origin,
		"1app:/x": origin, "javascript:alert(1)": "scheme javascript", "JavaScript:alert(1)": "scheme javascript",
		"data:text/html,x": "scheme data", "file:///etc/passwd": "scheme file", "blob:https://app.example.org/x": "scheme blob",
		"about:blank": "scheme about", "vbscript:x": "scheme vbscript", "view-source:https://app.example.org": "scheme view-source",
		"intent://done#Intent;scheme=myapp;end": "scheme intent", "filesystem:https://app.example.org/x": "scheme filesystem",
		"mailto:eve@example.org": "scheme mailto", "myapp://done#x": "fragment", "myapp://eve@done": "user", "myapp:/do\\ne": "backslashes",
		"myapp:/do ne": "printable", "myapp:/d\u00f6ne": "printable", "myapp:/" + strings.Repeat("x", 400): "320 bytes",
		"https://app.example.org/page": origin, "HTTPS://app.example.org": origin, "localhost:3000": origin, "spa.example.org:443/x": origin,
	} {
		o := options()
		o.RedirectOrigins = []string{"myapp://fine", bad}
		if _, err := oauth.New(o); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: New says %v, want …%s…", bad, err, why)
		}
	}
}

func TestFieldM8CookieOptions(t *testing.T) {
	for name, c := range map[string]struct {
		cookie oauth.Cookie
		http   bool
		why    string // of a refusal; "" for none
	}{
		"nothing":                {},
		"http":                   {http: true},
		"a name":                 {cookie: oauth.Cookie{Name: "flow"}},
		"a domain":               {cookie: oauth.Cookie{Domain: "example.org"}},
		"a domain with a dot":    {cookie: oauth.Cookie{Domain: ".example.org"}},
		"a domain over http":     {cookie: oauth.Cookie{Domain: "example.org"}, http: true},
		"a path":                 {cookie: oauth.Cookie{Path: "/auth"}},
		"none":                   {cookie: oauth.Cookie{SameSite: http.SameSiteNoneMode}},
		"partitioned":            {cookie: oauth.Cookie{SameSite: http.SameSiteNoneMode, Partitioned: true}},
		"a prefix of one's own":  {cookie: oauth.Cookie{Name: "__Secure-flow", Domain: "example.org"}},
		"strict":                 {cookie: oauth.Cookie{SameSite: http.SameSiteStrictMode}, why: "Strict"},
		"a mode that is none":    {cookie: oauth.Cookie{SameSite: http.SameSiteDefaultMode}, why: "Lax or None"},
		"none over http":         {cookie: oauth.Cookie{SameSite: http.SameSiteNoneMode}, http: true, why: "excludes InsecureHTTP"},
		"partitioned, and lax":   {cookie: oauth.Cookie{Partitioned: true}, why: "requires SameSite None"},
		"partitioned over http":  {cookie: oauth.Cookie{SameSite: http.SameSiteNoneMode, Partitioned: true}, http: true, why: "InsecureHTTP"},
		"__Host- and a domain":   {cookie: oauth.Cookie{Name: "__Host-flow", Domain: "example.org"}, why: "excludes a Domain"},
		"__host- and a domain":   {cookie: oauth.Cookie{Name: "__host-flow", Domain: "example.org"}, why: "excludes a Domain"},
		"__Host- and a path":     {cookie: oauth.Cookie{Name: "__Host-flow", Path: "/auth"}, why: "excludes a Domain, and a Path"},
		"__Host- over http":      {cookie: oauth.Cookie{Name: "__Host-flow"}, http: true, why: "excludes InsecureHTTP"},
		"__Secure- over http":    {cookie: oauth.Cookie{Name: "__Secure-flow"}, http: true, why: "excludes InsecureHTTP"},
		"a path without a slash": {cookie: oauth.Cookie{Path: "auth"}, why: "must begin with /"},
		"a name with a blank":    {cookie: oauth.Cookie{Name: "my flow"}, why: "Cookie"},
		"a domain that is none":  {cookie: oauth.Cookie{Domain: "exa mple"}, why: "Cookie"},
		"a long name":            {cookie: oauth.Cookie{Name: strings.Repeat("n", 101)}, why: "100 bytes"},
	} {
		o := options()
		o.Cookie, o.InsecureHTTP = c.cookie, c.http
		if _, err := oauth.New(o); (err != nil) != (c.why != "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: New says %v, want …%s…", name, err, c.why)
		}
	}
}
