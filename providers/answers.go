package providers

import (
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// checkAnswer lets pass a success with strict JSON, or without a body, for
// every call: those of x/oauth2 and go-oidc too.
func checkAnswer(resp *http.Response, body []byte) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return statusError{resp.StatusCode, errorCode(body)}
	}
	if len(body) == 0 || isJWT(resp.Header) {
		return nil
	}
	resp.Header.Set("Content-Type", "application/json") // some say text/plain, which x/oauth2 takes for a form
	_, err := outbound.ParseJSON(body)
	return err
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
	return knownCode(outbound.ErrorWord(body))
}

// knownCode lets pass the codes of RFC 6749, section 5.2, GitHub's and Slack's:
// a foreign text may hold anything.
func knownCode(code string) string {
	if slices.Contains([]string{
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"bad_verification_code", "incorrect_client_credentials", "redirect_uri_mismatch", "invalid_code",
	}, code) {
		return code
	}
	return ""
}
