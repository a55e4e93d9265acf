package core

import (
	"net/textproto"
	"strings"
)

// Bytes that are looked at, at most. Browsers keep 4096 of a cookie; a JWT that
// outgrows maxToken carries what does not belong in one.
const (
	maxToken   = 8 << 10
	maxCookies = 64 << 10 // of all Cookie lines together
)

// BearerToken returns the token of the request's Authorization line (RFC 6750,
// section 2.1), a part of that line.
//
// Without a line, or with another scheme, it is ErrNoCredential. The scheme's
// letter case does not matter. With two lines or more it is *Error 400
// DUPLICATE_CREDENTIALS. ErrInvalid is what cannot be a token: none at all,
// several joined by commas, anything but one space before it, characters
// outside the RFC's b64token, more than 8 KiB (which are not looked at).
func BearerToken(h Head) (string, error) {
	lines := h.Lines("Authorization")
	if len(lines) == 0 {
		return "", ErrNoCredential
	}
	if len(lines) > 1 {
		return "", Refuse(CodeDuplicateCredentials)
	}
	// As nearly every client writes it; what is not such a token is looked
	// at again.
	token, usual := strings.CutPrefix(lines[0], "Bearer ")
	if usual && len(token) <= maxToken && isB64Token(token) {
		return token, nil
	}
	scheme, token, _ := strings.Cut(textproto.TrimString(lines[0]), " ")
	if scheme != "Bearer" && !strings.EqualFold(scheme, "Bearer") {
		return "", ErrNoCredential
	}
	if err := TokenForm(token); err != nil {
		return "", err
	}
	return token, nil
}

// TokenForm returns ErrInvalid unless token has the form of a bearer token: a
// b64token (RFC 6750, section 2.1) of at most 8 KiB. BearerToken checks it. It
// is for transports with a header of their own, and for strategies that parse
// what they are given: no blank, quote, comma, control character or letter
// beyond ASCII is left.
func TokenForm(token string) error {
	if len(token) > maxToken || !isB64Token(token) {
		return ErrInvalid
	}
	return nil
}

// isB64Token reports whether s is a b64token (RFC 6750): letters, digits and -
// . _ ~ + /, at least one, and then any number of =.
//
// Every request's token is looked through: a table and no branches, because for
// a cached JWT it is a sixth of the request.
func isB64Token(s string) bool {
	s = strings.TrimRight(s, "=")
	if s == "" {
		return false
	}
	strange := byte(0)
	for len(s) >= 8 {
		c := s[:8]
		strange |= notB64Token[c[0]] | notB64Token[c[1]] | notB64Token[c[2]] | notB64Token[c[3]] |
			notB64Token[c[4]] | notB64Token[c[5]] | notB64Token[c[6]] | notB64Token[c[7]]
		s = s[8:]
	}
	for i := range len(s) {
		strange |= notB64Token[s[i]]
	}
	return strange == 0
}

// notB64Token is 1 for the characters that a token must not have.
var notB64Token = func() (out [256]byte) {
	for c := range out {
		out[c] = 1
	}
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/") {
		out[c] = 0
	}
	return out
}()

// CookieValue returns the value of the cookie of that exact name, a part of its
// Cookie line, as it was sent: nothing is unquoted or decoded.
//
// Without one, or with an empty one, it is ErrNoCredential. With two of the
// name, in one line or in several, it is *Error 400 DUPLICATE_CREDENTIALS: a
// neighbour under the same domain can plant a second one ("cookie tossing").
// ErrInvalid is a value with characters outside RFC 6265's cookie-octet or of
// more than 8 KiB, and any request with more than 64 KiB of cookies.
func CookieValue(h Head, name string) (string, error) {
	found, value, size := false, "", 0
	for _, line := range h.Lines("Cookie") {
		if size += len(line); size > maxCookies {
			return "", ErrInvalid
		}
		for pair := range strings.SplitSeq(line, ";") {
			v, ok := cookieNamed(pair, name)
			if ok && found {
				return "", Refuse(CodeDuplicateCredentials)
			}
			if ok {
				found, value = true, v
			}
		}
	}
	if value == "" {
		return "", ErrNoCredential
	}
	if len(value) > maxToken || !isCookieOctets(value) {
		return "", ErrInvalid
	}
	return value, nil
}

// cookieNamed returns the value of a pair of that name. White space around the
// pair is not part of it (RFC 6265bis, section 5.7).
func cookieNamed(pair, name string) (string, bool) {
	value, ok := strings.CutPrefix(strings.Trim(pair, " \t"), name)
	if !ok {
		return "", false
	}
	return strings.CutPrefix(value, "=")
}

// isCookieOctets reports whether s is printable ASCII without space, quote,
// comma, semicolon and backslash.
func isCookieOctets(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == ',' || c == ';' || c == '\\' {
			return false
		}
	}
	return true
}
