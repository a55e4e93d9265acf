package oauth

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Cookie are the attributes of the cookies that bind flows to browsers, one for
// each flow. They are HttpOnly always, and Secure unless Options.InsecureHTTP
// is set. The zero value is the secure default.
type Cookie struct {
	// Name is what the names begin with; a dash and 32 hexadecimal digits
	// of the flow follow. Default: "__Host-latchkey-oauth"; with a Domain
	// or a Path, which browsers do not take under a __Host- name,
	// "__Secure-latchkey-oauth"; with InsecureHTTP, "latchkey-oauth".
	Name string
	// Domain is a domain whose hosts all receive the cookie: for a flow
	// that begins at app.example.com and comes back to auth.example.com.
	// Any of these hosts can also plant a cookie of a flow of its own, and
	// so log the browser in as somebody else. The hosts of the base URL, of
	// BaseURLs and of each RedirectURL must lie in it. Default: the one
	// host.
	Domain string
	// Path is the path under which browsers send the cookie. It must cover
	// /authorize, /callback and /exchange, as browsers see their paths.
	// Default: "/", the only one that __Host- allows.
	Path string
	// SameSite is http.SameSiteLaxMode or None, for an application in a
	// frame of another site; None requires https. A provider that posts its
	// answer (response_mode=form_post, as Apple does) needs no None.
	// Strict is refused: no browser would send the cookie when it comes
	// back from the provider. Default: Lax.
	SameSite http.SameSite
	// Partitioned makes browsers keep the cookie for each site that embeds
	// the application in a frame (CHIPS): then a flow that leaves the frame
	// for a window of its own does not have it. It requires SameSite None.
	// Default: false.
	Partitioned bool
}

func (c Cookie) withDefaults(insecureHTTP bool) Cookie {
	if c.Path == "" {
		c.Path = "/"
	}
	if c.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	switch {
	case c.Name != "":
	case insecureHTTP:
		c.Name = "latchkey-oauth"
	case c.Domain != "" || c.Path != "/":
		c.Name = "__Secure-latchkey-oauth"
	default:
		c.Name = "__Host-latchkey-oauth"
	}
	return c
}

// problems are what a browser would refuse (RFC 6265bis, section 4.1.3, for the
// prefixes), and what would leave flows unbound.
func (c Cookie) problems(insecureHTTP bool) (errs []error) {
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("oauth: Options.Cookie: "+format, args...))
		}
	}
	cookie := c.named(c.Name, insecureHTTP)
	err := cookie.Valid()
	wrong(err != nil, "%w", err)
	wrong(!strings.HasPrefix(c.Path, "/"), "Path %q must begin with /", c.Path)
	lower := strings.ToLower(c.Name) // as browsers compare these prefixes
	host, secure := strings.HasPrefix(lower, "__host-"), strings.HasPrefix(lower, "__secure-")
	wrong(host && (c.Domain != "" || c.Path != "/"),
		"the name %s excludes a Domain, and a Path other than /; leave Name empty for __Secure-latchkey-oauth", c.Name)
	wrong((host || secure) && insecureHTTP, "the name %s excludes InsecureHTTP", c.Name)
	wrong(len(c.Name) > 100, "Name is over 100 bytes")
	switch c.SameSite {
	case http.SameSiteLaxMode:
	case http.SameSiteNoneMode:
		wrong(insecureHTTP, "SameSite None excludes InsecureHTTP: browsers drop such a cookie without Secure")
	case http.SameSiteStrictMode:
		wrong(true, "SameSite Strict keeps the cookie from the callback, which the provider's site sends browsers to; use Lax")
	default:
		wrong(true, "SameSite must be Lax or None")
	}
	wrong(c.Partitioned && c.SameSite != http.SameSiteNoneMode, "Partitioned requires SameSite None")
	return errs
}

// named returns a cookie without value and age.
func (c Cookie) named(name string, insecureHTTP bool) http.Cookie {
	return http.Cookie{
		Name: name, Path: c.Path, Domain: c.Domain, SameSite: c.SameSite, Partitioned: c.Partitioned,
		Secure: !insecureHTTP, HttpOnly: true,
	}
}

