package providers

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// checkAnswer returns an error unless the response is a success with strict
// JSON or without a body. It applies to every call, those of x/oauth2 and
// go-oidc too. An answer with a token is returned as x/oauth2 can read it.
func checkAnswer(resp *http.Response, body []byte) ([]byte, error) {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, statusError{resp.StatusCode, errorCode(body)}
	}
	if len(body) == 0 || isJWT(resp.Header) {
		return body, nil
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media == "text/html" {
		return nil, errPage
	}
	resp.Header.Set("Content-Type", "application/json") // some services send text/plain, which x/oauth2 takes for a form
	if resp.Request.Context().Value(keysKey{}) != nil { // whose reader is strict with each key alone
		return body, nil
	}
	if token := formToken(media, body); token != nil {
		return json.Marshal(token)
	}
	answer, err := outbound.ParseJSON(body)
	if token, ok := answer.(map[string]any); ok && token["access_token"] != nil {
		return json.Marshal(readableToken(token))
	}
	return body, err
}

var errPage = errors.New("the response is an HTML page")

// formToken is the answer of a token endpoint that writes a form, as Stack
// Exchange's does, with the members of RFC 6749, section 5.1; nil for any other
// answer.
func formToken(media string, body []byte) map[string]any {
	if media != "application/x-www-form-urlencoded" && media != "text/plain" || json.Valid(body) {
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("access_token") == "" {
		return nil
	}
	token := map[string]any{"token_type": "Bearer"}
	for name, values := range form {
		if len(values) > 1 {
			return nil
		}
		token[name] = values[0]
	}
	if token["expires_in"] == nil {
		token["expires_in"] = token["expires"]
	}
	return readableToken(token)
}

// readableToken makes the lifetime of a token a whole number of seconds, and
// leaves it out where it is none: it is only recommended (RFC 6749, section
// 5.1), and nobody is kept out because of it. The other members that a login
// does not need are left out where they are no text.
func readableToken(token map[string]any) map[string]any {
	for _, name := range []string{"token_type", "refresh_token", "error", "error_description", "error_uri"} {
		if _, ok := token[name].(string); !ok {
			delete(token, name)
		}
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(token["expires_in"])), 64)
	delete(token, "expires_in")
	if err == nil && seconds >= 1 && seconds <= math.MaxInt32 {
		token["expires_in"] = int64(seconds)
	}
	return token
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
