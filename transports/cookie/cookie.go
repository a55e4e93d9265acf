// Package cookie carries tokens in a cookie, for browsers.
//
//	transport, err := cookie.New(cookie.Options{})
//	backend := core.Backend{
//		Name: "web", Transport: transport, Strategy: strategy,
//	}
//
// Security notes. With zero Options the cookie is named __Host-latchkey and is
// Secure, HttpOnly and SameSite=Lax: scripts cannot read it, and no other host
// can set or receive it. Browsers attach a cookie by themselves, so requests
// with unsafe methods must also pass a cross-origin check
// ([core.IsCrossOrigin]), including the login. Routes with safe methods must
// change nothing. Browsers keep at most 4096 bytes of a cookie, name and
// attributes included, and silently drop a longer one: keep tokens short.
package cookie

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Options configures a cookie transport. The zero value is the secure default.
type Options struct {
	// Name is the cookie's name. With a name that begins with __Host- the
	// browser itself insists on Secure, Path=/ and no Domain, so no
	// subdomain can plant a cookie of that name. Default:
	// "__Host-latchkey"; with InsecureHTTP, "latchkey".
	Name string
	// MaxAge is how long the browser keeps the cookie, rounded up to
	// seconds. Default: until the token expires. The cookie of a token that
	// never expires, and of a login with "remember": false, lasts until the
	// browser closes; one that restores its windows may keep it longer.
	MaxAge time.Duration
	// Path is the path under which the browser sends the cookie. Default:
	// "/", the only one that __Host- allows.
	Path string
	// Domain is a domain whose subdomains receive the cookie too. Any of
	// its hosts can read and replace the session. A Domain excludes a
	// __Host- name: choose another Name, such as "__Secure-latchkey".
	// Default: this host alone.
	Domain string
	// SameSite is http.SameSiteLaxMode, Strict or None. With Lax, links
	// from other sites arrive logged in and forms do not; None requires
	// Secure. Default: Lax.
	SameSite http.SameSite
	// Partitioned makes browsers keep a cookie for each site that embeds
	// the application in a frame (CHIPS), where they block third-party
	// cookies. It requires SameSite None. Default: false.
	Partitioned bool
	// Former lists the forms that the cookie had before Domain, Path or
	// Partitioned was changed: browsers keep a cookie of each form and send
	// them all, which is 400 DUPLICATE_CREDENTIALS. That response, a login
	// and a logout make the browser drop those listed here, and one of this
	// host alone at "/", which needs no entry. A __Host- name has one
	// Domain and Path, and needs none. Default: none.
	Former []Form
	// TrustedOrigins lists origins that may send unsafe requests with the
	// cookie, beside the request's own and that of latchkey's BaseURL. They
	// are spelled exactly as browsers do: "scheme://host" or
	// "scheme://host:port". Default: none.
	TrustedOrigins []string
	// RefreshPath is the path under which the browser sends the refresh
	// token of a strategy that issues one: the prefix at which the
	// backend's login is mounted, as browsers see it ("/auth/web"). Its
	// cookie is called __Secure-latchkey-refresh, by Name, and is HttpOnly
	// and SameSite=Strict. At "/" it is __Host-latchkey-refresh, which no
	// subdomain can plant, and goes along with every request. Required for
	// such a strategy, and refused for any other. Default: none.
	RefreshPath string
	// InsecureHTTP leaves out Secure, for plain http on a host other than
	// localhost (which browsers treat as secure). Anyone on the network can
	// then read the cookie. Default: false.
	InsecureHTTP bool
	// InsecureScriptAccess leaves out HttpOnly, so that scripts, injected
	// ones too, can read the cookie. Default: false.
	InsecureScriptAccess bool
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
}

// Transport is a core.Transport.
type Transport struct {
	cookie  http.Cookie // without value and age
	refresh http.Cookie // without a name if there is none
	others  []Form      // in which a browser may keep it besides
	maxAge  time.Duration
	trusted []string
	now     func() time.Time
}

// New returns a cookie transport, which is safe for concurrent use. The error
// joins every problem with the options.
func New(o Options) (*Transport, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Transport{
		cookie:  o.cookie(),
		refresh: o.refresh(),
		others:  o.others(),
		maxAge:  o.MaxAge,
		trusted: slices.Clone(o.TrustedOrigins),
		now:     o.Now,
	}, nil
}

