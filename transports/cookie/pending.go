package cookie

import (
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// pending returns the cookie of a login that waits for another proof: the name
// of the session's cookie with "-pending", and its attributes. It is always
// HttpOnly, even with InsecureScriptAccess.
func (t *Transport) pending() http.Cookie {
	c := t.cookie
	c.Name += "-pending"
	c.HttpOnly = true
	return c
}

// Hold stores the secret of a pending login in an HttpOnly cookie for age,
// rounded up to seconds. See core.Holder.
func (t *Transport) Hold(resp *core.Response, pending string, age time.Duration) {
	t.set(resp, t.pending(), pending, seconds(age))
}

// Held returns what Hold stored in the browser. It is "" for a request that
// Protect refuses, and if [core.CookieValue] returns an error.
func (t *Transport) Held(h core.Head) string {
	if t.Protect(h) != nil {
		return ""
	}
	value, err := core.CookieValue(h, t.pending().Name)
	if err != nil {
		return ""
	}
	return value
}

// Release makes the browser drop the pending login's cookie.
func (t *Transport) Release(resp *core.Response) { t.set(resp, t.pending(), "", -1) }
