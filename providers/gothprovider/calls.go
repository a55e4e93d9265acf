package gothprovider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/outbound"
)

// calls is the transport of one operation. It carries its context and what its
// login must send. Only the operation's goroutine uses it.
type calls struct {
	outbound.Transport

	ctx                         context.Context
	code, verifier, redirectURI string // "" outside Finish
	proved                      bool   // the verifier was sent
	failure                     error  // of the last call
}

// unsuccessful is a response that is not a success. x/oauth2 then tries once
// more, with the secret in the other place.
type unsuccessful struct {
	status      int
	codeRefused bool // only meaningful for a response of the token endpoint
}

func (u unsuccessful) Error() string { return fmt.Sprintf("the response is %d", u.status) }

// RoundTrip implements http.RoundTripper. goth's requests have no context, so
// the operation's context cancels them. After a failure that is not one of the
// service's documented responses there are no more calls.
func (c *calls) RoundTrip(req *http.Request) (*http.Response, error) {
	if u := (unsuccessful{}); c.failure != nil && !errors.As(c.failure, &u) {
		outbound.CloseBody(req)
		return nil, c.failure
	}
	req = req.Clone(c.ctx)
	if c.failure = c.prove(req); c.failure != nil {
		return nil, c.failure
	}
	resp, err := c.Transport.RoundTrip(req)
	c.failure = err
	return resp, err
}

// prove adds PKCE's verifier (RFC 7636, section 4.5) and the authorization
// request's redirect URI to the request that exchanges the code.
func (c *calls) prove(req *http.Request) error {
	media, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if c.code == "" || req.Method != http.MethodPost || media != "application/x-www-form-urlencoded" || req.Body == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, outbound.MaxBody+1))
	_ = req.Body.Close()
	if err != nil || len(body) > outbound.MaxBody {
		return errors.New("the request has no readable body")
	}
	form, err := url.ParseQuery(string(body))
	if err == nil && form.Get("code") == c.code {
		form.Set("code_verifier", c.verifier)
		form.Set("redirect_uri", c.redirectURI)
		body = []byte(form.Encode())
		c.proved = true
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// The steps to which the service may refuse what was presented: a code, a
// refresh token.
const (
	authorize = "Authorize"
	refresh   = "RefreshToken"
)

// explain returns an error about goth's failure without goth's words, which may
// quote the service's response or a URL with a token.
func (c *calls) explain(step string) error {
	grant := map[string]error{authorize: core.ErrOAuthCodeRefused, refresh: core.ErrInvalid}[step]
	if u := (unsuccessful{}); grant != nil && errors.As(c.failure, &u) && u.codeRefused {
		return fmt.Errorf("%s: %w: %w", step, grant, c.failure)
	}
	if c.failure != nil {
		return fmt.Errorf("%s: %w", step, c.failure)
	}
	return fmt.Errorf("%s: goth's provider cannot use the response", step)
}
