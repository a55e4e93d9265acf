package passwords

import (
	"net/http"

	"golang.org/x/text/secure/precis"

	"github.com/latchkey-go/latchkey/core"
)

// form returns the form of a password that is hashed: that of RFC 8265, section
// 4.2 (OpaqueString), in which one password has the same bytes whatever the
// keyboard. What that refuses, control characters and the like, is a refusal
// with a reason.
func (p *Passwords) form(password string) (string, error) {
	if p.Raw || password == "" { // the policy refuses an empty one
		return password, nil
	}
	normal, err := normalise(password)
	if err != nil {
		return "", &core.Error{
			Status: http.StatusBadRequest, Reason: "Password has characters that cannot be used",
			ReasonCode: "PASSWORD_INVALID", Cause: err,
		}
	}
	return normal, nil
}

// forms returns the forms in which a password may have been hashed, the likely
// one first: imported hashes are of the bytes that were typed.
func (p *Passwords) forms(password string) []string {
	normal, err := normalise(password)
	switch {
	case err != nil || normal == password:
		return []string{password}
	case p.Raw:
		return []string{password, normal}
	}
	return []string{normal, password}
}

func normalise(password string) (string, error) {
	for i := range len(password) {
		if c := password[i]; c < ' ' || c > '~' {
			return precis.OpaqueString.String(password)
		}
	}
	return password, nil
}
