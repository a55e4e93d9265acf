package authtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
)

// LogIn walks through a login at a provider that Provider has made: it visits
// begin, follows to the provider and back to the callback, and returns the
// callback's answer. The client keeps the cookies on the way, and the access
// token of the answer if it has one. With a client of As and the path of an
// association, it links the account.
//
// begin is the path that leads to the provider, such as
// "/auth/web/acme/authorize", with redirect_to or without. subject chooses one
// of the provider's people; "" is the first.
func (c *Client) LogIn(h http.Handler, begin, subject string) *httptest.ResponseRecorder {
	c.t.Helper()
	back, made := c.begin(h, begin)
	if subject != "" {
		if !slices.Contains(made.Subjects, subject) {
			c.t.Fatalf("authtest: LogIn: nobody at the provider has the subject %q; Provider was given %q", subject,
				made.Subjects)
		}
		made.Subject = subject
	}
	q := back.Query()
	q.Set("code", made.encode())
	back.RawQuery = q.Encode()
	w := c.Do(h, http.MethodGet, back.RequestURI(), "")
	c.take(w.Body.Bytes())
	return w
}

// Decline is LogIn by a person who presses "Cancel" at the provider.
func (c *Client) Decline(h http.Handler, begin string) *httptest.ResponseRecorder {
	c.t.Helper()
	back, _ := c.begin(h, begin)
	q := back.Query()
	q.Del("code")
	q.Set("error", "access_denied") // RFC 6749, section 4.1.2.1
	back.RawQuery = q.Encode()
	return c.Do(h, http.MethodGet, back.RequestURI(), "")
}

// begin begins a login, and returns the callback to which the provider leads,
// with its code.
func (c *Client) begin(h http.Handler, begin string) (*url.URL, code) {
	c.t.Helper()
	w := c.Do(h, http.MethodGet, begin, "")
	to := w.Header().Get("Location")
	if to == "" {
		var answer struct {
			To string `json:"authorization_url"`
		}
		_ = json.Unmarshal(w.Body.Bytes(), &answer)
		to = answer.To
	}
	if to == "" {
		c.t.Fatalf("authtest: GET %s answers %d %s and leads nowhere: mount auth.OAuth(provider, backend), and give the path "+
			"of its /authorize", begin, w.Code, w.Body)
	}
	u, err := url.Parse(to)
	if err != nil {
		c.t.Fatalf("authtest: GET %s leads to %q: %v", begin, to, err)
	}
	made, err := decode(u.Query().Get("code"))
	if err != nil || made.Redirect == "" {
		c.t.Fatalf("authtest: GET %s leads to %s%s, which is none of authtest.Provider's: put that into "+
			"oauth.Options.Providers of the test", begin, u.Host, u.Path)
	}
	return u, made
}
