package providers

import (
	"errors"
	"fmt"
)

// The methods of client authentication (OpenID Connect Core, section 9).
const (
	secretBasic = "client_secret_basic"
	secretPost  = "client_secret_post"
	noSecret    = "none"
)

// basic reports whether the secret goes into the header: as was chosen, or else
// as the service has it.
func (s service) basic(otherwise bool) bool {
	if s.clientAuth == "" {
		return otherwise
	}
	return s.clientAuth == secretBasic
}

// authProblem returns what is wrong with the method that was chosen.
func (s service) authProblem() error {
	switch s.clientAuth {
	case "":
		return nil
	case secretBasic, secretPost, noSecret:
	default:
		return fmt.Errorf("the client authentication %q must be %s, %s or none", s.clientAuth, secretBasic, secretPost)
	}
	if len(s.faults) > 0 { // perhaps of the key that secrets are signed with
		return nil
	}
	secret, err := s.clientSecret(s.now())
	if err == nil && (secret == "") != (s.clientAuth == noSecret) {
		return errors.New("the client authentication none is for a client without a secret, and the others are not")
	}
	return err
}
