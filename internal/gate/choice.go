package gate

import (
	"context"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/glance"
)

// choice decides how many factors a login needs, and which will do.
type choice struct {
	factors  []factor
	waivers  []core.Waiver
	kinds    core.ProofKinds
	required func(context.Context, core.AnyUser) (bool, error) // nil: of nobody
}

// factor is a core.Factor with what else it is; offers and enrols may be nil.
type factor struct {
	core.Factor
	offers core.Offerer
	enrols core.Enroller
	last   bool // core.LastResort
}

func newChoice(flows []core.Flow, required func(context.Context, core.AnyUser) (bool, error)) choice {
	c := choice{kinds: core.ProofKinds{}, required: required}
	for _, f := range flows {
		if w, ok := core.As[core.Waiver](f); ok {
			c.waivers = append(c.waivers, w)
		}
		one, ok := core.As[core.Factor](f)
		if !ok {
			continue
		}
		found := factor{Factor: one}
		found.offers, _ = core.As[core.Offerer](f)
		found.enrols, _ = core.As[core.Enroller](f)
		if l, ok := core.As[core.LastResort](f); ok {
			found.last = l.LastResort()
		}
		c.factors = append(c.factors, found)
		if k, ok := core.As[core.Kinder](f); ok {
			c.kinds[one.Method()] = k.Kind()
		}
	}
	return c
}

// Kinds returns those of the factors that say theirs.
func (c choice) Kinds() core.ProofKinds { return c.kinds }

// Factors reports how many flows are a factor.
func (c choice) Factors() int { return len(c.factors) }

// Enrols reports whether a factor can be got inside a pending login.
func (c choice) Enrols() bool {
	return slices.ContainsFunc(c.factors, func(f factor) bool { return f.enrols != nil })
}

// lack is what a login needs beyond its proofs: one of factors, or where enrol
// is not nil, the enrolment of one of those.
type lack struct{ factors, enrol []string }

func (l lack) any() bool { return l.factors != nil || l.enrol != nil }

// lacks returns what an attempt with these proofs needs, unless a waiver spares
// it. Nothing spares an enrolment.
func (c choice) lacks(ctx context.Context, a core.Attempt, done []core.Proof) (lack, error) {
	missing, err := c.missing(ctx, a.User, done)
	if err != nil || missing.factors == nil {
		return missing, err
	}
	for _, w := range c.waivers {
		if waived, err := w.Waives(ctx, a); err != nil || waived {
			return lack{}, err
		}
	}
	return missing, nil
}

// missing is lacks without waivers.
func (c choice) missing(ctx context.Context, u core.AnyUser, done []core.Proof) (lack, error) {
	ctx = glance.At(ctx, u.Base().ID) // one query, whatever the factors look for
	choices, err := c.Asked(ctx, u, done)
	if err != nil || choices != nil || c.required == nil || c.kinds.Strong(done) {
		return lack{factors: choices}, err
	}
	required, err := c.required(ctx, u)
	if err != nil || !required {
		return lack{}, err
	}
	if choices, err = c.offered(ctx, u, done); err != nil || choices != nil {
		return lack{factors: choices}, err
	}
	enrol := []string{} // not nil: there may be nothing that this user can get
	for _, f := range c.factors {
		if f.enrols == nil {
			continue
		}
		can, err := f.enrols.Enrols(ctx, u)
		if err != nil {
			return lack{}, err
		}
		if can {
			enrol = append(enrol, f.Method())
		}
	}
	return lack{enrol: enrol}, nil
}

// Asked returns the methods of the factors that ask, and if any does, of those
// that offer themselves beside them; else nil.
func (c choice) Asked(ctx context.Context, u core.AnyUser, done []core.Proof) (methods []string, err error) {
	ctx = glance.At(ctx, u.Base().ID)
	methods, err = c.asking(ctx, u, done, false)
	if err == nil && methods == nil && !c.kinds.Strong(done) {
		methods, err = c.asking(ctx, u, done, true)
	}
	if err != nil || methods == nil {
		return nil, err
	}
	offered, err := c.offered(ctx, u, done)
	for _, m := range offered {
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	return methods, err
}

// suffices reports whether one more proof may be this one: by a last resort
// only where no better factor asks that was not proved, which a session may
// have been spared. Proofs that were made elsewhere do not count.
func (c choice) suffices(ctx context.Context, u core.AnyUser, done []core.Proof, proof core.Proof) (bool, error) {
	if !slices.ContainsFunc(c.factors, func(f factor) bool { return f.last && f.Method() == proof.Method }) {
		return true, nil
	}
	done = core.MadeHere(done)
	if len(done) == 0 {
		done = []core.Proof{proof}
	}
	better, err := c.asking(ctx, u, done, false)
	return !slices.ContainsFunc(better, func(method string) bool {
		return !slices.ContainsFunc(done, func(p core.Proof) bool { return p.Method == method })
	}), err
}

// asking returns the methods of the factors that ask, of those that are a last
// resort or of the others.
func (c choice) asking(
	ctx context.Context, u core.AnyUser, done []core.Proof, last bool,
) (methods []string, err error) {
	for _, f := range c.factors {
		if f.last != last {
			continue
		}
		asks, err := f.Asks(ctx, u, done)
		if err != nil {
			return nil, err
		}
		if asks {
			methods = append(methods, f.Method())
		}
	}
	return methods, nil
}

// offered returns the methods that the user may choose, but for those that are
// proved already.
func (c choice) offered(ctx context.Context, u core.AnyUser, done []core.Proof) (methods []string, err error) {
	for _, f := range c.factors {
		proved := slices.ContainsFunc(done, func(p core.Proof) bool { return p.Method == f.Method() })
		if f.offers == nil || proved {
			continue
		}
		offers, err := f.offers.Offers(ctx, u, done)
		if err != nil {
			return nil, err
		}
		if offers {
			methods = append(methods, f.Method())
		}
	}
	return methods, nil
}
