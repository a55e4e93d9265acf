// Package resolve answers who is asking: it tries an application's backends in
// order on a request's head and checks guards.
//
//	resolver := resolve.Resolver{Backends: backends, Users: users}
//	// Once:
//	who := resolver.Compile(false, core.Guard{Name: "verified", Check: …})
//	// For each request:
//	ctx, err := who(ctx, head)
//
// Security notes. Strategies vouch for a token; only here are the backend's
// name, the user's epoch and activity compared, after every cache. A store that
// cannot be reached is a 503, never a 401 and never an anonymous request.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Resolver authenticates requests.
type Resolver struct {
	Backends []core.Backend
	Users    core.Users
	Epochs   core.EpochStore // nil: SessionOnly guards are not possible
	Fresh    core.EpochStore // Epochs without what is kept for some seconds, for Recheck
	Kinds    core.ProofKinds // of the application's own factors
	Now      func() time.Time
	UserType reflect.Type // the application's, nil for any
}

// plan is what the guards of one place ask for, worked out once.
type plan struct {
	Resolver
	sessionOnly bool
	streaming   bool
	ownOrigin   bool
	scopes      []string
	checks      []func(context.Context, core.Head, *core.Current) error
	turns       []func(core.Head, *core.Error) *core.Error
	challengers []core.Challenger
}

// Compile works out what guards ask for. It panics where they cannot work, as
// it is called at set-up. See core.FrontDoor.
func (r Resolver) Compile(
	optional bool, guards ...core.Guard,
) func(context.Context, core.Head) (context.Context, error) {
	p := plan{Resolver: r, scopes: scopesOf(guards)}
	for _, g := range guards {
		p.add(g)
	}
	if len(p.Backends) == 0 {
		panic("latchkey: the guards together leave no backend")
	}
	if p.sessionOnly {
		if p.Epochs == nil {
			panic("latchkey: SessionOnly needs to know epochs: give Options.Epochs, or a user store that implements core.EpochStore")
		}
		if i := slices.IndexFunc(guards, func(g core.Guard) bool { return g.NeedsUser }); i >= 0 {
			panic("latchkey: guard " + guards[i].Name + " needs the user, which SessionOnly does not load")
		}
	}
	for _, b := range p.Backends {
		if _, ok := core.As[core.Rechecker](b.Strategy); !ok && p.streaming {
			panic("latchkey: Streaming needs to ask again, and the strategy of backend " + b.Name +
				" has no core.Rechecker: name the backends that have one with Via, beside Streaming")
		}
	}
	p.challengers = challengers(p.Backends)
	who := p.required
	if optional {
		who = p.optional
	}
	if p.turns == nil {
		return who
	}
	return func(ctx context.Context, h core.Head) (context.Context, error) {
		known, err := who(ctx, h)
		return known, p.turned(h, err)
	}
}

func (p *plan) add(g core.Guard) {
	for _, name := range g.Backends {
		if !slices.ContainsFunc(p.Resolver.Backends, func(b core.Backend) bool { return b.Name == name }) {
			panic("latchkey: guard " + g.Name + " names the backend " + name +
				", which does not exist or which another guard leaves out")
		}
	}
	if g.UserType != nil && p.UserType != nil && g.UserType != p.UserType {
		panic(fmt.Sprintf("latchkey: guard %s is for users of the type %v, and the application's are %v",
			g.Name, g.UserType, p.UserType))
	}
	allowed := make([]core.Backend, 0, len(p.Backends))
	for _, b := range p.Backends {
		if g.Allows(b.Name) {
			allowed = append(allowed, b)
		}
	}
	p.Backends = allowed
	p.sessionOnly = p.sessionOnly || g.SessionOnly
	p.streaming = p.streaming || g.Streaming
	p.ownOrigin = p.ownOrigin || g.OwnOrigin || g.Streaming
	if g.MaxAge != 0 || g.Methods != nil || g.Strong {
		p.checks = append(p.checks,
			func(_ context.Context, _ core.Head, c *core.Current) error { return p.proved(g, c.Session) })
	}
	if g.Check != nil {
		p.checks = append(p.checks, func(ctx context.Context, _ core.Head, c *core.Current) error { return g.Check(ctx, c) })
	}
	if g.CheckRequest != nil {
		p.checks = append(p.checks, g.CheckRequest)
	}
	if g.Refused != nil {
		p.turns = append(p.turns, g.Refused)
	}
}

// required returns the context with the current user in it, also where a guard
// refuses them.
func (p *plan) required(ctx context.Context, h core.Head) (context.Context, error) {
	current, err := p.current(ctx, h)
	if err != nil {
		return nil, err
	}
	ctx = core.WithCurrent(ctx, current)
	if current.Session.Scopes != nil {
		if err := p.inScope(current.Session, p.scopes); err != nil {
			return ctx, err
		}
	}
	return ctx, p.check(ctx, h)
}

