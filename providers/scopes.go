package providers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scopeProblem returns what is wrong with the scopes: one is none of RFC 6749,
// section 3.3, or one is missing that the subject needs.
func (s service) scopeProblem() error {
	var errs []error
	for _, scope := range s.scopes {
		if scope == "" || strings.ContainsFunc(scope, foreign) {
			errs = append(errs, fmt.Errorf("the scope %q must be one word, each an argument of its own", scope))
		}
	}
	for _, scope := range s.neededScopes() {
		if !slices.Contains(s.scopes, scope) {
			errs = append(errs, fmt.Errorf("the scope %s is missing, without which there is no subject", scope))
		}
	}
	return errors.Join(errs...)
}

// foreign reports whether a scope cannot contain r.
func foreign(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' }

func (s service) neededScopes() []string {
	if s.openID {
		return append([]string{"openid"}, s.idScopes...)
	}
	return s.idScopes
}
