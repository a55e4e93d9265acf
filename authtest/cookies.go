package authtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// keep keeps the cookies of an answer, in place of those that a browser
// considers the same (RFC 6265, section 5.3: name, domain, path).
func (c *Client) keep(header http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range header["Set-Cookie"] {
		set, err := http.ParseSetCookie(line)
		if err != nil {
			continue // neither would a browser
		}
		c.kept = slices.DeleteFunc(c.kept, func(old *http.Cookie) bool {
			return old.Name == set.Name && old.Domain == set.Domain && old.Path == set.Path
		})
		if set.MaxAge >= 0 && (set.Expires.IsZero() || set.MaxAge > 0 || set.Expires.After(time.Now())) {
			c.kept, c.known = append(c.kept, set), true
		}
	}
}

// attach adds the cookies of a request's path. A cookie whose time is over is
// sent nevertheless, as a thief would: it is the server that must refuse it.
// c.mu is held.
func (c *Client) attach(r *http.Request) {
	var pairs []string
	for _, old := range r.Cookies() {
		if !slices.ContainsFunc(c.kept, func(k *http.Cookie) bool { return k.Name == old.Name }) {
			pairs = append(pairs, old.Name+"="+old.Value)
		}
	}
	for _, k := range c.kept {
		if covers(k.Path, r.URL.Path) {
			pairs = append(pairs, k.Name+"="+k.Value)
		}
	}
	if len(pairs) > 0 {
		r.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
}

// covers is the path-match of RFC 6265, section 5.1.4.
func covers(cookie, path string) bool {
	return cookie == "" || cookie == path || strings.HasPrefix(path, strings.TrimSuffix(cookie, "/")+"/")
}