// sentTo returns why browsers would not send the cookie to a callback of a URL
// (RFC 6265, sections 5.1.3 and 5.1.4). Without a path only the host counts.
func (c Cookie) sentTo(u *url.URL) error {
	host, domain := strings.ToLower(u.Hostname()), strings.ToLower(strings.TrimPrefix(c.Domain, "."))
	if domain != "" && host != domain && !strings.HasSuffix(host, "."+domain) {
		return fmt.Errorf("oauth: Options.Cookie: the host of %s does not lie in Domain %s, so no browser would keep or send the cookie",
			u, c.Domain)
	}
	below := strings.TrimSuffix(c.Path, "/") + "/"
	if u.Path != "" && u.Path != c.Path && !strings.HasPrefix(u.Path, below) {
		return fmt.Errorf("oauth: Options.Cookie: Path %s does not cover %s, so no browser would send the cookie there",
			c.Path, u)
	}
	return nil
}

// checkCookie returns which callbacks of the application would lack the cookie.
func (e *engine) checkCookie(base *url.URL) error {
	var errs []error
	for _, u := range append(slices.Clone(e.bases), base) {
		if u != nil {
			errs = append(errs, e.Cookie.sentTo(&url.URL{Scheme: u.Scheme, Host: u.Host}))
		}
	}
	for _, p := range e.Providers {
		if u, err := url.Parse(p.RedirectURL); err == nil && p.RedirectURL != "" {
			errs = append(errs, e.Cookie.sentTo(u))
		}
	}
	return errors.Join(errs...)
}

// coversCallback refuses to begin a flow whose callback the cookie would not
// reach: the path is known where the routes are mounted.
func (e *engine) coversCallback(redirectURI string) error {
	u, err := url.Parse(redirectURI)
	if err == nil {
		err = e.Cookie.sentTo(u)
	}
	if err != nil {
		return &core.Error{Status: http.StatusInternalServerError, Cause: err}
	}
	return nil
}

// nameBytes is how much of a state's digest the name of its cookie has.
const nameBytes = 16

// cookieName returns each flow a cookie of its own. Its digits are those of the
// state's digest, and what is sealed in it opens under this name alone.
func (e *engine) cookieName(state string) string {
	d := core.Digest(state)
	return e.Cookie.Name + "-" + hex.EncodeToString(d[:nameBytes])
}

// begun returns the names of the cookies of a browser's flows, of which those
// that it got first come first (RFC 6265, section 5.4).
func (e *engine) begun(h core.Head) (names []string) {
	for _, line := range h.Lines("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			digits, ours := strings.CutPrefix(name, e.Cookie.Name+"-")
			if _, err := hex.DecodeString(digits); ours && err == nil && len(digits) == 2*nameBytes {
				names = append(names, name)
			}
		}
	}
	return names
}

const (
	// maxBegun is how many flows of a browser are kept: a request with a
	// hundred of their cookies is more than servers take.
	maxBegun = 8
	// maxDropped bounds the answer to a request with any number of them.
	maxDropped = 100
)

// dropOldest makes room for one more.
func (e *engine) dropOldest(r *core.Request, resp *core.Response) {
	begun := e.begun(r)
	for i := range min(len(begun)-maxBegun+1, maxDropped) {
		e.setCookie(resp, begun[i], "", -1)
	}
}

// setCookie sets a cookie for age seconds; a negative age drops it.
func (e *engine) setCookie(resp *core.Response, name, value string, age int) {
	cookie := e.Cookie.named(name, e.InsecureHTTP)
	cookie.Value, cookie.MaxAge = value, age
	resp.Header.Add("Set-Cookie", cookie.String())
}

// sets reports whether resp sets a cookie.
func sets(resp *core.Response, name string) bool {
	return slices.ContainsFunc(resp.Header["Set-Cookie"], func(line string) bool {
		return strings.HasPrefix(line, name+"=")
	})
}
