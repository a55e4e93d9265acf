package providers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
)

var (
	errPlainHTTP = errors.New("the URL is not https")
	errTooLarge  = errors.New("the answer is larger than 1 MiB")
)

// answers is the transport of every call, those of x/oauth2 and go-oidc too. It reads an answer whole, within its bounds, before anybody parses
// it. What is not a success with strict JSON is an error, a redirect too, so http.Client has none to follow.
type answers struct {
	https, http *http.Transport // http is nil unless InsecureLoopback
}

// RoundTrip is that of http.RoundTripper.
func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	transport := a.https
	if req.URL.Scheme != "https" {
		transport = a.http
	}
	if transport == nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errPlainHTTP
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", "latchkey")
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := readAnswer(resp)
	if err != nil {
		return nil, err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func readAnswer(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, errTooLarge
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, statusError{resp.StatusCode, errorCode(body)}
	case len(body) == 0 || isJWT(resp.Header):
		return body, nil
	}
	if _, err := parse(body); err != nil {
		return nil, err
	}
	resp.Header.Set("Content-Type", "application/json") // some say text/plain, which x/oauth2 takes for a form
	return body, nil
}

// isJWT tells a signed userinfo answer (OpenID Connect Core, section 5.3.2).
func isJWT(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/jwt"
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	code   string // "" if it has none that is known
}

func (e statusError) Error() string {
	if e.code != "" {
		return fmt.Sprintf("the answer is %d, %s", e.status, e.code)
	}
	return fmt.Sprintf("the answer is %d", e.status)
}

func errorCode(body []byte) string {
	answer, err := parse(body)
	if err != nil {
		return ""
	}
	code, _ := at(answer, "error").(string)
	return knownCode(code)
}

// knownCode lets pass the codes of RFC 6749, section 5.2, and GitHub's: a foreign text may hold anything.
func knownCode(code string) string {
	if slices.Contains([]string{
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"bad_verification_code", "incorrect_client_credentials", "redirect_uri_mismatch",
	}, code) {
		return code
	}
	return ""
}
