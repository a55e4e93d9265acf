package latchkey

import (
	"context"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/gate"
)

// security implements core.Security over the flows.
type security struct {
	purgers  []purger
	kept     core.CredentialStore // nil if there is none
	ways     []core.Way
	door     *gate.Gate
	recheck  rechecker
	mailed   bool // a mail proves who a user is
	freshFor time.Duration
	now      func() time.Time
}

// purger is a flow that is one, with what else it is.
type purger struct {
	core.Purger
	name   string
	marker core.Marker // nil if it is none
	keeps  bool        // it is a core.Keeper
}

func newSecurity(
	flows []Flow, kept core.CredentialStore, door *gate.Gate, recheck rechecker, freshFor time.Duration,
	now func() time.Time,
) *security {
	s := &security{kept: kept, door: door, recheck: recheck, freshFor: freshFor, now: now}
	for _, f := range flows {
		if p, ok := core.As[core.Purger](f); ok {
			marker, _ := core.As[core.Marker](f)
			_, keeps := core.As[core.Keeper](f)
			s.purgers = append(s.purgers, purger{p, f.Name(), marker, keeps})
		}
		if w, ok := core.As[core.Way](f); ok {
			s.ways = append(s.ways, w)
		}
		if one, ok := core.As[core.Factor](f); ok && one.Method() == core.MethodEmail {
			s.mailed = true
		}
	}
	return s
}

// Purge implements core.Security.
func (s *security) Purge(ctx context.Context, userID string) (removed int, err error) {
	for _, p := range s.purgers {
		n, err := p.Purge(ctx, userID)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// StillLoggedIn implements core.Security.
func (s *security) StillLoggedIn(ctx context.Context) error {
	return s.recheck.run(ctx, nil, func(context.Context) error { return nil })
}

// Secure implements core.Security.
func (s *security) Secure() Guard {
	return Guard{Name: "secure", NeedsUser: true, Personal: true, Check: func(ctx context.Context, c *core.Current) error {
		return s.secured(ctx, c, nil)
	}}
}

// Secured implements core.Security.
func (s *security) Secured(ctx context.Context, extra ...core.Proof) error {
	c := core.CurrentFrom(ctx)
	if c == nil || c.User == nil {
		return core.Unauthorized()
	}
	return s.secured(ctx, c, extra)
}

func (s *security) secured(ctx context.Context, c *core.Current, extra []core.Proof) error {
	if !c.Session.InPerson() {
		return core.Forbidden()
	}
	done := c.Session.Proofs
	for _, p := range extra {
		done = core.AddProof(done, p)
	}
	// What another login has proved admits a device, and no more: its
	// person may have been talked into that.
	done = core.MadeHere(done)
	if len(done) == 0 { // nor has an imported token any
		return core.RequireProof(false, s.freshFor, nil)
	}
	proved := (&core.Session{Proofs: done}).Proved()
	fresh := s.now().Sub(proved) <= s.freshFor
	asked, err := s.door.Asked(ctx, c.User, done)
	if err != nil {
		return core.Unavailable(err)
	}
	if asked, err = s.instead(ctx, c.User, done, asked); err != nil {
		return core.Unavailable(err)
	}
	if asked != nil && len(asked) == 0 {
		return core.Forbidden()
	}
	return core.RequireProof(fresh && asked == nil, s.freshFor, asked)
}

// instead returns what a user can do about factors that ask. One that would ask
// although it has just been proved needs a proof of another kind beside it,
// which is as a rule what logins begin with. There may be nothing.
func (s *security) instead(
	ctx context.Context, u core.AnyUser, done []core.Proof, asked []string,
) ([]string, error) {
	stuck := false
	proved := func(method string) bool {
		return slices.ContainsFunc(done, func(p core.Proof) bool { return p.Method == method })
	}
	with := func(method string) []core.Proof {
		return core.AddProof(done, core.Proof{Method: method, At: s.now()})
	}
	for _, method := range asked {
		if !proved(method) {
			continue
		}
		then, err := s.door.Asked(ctx, u, with(method))
		if err != nil {
			return nil, err
		}
		stuck = stuck || slices.Contains(then, method)
	}
	if !stuck {
		return asked, nil
	}
	all := slices.Clone(asked)
	if u.Base().HashedPassword != "" {
		all = append(all, core.MethodPassword)
	}
	if s.mailed && u.Base().EmailKey != "" {
		all = append(all, core.MethodEmail)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(method string) bool {
		return proved(method) || !s.Strong(with(method))
	}), nil
}

// MayProve implements core.Security.
func (s *security) MayProve(ctx context.Context, method string) error {
	c := core.CurrentFrom(ctx)
	if c == nil || c.User == nil || c.Session == nil {
		return core.Unauthorized()
	}
	return s.door.MayProve(ctx, c.User, c.Session.Proofs, core.Proof{Method: method, At: s.now()})
}

// Strong implements core.Security.
func (s *security) Strong(done []core.Proof) bool { return s.door.Kinds().Strong(done) }

// HasFactor implements core.Security.
func (s *security) HasFactor(ctx context.Context, u core.AnyUser) (bool, error) {
	asked, err := s.door.Asked(ctx, u, []core.Proof{{Method: core.MethodPassword, At: s.now()}})
	return asked != nil, err
}

// NeedsFactor implements core.Security.
func (s *security) NeedsFactor(ctx context.Context, u core.AnyUser) (bool, error) {
	if s.door.RequireFactor == nil {
		return false, nil
	}
	return s.door.RequireFactor(ctx, u)
}

// Ways implements core.Security.
func (s *security) Ways(ctx context.Context, u core.AnyUser) (all int, err error) {
	for _, w := range s.ways {
		n, err := w.Ways(ctx, u)
		if err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}
