package oauth

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// redirect returns where a flow sends the browser at its end, and the challenge
// of the application that will exchange the code there (RFC 7636; S256 alone).
// Both are "" without redirect_to. The challenge may be left out where the
// target is http or https, for then the flow's cookie binds the code; any
// application can claim another scheme (RFC 8252, section 8.1). It is a 422 for
// everything else.
func (e *engine) redirect(query url.Values) (target, challenge string, err error) {
	if !query.Has("redirect_to") {
		return "", "", nil
	}
	target = query.Get("redirect_to")
	if !e.mayRedirect(target) {
		return "", "", badQuery("redirect_to",
			"it must be a path that begins with one slash, a URL on an allowed origin, or an application's that is allowed")
	}
	if method := query["code_challenge_method"]; method != nil && !slices.Equal(method, []string{"S256"}) {
		return "", "", badQuery("code_challenge_method", "it must be S256")
	}
	switch given := query["code_challenge"]; {
	case len(given) == 0 && overHTTP(target):
		return target, "", nil
	case len(given) != 1 || !isChallenge(given[0]):
		return "", "", badQuery("code_challenge", "it must be the SHA-256 of the verifier, as 43 characters of base64url")
	default:
		return target, given[0], nil
	}
}

func isChallenge(s string) bool {
	digest, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(digest) == 32 && len(s) == core.SecretLen
}

// overHTTP reports whether a browser opens the target over http or https.
func overHTTP(target string) bool {
	return strings.HasPrefix(target, "/") || strings.HasPrefix(target, "https://") || strings.HasPrefix(target, "http://")
}

func badQuery(name, msg string) error {
	return core.Invalid(core.Problem{Loc: []any{"query", name}, Type: "value_error", Msg: "Value error, " + msg})
}

// mayRedirect allows a path on the same origin, a URL on an origin of
// Options.RedirectOrigins, or exactly the URL of a native application. What a
// browser may read otherwise than we do (backslashes, white space, control
// characters, anything beyond ASCII) is refused, and so is a path that is not
// plain (CWE-601); see core.LocalPath.
func (e *engine) mayRedirect(target string) bool {
	if slices.Contains(e.apps, target) || core.LocalPath(target) {
		return true
	}
	if len(target) > 2000 || strings.ContainsFunc(target, notPlain) {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" || u.Path != "" && !core.LocalPath(u.EscapedPath()) {
		return false
	}
	origin := u.Scheme + "://" + u.Host
	return slices.Contains(e.RedirectOrigins, origin) && (target == origin || strings.HasPrefix(target, origin+"/"))
}

// notVisits are schemes of which a browser makes something else than a visit to
// an application that waits for a code: it runs them, shows them, or hands them
// to any application of the device.
var notVisits = []string{
	"about", "blob", "chrome", "content", "cid", "data", "feed", "file", "filesystem", "ftp", "intent", "jar", "javascript",
	"livescript", "mailto", "mid", "mocha", "resource", "sms", "smsto", "tel", "urn", "vbscript", "view-source", "ws", "wss",
}

// isApp reports whether one of Options.RedirectOrigins is no origin but a URL
// of a native application: it has another scheme than http and https. A number
// after the colon is a port, of an origin that lacks its scheme.
func isApp(s string) bool {
	u, err := url.Parse(s)
	port := err == nil && u.Opaque != "" && u.Opaque[0] >= '0' && u.Opaque[0] <= '9'
	return err == nil && u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http" && !port
}

// checkApp returns what is wrong with the URL of a native application.
func checkApp(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return err // isApp has parsed it before
	case slices.Contains(notVisits, u.Scheme):
		return fmt.Errorf("oauth: RedirectOrigins: %q: browsers do not visit URLs of the scheme %s; use one of the application's own",
			s, u.Scheme)
	case !strings.HasPrefix(s, u.Scheme+":"):
		return fmt.Errorf("oauth: RedirectOrigins: the scheme of %q must be in lower case, as browsers write it", s)
	case len(s) > maxTarget || strings.ContainsFunc(s, notPlain):
		return fmt.Errorf("oauth: RedirectOrigins: %.40q must be at most %d bytes of printable ASCII, without backslashes", s,
			maxTarget)
	case strings.Contains(s, "#") || u.User != nil: // RFC 6749, section 3.1.2
		return fmt.Errorf("oauth: RedirectOrigins: %q must have no fragment and no user", s)
	}
	return nil
}

// notPlain reports what a browser may read otherwise than we do.
func notPlain(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }

// back makes resp a 303 to the application's page, with a parameter in place of
// one that the page's URL has of that name, and without the error of an attempt
// before: a page may begin again with the URL that it came back to. All else of
// the URL stays as it is spelled, which native applications may compare.
func back(resp *core.Response, target, name, value string) {
	page, fragment, hasFragment := strings.Cut(target, "#")
	page, query, _ := strings.Cut(page, "?")
	q, _ := url.ParseQuery(query) // as far as it can be read
	if name != "" || q.Has("error") {
		q.Del("error")
		if name != "" {
			q.Set(name, value)
		}
		target = page
		if len(q) > 0 {
			target += "?" + q.Encode()
		}
		if hasFragment {
			target += "#" + fragment
		}
	}
	resp.Drop(http.StatusSeeOther)
	resp.Header.Set("Location", target)
}
