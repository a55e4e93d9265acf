package providers

import (
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// checkAnswer returns an error unless the response is a success with strict
// JSON or without a body. It applies to every call, those of x/oauth2 and
// go-oidc too.
func checkAnswer(resp *http.Response, body []byte) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return statusError{resp.StatusCode, errorCode(body)}
	}
	if len(body) == 0 || isJWT(resp.Header) {
		return nil
	}
	resp.Header.Set("Content-Type", "application/json") // some services send text/plain, which x/oauth2 takes for a form
	_, err := outbound.ParseJSON(body)
	return err
}

// isJWT reports whether a userinfo response is signed (OpenID Connect Core,
// section 5.3.2).
func isJWT(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/jwt"
}

// statusError is a response that is not a success.
type statusError struct {
	status int
	code   string // "" if it has no known one
}

func (e statusError) Error() string {
	if e.code != "" {
		return fmt.Sprintf("the response is %d, %s", e.status, e.code)
	}
	return fmt.Sprintf("the response is %d", e.status)
}

func errorCode(body []byte) string {
	return knownCode(outbound.ErrorWord(body))
}

// knownCode returns code if it is one of RFC 6749, section 5.2, of GitHub or of
// Slack, and otherwise "": a foreign text may contain anything.
func knownCode(code string) string {
	if slices.Contains([]string{
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"bad_verification_code", "incorrect_client_credentials", "redirect_uri_mismatch", "invalid_code",
	}, code) {
		return code
	}
	return ""
}