// Extract returns the cookie's value. Its errors are those of
// [core.CookieValue], and an *Error 403 CROSS_ORIGIN_REFUSED for a cookie that
// came from another origin with an unsafe method. The answer to two cookies of
// the name makes the browser drop them.
func (t *Transport) Extract(h core.Head) (string, error) {
	token, err := core.CookieValue(h, t.cookie.Name)
	if err != nil {
		if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
			return "", t.forgotten(refusal)
		}
		return "", err
	}
	if err := t.Protect(h); err != nil {
		return "", err
	}
	return token, nil
}

// Protect refuses unsafe methods from another origin with an *Error 403
// CROSS_ORIGIN_REFUSED, with or without a cookie.
func (t *Transport) Protect(h core.Head) error {
	if core.IsCrossOrigin(h, t.trusts) {
		return &core.Error{Code: core.CodeCrossOriginRefused, Status: http.StatusForbidden}
	}
	return nil
}

// At implements core.Located.
func (t *Transport) At(base *url.URL) core.Transport {
	located := *t
	located.trusted = append(slices.Clone(t.trusted), webOrigin(base))
	return &located
}

// webOrigin is the origin of a URL as browsers write it: in lower case, without
// the default port (RFC 6454, section 6.2).
func webOrigin(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && (u.Scheme != "https" || port != "443") && (u.Scheme != "http" || port != "80") {
		host += ":" + port
	}
	return u.Scheme + "://" + host
}

func (t *Transport) trusts(origin string) bool { return slices.Contains(t.trusted, origin) }

// Ambient returns true: browsers attach the cookie by themselves.
func (t *Transport) Ambient() bool { return true }

// InsecureHTTP reports whether Options.InsecureHTTP is set.
func (t *Transport) InsecureHTTP() bool { return !t.cookie.Secure }

// Attach sets a 204 with the token in a cookie, and the refresh token in
// another one, and forbids caching.
func (t *Transport) Attach(resp *core.Response, token core.Token) {
	resp.Drop(http.StatusNoContent)
	resp.Header.Set("Cache-Control", "no-store")
	t.set(resp, t.cookie, token.Raw, t.age(token))
	t.attachRefresh(resp, token)
}

// age returns the value for http.Cookie.MaxAge: seconds, 0 for a cookie that
// lasts until the browser closes, negative for a token that has already
// expired.
func (t *Transport) age(token core.Token) int {
	if token.Brief {
		return 0
	}
	life := t.maxAge
	if life == 0 {
		if token.Expires.IsZero() {
			return 0
		}
		life = token.Expires.Sub(t.now())
	}
	if life <= 0 {
		return -1
	}
	return seconds(life)
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// Clear makes the browser drop the cookie, in every form, and that of the
// refresh token.
func (t *Transport) Clear(resp *core.Response) {
	t.set(resp, t.cookie, "", -1)
	t.clearRefresh(resp)
}

// set adds a Set-Cookie line in place of earlier ones with the same name, and
// before it one for each other form, which drops the cookie of that form. The
// present form is the last line: clients that do not tell forms apart keep it.
func (t *Transport) set(resp *core.Response, c http.Cookie, value string, age int) {
	t.put(resp, c, value, age, t.others)
}

// put is set with these other forms.
func (*Transport) put(resp *core.Response, c http.Cookie, value string, age int, others []Form) {
	lines := slices.DeleteFunc(resp.Header["Set-Cookie"], func(line string) bool {
		return strings.HasPrefix(line, c.Name+"=")
	})
	for _, form := range others {
		other := form.of(c)
		other.MaxAge = -1
		lines = append(lines, other.String())
	}
	c.Value, c.MaxAge = value, age
	resp.Header["Set-Cookie"] = append(lines, c.String())
}

// Scheme returns OpenAPI's apiKey scheme in a cookie.
func (t *Transport) Scheme() json.RawMessage {
	// strings always marshal
	encoded, _ := json.Marshal(map[string]string{"type": "apiKey", "in": "cookie", "name": t.cookie.Name})
	return encoded
}
