package outbound

import "net/http"

// CodeRefused reports whether the answer of a token endpoint is about the code,
// and not about the client: by its error (RFC 6749, section 5.2, and GitHub's
// and Slack's words) or, as of some services, by a 400 without a known one.
func CodeRefused(status int, word string) bool {
	switch word {
	case "invalid_grant", "bad_verification_code", "invalid_code":
		return true
	case "", "invalid_request":
		return status == http.StatusBadRequest
	}
	return false
}

// ErrorWord is the member error of an answer, "" if it has none that is text.
func ErrorWord(body []byte) string {
	answer, err := ParseObject(body)
	if err != nil {
		return ""
	}
	word, _ := answer["error"].(string)
	return word
}
