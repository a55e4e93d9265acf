package cookie

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "__Host-latchkey"
		if o.InsecureHTTP {
			o.Name = "latchkey"
		}
	}
	if o.Path == "" {
		o.Path = "/"
	}
	if o.SameSite == 0 {
		o.SameSite = http.SameSiteLaxMode
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// cookie returns the attributes that all Set-Cookie lines share.
func (o Options) cookie() http.Cookie {
	return http.Cookie{
		Name: o.Name, Path: o.Path, Domain: o.Domain, SameSite: o.SameSite,
		Secure: !o.InsecureHTTP, HttpOnly: !o.InsecureScriptAccess, Partitioned: o.Partitioned,
	}
}

// check returns an error for everything that a browser would refuse, or that
// would not do what it seems to (RFC 6265bis, section 4.1.3, for the prefixes).
func (o Options) check() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("cookie: "+format, args...))
		}
	}
	errs = append(errs, o.form().check("", o.cookie()))
	wrong(o.MaxAge < 0, "MaxAge %v is negative", o.MaxAge)

	prefixed := hasPrefix(o.Name, "__Host-") || hasPrefix(o.Name, "__Secure-")
	wrong(prefixed && o.InsecureHTTP, "the name %s excludes InsecureHTTP", o.Name)

	switch o.SameSite {
	case http.SameSiteLaxMode, http.SameSiteStrictMode:
	case http.SameSiteNoneMode:
		wrong(o.InsecureHTTP, "SameSite=None excludes InsecureHTTP")
	default:
		wrong(true, "SameSite must be Lax, Strict or None")
	}
	wrong(o.Partitioned && o.SameSite != http.SameSiteNoneMode, "Partitioned requires SameSite None")
	for _, origin := range o.TrustedOrigins {
		wrong(!isOrigin(origin), "TrustedOrigins: %q is not scheme://host[:port] in lower case, without a default port",
			origin)
	}
	return errors.Join(append(errs, o.checkFormer(), o.checkRefresh())...)
}

// hasPrefix ignores letter case, as browsers do for these prefixes.
func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

var origin = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?$`)

// isOrigin reports whether s is spelled exactly as browsers spell an origin of
// http, https, or of an application in a web view (capacitor://localhost,
// tauri://localhost, chrome-extension://…); any other spelling would never
// match. Browsers have no origin but null for documents of some schemes.
func isOrigin(s string) bool {
	parts := origin.FindStringSubmatch(s)
	if parts == nil {
		return false
	}
	switch scheme, port := parts[1], parts[3]; scheme {
	case "about", "blob", "data", "file", "filesystem", "javascript":
		return false
	case "https":
		return port != ":443"
	case "http":
		return port != ":80"
	}
	return true
}