// optional makes anonymous what lacks a good credential or the rights that
// guards ask for; nothing else. Who sends a credential of few scopes means it.
func (p *plan) optional(ctx context.Context, h core.Head) (context.Context, error) {
	known, err := p.required(ctx, h)
	var refusal *core.Error
	if errors.As(err, &refusal) && (refusal.Code == "" || refusal.Code == core.CodeProofRequired) &&
		(refusal.Status == http.StatusUnauthorized || refusal.Status == http.StatusForbidden) {
		return ctx, nil
	}
	return known, err
}

func (p *plan) check(ctx context.Context, h core.Head) error {
	if len(p.checks) == 0 {
		return nil
	}
	current := core.CurrentFrom(ctx)
	for _, check := range p.checks {
		err := check(ctx, h, current)
		if err == nil {
			continue
		}
		if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
			return p.Challenged(current, refusal)
		}
		return core.Unavailable(err)
	}
	return nil
}

// current tries the backends: a duplicate is refused at once; else the first
// that vouches wins; else the worst answer does.
func (p *plan) current(ctx context.Context, h core.Head) (core.Current, error) {
	if p.ownOrigin {
		h = asUnsafe{h}
	}
	var worst *core.Error
	presented := false
	for i := range p.Backends {
		b := &p.Backends[i]
		token, err := b.Transport.Extract(h)
		if err == core.ErrNoCredential { //nolint:errorlint // the common case on every request; a wrapped one is caught below
			continue
		}
		if err == nil {
			var current core.Current
			if current, err = p.vouch(ctx, b, token); err == nil {
				return current, nil
			}
			presented = true
		}
		refusal, bad := classify(err)
		if refusal != nil && refusal.Status == http.StatusBadRequest {
			return core.Current{}, refusal
		}
		presented = presented || bad
		if refusal != nil && (worst == nil || refusal.Status > worst.Status) {
			worst = refusal
		}
	}
	if worst != nil {
		return core.Current{}, worst
	}
	return core.Current{}, p.unauthorized(presented)
}

// classify returns the refusal that err stands for beyond a plain 401 (nil),
// and whether a bad credential was presented.
func classify(err error) (refusal *core.Error, bad bool) {
	switch {
	case errors.As(err, &refusal):
		return refusal, false
	case errors.Is(err, core.ErrInvalid):
		return nil, true
	case errors.Is(err, core.ErrNoCredential):
		return nil, false
	}
	return core.Unavailable(err), false
}

// asUnsafe is a request that changes something, as far as transports can tell,
// so that they ask for its origin.
type asUnsafe struct{ core.Head }

func (asUnsafe) Method() string { return http.MethodPost }

// vouch verifies a token and whom it is for.
func (p *plan) vouch(ctx context.Context, b *core.Backend, token string) (core.Current, error) {
	found, err := b.Strategy.Verify(ctx, token)
	if err != nil {
		return core.Current{}, err
	}
	current, err := p.confirm(ctx, b, found, p.sessionOnly)
	if err == nil || !errors.Is(err, errEpoch) {
		return current, err
	}
	// One of the two epochs may be older than the other: a session that
	// outlived a new password, or is of a login after it, goes on.
	if strategy, ok := core.As[core.Rechecker](b.Strategy); ok {
		return p.settled(ctx, b, strategy, found.Session, p.sessionOnly)
	}
	return core.Current{}, err
}

// confirm checks that a session is this backend's, of the user's present epoch,
// and the user active.
func (r *Resolver) confirm(
	ctx context.Context, b *core.Backend, found core.Found, sessionOnly bool,
) (core.Current, error) {
	s := found.Session
	if s.Backend != b.Name {
		return core.Current{}, core.ErrInvalid
	}
	if s.Actor != "" {
		if err := r.actor(ctx, s); err != nil {
			return core.Current{}, err
		}
	}
	u := found.User
	if sessionOnly && u == nil && s.Epoch != core.AnyEpoch {
		epoch, err := r.Epochs.Epoch(ctx, s.UserID)
		if err != nil {
			return core.Current{}, absent(err)
		}
		if err := outdated(s.Epoch, epoch); err != nil {
			return core.Current{}, err
		}
		return core.Current{Session: s}, nil
	}
	if u == nil {
		var err error
		if u, err = r.Users.Find(ctx, core.ByID(s.UserID)); err != nil {
			return core.Current{}, absent(err)
		}
	}
	if u.Base().Blocked(r.Now()) {
		return core.Current{}, core.ErrInvalid
	}
	if s.Epoch != core.AnyEpoch {
		if err := outdated(s.Epoch, u.Base().TokenEpoch); err != nil {
			return core.Current{}, err
		}
	}
	if sessionOnly {
		u = nil
	}
	return core.Current{Session: s, User: u}, nil
}

// absent makes an invalid credential of a user who is gone.
func absent(err error) error {
	if errors.Is(err, core.ErrNotFound) {
		return core.ErrInvalid
	}
	return err
}
