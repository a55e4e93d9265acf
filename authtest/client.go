package authtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Client sends requests as one browser, or one API client, would: with the
// cookies that answers have set, and with the token of its login. It is safe
// for concurrent use, but for its fields.
type Client struct {
	// Header is sent with every request. A login at a bearer backend sets
	// Authorization.
	Header http.Header
	// Token is the login's, as the strategy issued it; "" for a client
	// that has no bearer token and that As did not make. It is for
	// transports of an application's own, whose client puts it where they
	// read it:
	//
	//	client.Header.Set("X-Token", client.Token)
	Token string
	// Refresh is the login's refresh token, "" where there is none, or
	// where it travels in a cookie. Renew replaces it.
	Refresh string

	t     testing.TB
	host  string
	login string // the backend, "" if As did not log in
	mu    sync.Mutex
	kept  []*http.Cookie
	known bool // whether there ever was a cookie or an access token
}

// NewClient returns a client that is not logged in: it does so by Do, or by
// LogIn.
func NewClient(t testing.TB) *Client { return &Client{t: t, Header: http.Header{}} }

// Request returns a request of the client, for ServeHTTP or fiber's App.Test.
// target is a path, with a query if need be. A body that is JSON is sent as
// JSON, any other one as a form. The context is the test's.
func (c *Client) Request(method, target, body string) *http.Request {
	c.t.Helper()
	r := c.request(method, target, body)
	switch {
	case body == "":
	case json.Valid([]byte(body)):
		r.Header.Set("Content-Type", "application/json")
	default:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	c.Apply(r)
	return r
}

func (c *Client) request(method, target, body string) *http.Request {
	c.t.Helper()
	defer func() {
		if recover() != nil { // httptest's
			c.t.Fatalf("authtest: %q %q is no request: use a method such as GET and a path such as /users/me", method, target)
		}
	}()
	r := httptest.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	if c.host != "" && strings.HasPrefix(target, "/") {
		r.Host = c.host
	}
	return r
}

// Do sends a request to a handler and keeps the cookies of the answer. See
// Request.
func (c *Client) Do(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	c.t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, c.Request(method, target, body))
	c.keep(w.Header())
	return w
}

// Renew posts the client's refresh token to a path, such as
// "/auth/mobile/refresh", as clients do whose access token has expired, keeps
// the tokens of the answer, and returns it.
func (c *Client) Renew(h http.Handler, path string) *httptest.ResponseRecorder {
	c.t.Helper()
	body := ""
	if c.Refresh != "" {
		body = url.Values{"refresh_token": {c.Refresh}}.Encode()
	}
	w := c.Do(h, http.MethodPost, path, body)
	if w.Code == http.StatusOK {
		c.take(w.Body.Bytes())
	}
	return w
}

// Apply adds the client's header lines and cookies to a request.
func (c *Client) Apply(r *http.Request) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.login != "" && !c.known && len(c.Header) == 0 {
		c.t.Fatalf("authtest: the login at backend %q answers with neither a cookie nor an access_token: "+
			"put client.Token where its transport reads it, as by client.Header.Set(\"X-Token\", client.Token)", c.login)
	}
	for name, lines := range c.Header {
		r.Header[http.CanonicalHeaderKey(name)] = append([]string(nil), lines...)
	}
	c.attach(r)
}

// Keep keeps the cookies of an answer to a request that Do did not send, as
// fiber's App.Test. It leaves the body alone.
func (c *Client) Keep(resp *http.Response) { c.keep(resp.Header) }

// HTTP returns an http.Client for a server that listens, such as that of
// httptest.NewServer. It sends what the client has to wherever it is led.
func (c *Client) HTTP() *http.Client { return &http.Client{Transport: overHTTP{c}} }

// overHTTP is a Client as an http.RoundTripper.
type overHTTP struct{ *Client }

// RoundTrip implements http.RoundTripper.
func (c overHTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	c.Apply(r)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		c.Keep(resp)
	}
	return resp, err
}

// take makes the tokens of a login's answer those of the client, if the body
// has them.
func (c *Client) take(body []byte) {
	var answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.AccessToken == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Header.Set("Authorization", "Bearer "+answer.AccessToken)
	c.Token, c.Refresh, c.known = answer.AccessToken, answer.RefreshToken, true
}
