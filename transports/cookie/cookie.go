// Package cookie carries tokens in a cookie, for browsers.
//
//	transport, err := cookie.New(cookie.Options{})
//	backend := core.Backend{
//		Name: "web", Transport: transport, Strategy: strategy,
//	}
//
// Security notes. The zero Options give a cookie named __Host-latchkey that is
// Secure, HttpOnly and SameSite=Lax: scripts cannot read it, no other host can
// set or receive it. Browsers attach a cookie by themselves, so unsafe methods
// pass a cross-origin check as well ([core.CrossOrigin]), the login included.
// Routes with safe methods must change nothing. Browsers keep at most 4096
// bytes of a cookie, name and attributes included, and silently drop a longer
// one: keep tokens short.
package cookie

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Options of a cookie transport. The zero value is the secure default.
type Options struct {
	// Name of the cookie. Default "__Host-latchkey"; with InsecureHTTP
	// "latchkey". A name that begins with __Host- makes the browser itself
	// insist on Secure, Path=/ and no Domain, so no sub-domain can plant a
	// cookie of that name.
	Name string
	// MaxAge is how long the browser keeps the cookie, rounded up to
	// seconds. Default 0: as long as the token lives; a token without an
	// end goes when the browser closes.
	MaxAge time.Duration
	// Path under which the browser sends the cookie. Default "/", the only
	// one that __Host- allows.
	Path string
	// Domain whose sub-domains get the cookie too. Default "": this host
	// alone. With a Domain, any of its hosts can read and replace the
	// session, and __Host- is ruled out: choose another Name, such as
	// "__Secure-latchkey".
	Domain string
	// SameSite is http.SameSiteLaxMode by default: other sites' links
	// arrive logged in, their forms do not. Strict and None can be chosen;
	// None needs Secure.
	SameSite http.SameSite
	// TrustedOrigins may send unsafe requests with the cookie: exactly
	// "scheme://host" or "scheme://host:port", as browsers write it.
	// Default none beside the host itself.
	TrustedOrigins []string
	// InsecureHTTP leaves out Secure, for plain http on another host than
	// localhost (which browsers treat as secure). Whoever is on the network
	// reads the cookie then. Default false.
	InsecureHTTP bool
	// InsecureScriptAccess leaves out HttpOnly, so that scripts, injected
	// ones too, can read the cookie. Default false.
	InsecureScriptAccess bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Transport is a core.Transport.
type Transport struct {
	cookie  http.Cookie // without value and age
	maxAge  time.Duration
	trusted []string
	now     func() time.Time
}

// New returns a cookie transport, safe for concurrent use, or everything that
// is wrong with the options.
func New(o Options) (*Transport, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Transport{
		cookie:  o.cookie(),
		maxAge:  o.MaxAge,
		trusted: slices.Clone(o.TrustedOrigins),
		now:     o.Now,
	}, nil
}

// Extract returns the cookie's value; its errors are those of
// [core.CookieValue], and *Error 403 CROSS_ORIGIN_REFUSED for a cookie that
// came from another origin with an unsafe method.
func (t *Transport) Extract(h core.Head) (string, error) {
	token, err := core.CookieValue(h, t.cookie.Name)
	if err != nil {
		return "", err
	}
	if err := t.Protect(h); err != nil {
		return "", err
	}
	return token, nil
}

// Protect refuses unsafe methods from another origin with *Error 403
// CROSS_ORIGIN_REFUSED, cookie or not.
func (t *Transport) Protect(h core.Head) error {
	if core.IsCrossOrigin(h, t.trusts) {
		return &core.Error{Code: core.CodeCrossOriginRefused, Status: http.StatusForbidden}
	}
	return nil
}

func (t *Transport) trusts(origin string) bool { return slices.Contains(t.trusted, origin) }

// Ambient is true: browsers attach the cookie by themselves.
func (t *Transport) Ambient() bool { return true }

// Attach answers 204 with the token in a cookie, and forbids caching.
func (t *Transport) Attach(resp *core.Response, token core.Token) {
	resp.Drop(http.StatusNoContent)
	resp.Header.Set("Cache-Control", "no-store")
	set(resp, t.cookie, token.Raw, t.age(token))
}

// age is for http.Cookie.MaxAge: seconds, 0 for until the browser closes,
// negative for a token that has ended already.
func (t *Transport) age(token core.Token) int {
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

// Clear makes the browser drop the cookie.
func (t *Transport) Clear(resp *core.Response) { set(resp, t.cookie, "", -1) }

// set adds a Set-Cookie line in place of an earlier one of the same name (RFC
// 6265, section 4.1.1, wants one at the most).
func set(resp *core.Response, c http.Cookie, value string, age int) {
	c.Value, c.MaxAge = value, age
	lines := slices.DeleteFunc(resp.Header["Set-Cookie"], func(line string) bool {
		return strings.HasPrefix(line, c.Name+"=")
	})
	resp.Header["Set-Cookie"] = append(lines, c.String())
}

// Scheme is OpenAPI's apiKey scheme in a cookie.
func (t *Transport) Scheme() json.RawMessage {
	// strings always marshal
	encoded, _ := json.Marshal(map[string]string{"type": "apiKey", "in": "cookie", "name": t.cookie.Name})
	return encoded
}
