package resolve

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// scopesOf returns the scopes that guards name, each once. It panics for one
// that no challenge could carry.
func scopesOf(guards []core.Guard) (scopes []string) {
	for _, g := range guards {
		if g.Scope == "" || slices.Contains(scopes, g.Scope) {
			continue
		}
		if strings.ContainsFunc(g.Scope, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
			panic(fmt.Sprintf("latchkey: the scope %q is no scope-token of RFC 6749", g.Scope))
		}
		scopes = append(scopes, g.Scope)
	}
	return scopes
}

// InScope refuses a session with Scopes where guards name none, or one that it
// lacks.
func (r *Resolver) InScope(s *core.Session, guards []core.Guard) error {
	return r.inScope(s, scopesOf(guards))
}

func (r *Resolver) inScope(s *core.Session, scopes []string) error {
	if s.Scopes == nil {
		return nil
	}
	lacks := func(scope string) bool { return !slices.Contains(s.Scopes, scope) }
	if len(scopes) > 0 && !slices.ContainsFunc(scopes, lacks) {
		return nil
	}
	refusal := &core.Error{Code: core.CodeInsufficientScope, Status: http.StatusForbidden}
	if r.challenges(s.Backend) {
		challenge := `Bearer error="insufficient_scope"`
		if len(scopes) > 0 {
			challenge += `, scope="` + strings.Join(scopes, " ") + `"`
		}
		refusal.Header = http.Header{"Www-Authenticate": {challenge}}
	}
	return refusal
}

// challenges reports whether a backend's tokens travel as RFC 6750 has it,
// whose section 3.1 the challenge is from.
func (r *Resolver) challenges(backend string) bool {
	for _, b := range r.Backends {
		if c, ok := core.As[core.Challenger](b.Transport); ok && b.Name == backend {
			scheme, _, _ := strings.Cut(c.Challenge(true), " ")
			return strings.EqualFold(scheme, "Bearer")
		}
	}
	return false
}
