package resolve

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// proved is a guard's condition on the proofs of a session.
func (p *plan) proved(g core.Guard, s *core.Session) error {
	at := s.Proved(g.Methods...)
	ok := !at.IsZero() && (g.MaxAge == 0 || p.Now().Sub(at) <= g.MaxAge) &&
		(!g.Strong || p.Kinds.Strong(core.MadeHere(s.Proofs)))
	return core.RequireProof(ok, g.MaxAge, g.Methods)
}

// Challenged is err, where that is a PROOF_REQUIRED, with the challenge of the
// transport through which the caller's credential came (RFC 9470, section 3;
// RFC 9110, section 11.6.1, allows one in any response).
func (r *Resolver) Challenged(c *core.Current, err error) error {
	var refusal *core.Error
	if c == nil || c.Session == nil || !errors.As(err, &refusal) || refusal.Code != core.CodeProofRequired {
		return err
	}
	for _, b := range r.Backends {
		challenger, ok := core.As[core.ProofChallenger](b.Transport)
		if b.Name != c.Session.Backend || !ok {
			continue
		}
		methods, _ := refusal.Members["methods"].([]string)
		seconds, _ := refusal.Members["max_age"].(int64)
		answer := *refusal
		answer.Header = refusal.Header.Clone()
		if answer.Header == nil {
			answer.Header = http.Header{}
		}
		answer.Header.Set("WWW-Authenticate", challenger.ChallengeProof(time.Duration(seconds)*time.Second, methods))
		return &answer
	}
	return err
}
