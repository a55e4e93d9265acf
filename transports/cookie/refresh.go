package cookie

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

var _ core.RefreshCarrier = (*Transport)(nil)

// refresh returns the cookie of the refresh token. Only the routes below
// RefreshPath get it, and never from another site, unless the application is
// embedded in one (SameSite=None). It is of this host alone, and always
// HttpOnly, even with InsecureScriptAccess. A path excludes __Host-.
func (o Options) refresh() http.Cookie {
	if o.RefreshPath == "" {
		return http.Cookie{}
	}
	c := o.cookie()
	for _, prefix := range []string{"__Host-", "__Secure-"} {
		if hasPrefix(c.Name, prefix) {
			c.Name = c.Name[len(prefix):]
		}
	}
	c.Name += "-refresh"
	switch {
	case !c.Secure:
	case o.RefreshPath == "/":
		c.Name = "__Host-" + c.Name
	default:
		c.Name = "__Secure-" + c.Name
	}
	c.Path, c.Domain, c.HttpOnly = o.RefreshPath, "", true
	if c.SameSite != http.SameSiteNoneMode {
		c.SameSite = http.SameSiteStrictMode
	}
	return c
}

func (o Options) checkRefresh() error {
	c := o.refresh()
	err := c.Valid()
	switch {
	case o.RefreshPath == "":
		return nil
	case !strings.HasPrefix(o.RefreshPath, "/") || o.RefreshPath != "/" && strings.HasSuffix(o.RefreshPath, "/"):
		return fmt.Errorf("cookie: RefreshPath %q must begin with a slash and not end with one, as a group's prefix does", o.RefreshPath)
	case err != nil:
		return fmt.Errorf("cookie: RefreshPath: %w", err)
	}
	return nil
}

// CarriesRefresh reports whether Options.RefreshPath is set.
func (t *Transport) CarriesRefresh() bool { return t.refresh.Name != "" }

// ExtractRefresh returns the refresh token. Its errors are those of Extract; it
// is core.ErrNoCredential without Options.RefreshPath.
func (t *Transport) ExtractRefresh(h core.Head) (string, error) {
	if !t.CarriesRefresh() {
		return "", core.ErrNoCredential
	}
	token, err := core.CookieValue(h, t.refresh.Name)
	if err != nil {
		if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
			return "", t.refreshForgotten(refusal)
		}
		return "", err
	}
	if err := t.Protect(h); err != nil {
		return "", err
	}
	return token, nil
}

// attachRefresh sets the refresh token's cookie, if there is one.
func (t *Transport) attachRefresh(resp *core.Response, token core.Token) {
	if !t.CarriesRefresh() || token.Refresh == "" {
		return
	}
	age := 0
	if !token.RefreshExpires.IsZero() && !token.Brief {
		age = cmp.Or(max(seconds(token.RefreshExpires.Sub(t.now())), 0), -1)
	}
	t.put(resp, t.refresh, token.Refresh, age, nil)
}

func (t *Transport) clearRefresh(resp *core.Response) {
	if t.CarriesRefresh() {
		t.put(resp, t.refresh, "", -1, nil)
	}
}

// refreshForgotten returns a refusal whose answer makes the browser drop the
// refresh token's cookie, at RefreshPath and at every path above it, where it
// may be from before RefreshPath was changed.
func (t *Transport) refreshForgotten(refusal *core.Error) *core.Error {
	resp := core.Empty(0)
	var above []Form
	for path := t.refresh.Path; path != "/" && path != ""; {
		path = path[:strings.LastIndexByte(path, '/')]
		above = append(above, Form{Path: cmp.Or(path, "/"), Partitioned: t.refresh.Partitioned})
	}
	t.put(resp, t.refresh, "", -1, above)
	answer := *refusal
	answer.Header = resp.Header
	return &answer
}
