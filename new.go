package latchkey

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/flows/factors"
	"github.com/latchkey-go/latchkey/internal/codec"
	"github.com/latchkey-go/latchkey/internal/epochs"
	"github.com/latchkey-go/latchkey/internal/gate"
	"github.com/latchkey-go/latchkey/internal/glance"
	"github.com/latchkey-go/latchkey/internal/governor"
	"github.com/latchkey-go/latchkey/internal/known"
	"github.com/latchkey-go/latchkey/internal/passwords"
	"github.com/latchkey-go/latchkey/internal/queue"
	"github.com/latchkey-go/latchkey/internal/resolve"
	"github.com/latchkey-go/latchkey/internal/seldom"
)

// Auth is an application's users: groups of routes to mount, guards to put
// before handlers, and a Manager for use outside HTTP. It is made by New and
// safe for concurrent use.
type Auth[U any] struct {
	opts      Options[U]
	users     core.UserStore[U] // as it was given, for Doctor
	svc       *core.Services
	resolver  resolve.Resolver
	clients   clients
	queue     *queue.Queue
	failures  *seldom.Log
	groups    map[groupKey]Group
	order     []groupKey // of groups
	flows     []Flow     // of Options, bound
	factors   []string   // names of the flows of Factors
	kept      factors.Flow
	exporters []core.Exporter
	known     *known.Devices
	// endpoints by their names, and the backends of those that have one,
	// for pages.
	endpoints map[string]core.Endpoint
	backendOf map[string]*Backend
	manager   *Manager[U]
}

type groupKey struct{ flow, backend string }

// New puts an application together, in four steps: what the stores offer, the
// services that flows work with, the flows, their routes. Its error joins
// everything that is wrong with the user type, the options and the parts.
func New[U any, PU core.Model[U]](users core.UserStore[U], opts Options[U]) (*Auth[U], error) {
	if isNil(users) {
		return nil, errors.New("latchkey: the user store is nil" + ofType(users))
	}
	if nils := opts.nilErrors(); nils != nil {
		return nil, faults{errors.Join(append(nils, opts.backendErrors()...)...)}
	}
	opts, base, optsErr := opts.withDefaults()
	opts.Backends = located(opts.Backends, base)
	a := &Auth[U]{
		opts:      opts,
		users:     users,
		clients:   clients{policy: opts.ClientIP, log: opts.Log},
		queue:     queue.New(queue.Options{Log: opts.Log}),
		failures:  seldom.New(opts.Log),
		svc:       &core.Services{},
		groups:    map[groupKey]Group{},
		endpoints: map[string]core.Endpoint{},
		backendOf: map[string]*Backend{},
	}
	a.known = known.New(a.svc, backendInfos(opts.Backends)...)
	rows, forget := a.stores(erase[U, PU](users, opts.Now), users)
	bound, boundErr := bind(opts.Flows, a.svc)
	optsErr, a.flows = errors.Join(optsErr, boundErr), bound
	flows := append(a.accountFlows(), bound...)
	if keepers := keepersOf(bound); len(keepers) > 0 {
		a.kept = factors.New(keepers...)
		flows = append(flows, a.kept)
	}
	shared, isShared := core.As[core.RawPasswords](users)
	happens, servicesErr := newServices[U, PU](a, rows, base, flows, forget, isShared && shared.RawPasswords())
	if len(opts.backendErrors()) > 0 { // no flow can be built on them
		return nil, faults{errors.Join(optsErr, servicesErr)}
	}
	for _, f := range flows {
		happens.join(f)
		if exporter, ok := core.As[core.Exporter](f); ok {
			a.exporters = append(a.exporters, exporter)
		}
	}
	if opts.Credentials != nil {
		happens.listeners = append(happens.listeners, leftovers{opts.Credentials})
	}
	happens.listeners = append(happens.listeners, a.known)
	a.manager = newManager[U, PU](a)
	if err := errors.Join(optsErr, servicesErr, a.nameErrors(), a.leavingErrors(), a.install(flows)); err != nil {
		return nil, faults{err}
	}
	opts.warnUnverified()
	opts.warnLasting()
	return a, nil
}

// stores finds what the user store offers besides users, and makes the
// resolver. forget drops what is cached of a user's epoch.
func (a *Auth[U]) stores(rows core.Users, users core.UserStore[U]) (_ core.Users, forget func(userID string)) {
	if a.opts.Credentials != nil {
		rows = withCredentials{rows, a.opts.Credentials}
	}
	fresh, forget := a.opts.epochs(users)
	a.resolver = resolve.Resolver{
		Backends: a.opts.Backends, Users: rows, Epochs: a.opts.Epochs, Fresh: fresh, Now: a.opts.Now,
		UserType: reflect.TypeFor[U](),
	}
	return rows, forget
}

// newServices makes what flows work with.
func newServices[U any, PU core.Model[U]](
	a *Auth[U], users core.Users, base *url.URL, flows []Flow, forget func(userID string), rawPasswords bool,
) (*events[U, PU], error) {
	o := a.opts
	columns, typeErr := codec.New(reflect.TypeFor[U](),
		codec.Options{Identify: o.Identify, EmailOptional: o.EmailOptional})
	hasher, hasherErr := passwords.New(passwords.Parts{
		Hashers: o.Hashers, Policy: o.PasswordPolicy, Governor: governor.New(o.HashConcurrency, 0), Users: users, Log: o.Log,
		Raw: rawPasswords,
	})
	again := rechecker{resolver: &a.resolver, users: users}
	happens := newEvents[U, PU](o.Hooks, o.Log, o.Now)
	door := gate.New(gate.Parts{
		Backends: o.Backends, Users: users, Tickets: o.Tickets, Flows: flows,
		RequireFactor:   requireFactor[U, PU](o.RequireFactor),
		RequireVerified: o.RequireVerified, ForgetEpoch: forget, Events: happens, Jobs: jobs{a.queue, o.MailDelay},
		Grace: o.StepUpGrace, After: jobs{a.queue, o.MailDelay}.after,
		Known: a.known, Limit: a.limitFactors, Log: o.Log, Now: o.Now, Random: o.Random,
	})
	a.resolver.Kinds = door.Kinds()
	*a.svc = core.Services{
		Users: users, Tickets: o.Tickets, Credentials: glance.New(o.Credentials), Vault: o.Vault, Limiter: o.Limiter,
		Gate: door, Sessions: door, Passwords: hasher, Codec: columns,
		CanonicalEmail: trimmed(o.CanonicalEmail), Identify: trimmed(o.Identify), Mail: o.Sender,
		Jobs: jobs{a.queue, o.MailDelay}, Events: happens,
		Security: newSecurity(flows, o.Credentials, door, again, o.FreshFor, o.Now), Pages: &front[U]{auth: a},
		Env: core.Env{BaseURL: base, EmailOptional: o.EmailOptional, Log: o.Log, Now: o.Now, Random: o.Random},
	}
	if o.RequireVerified {
		a.svc.Env.AccountGuards = []Guard{Verified}
	}
	happens.svc, happens.sessions, happens.recheck = a.svc, door, again
	return happens, errors.Join(typeErr, hasherErr)
}

// Services returns what flows work with, so that a flow's functions can be
// called outside HTTP. Its Backend is empty.
func (a *Auth[U]) Services() *core.Services { return a.svc }

// epochs settles Options.Epochs, with what is known for EpochTTL. It returns
// those that are queried each time, and what drops a cached one.
func (o *Options[U]) epochs(users core.UserStore[U]) (fresh core.EpochStore, forget func(userID string)) {
	if o.Epochs == nil {
		o.Epochs, _ = core.As[core.EpochStore](users)
	}
	fresh = o.Epochs
	if o.EpochTTL == 0 || fresh == nil {
		return fresh, func(string) {}
	}
	known := epochs.New(fresh, o.EpochTTL, o.elapsed)
	o.Epochs = known
	return fresh, known.Forget
}

// limitFactors counts an answer to what a pending login lacks.
func (a *Auth[U]) limitFactors(ctx context.Context, r *core.Request) error {
	return core.CheckNetworkLimit(ctx, a.opts.Limiter, "factors", r.Remote, a.opts.Limits.FactorAttempts)
}

// guesses are the limits of guessing a password, wherever one is needed.
func (a *Auth[U]) guesses() account.Guesses {
	return account.Guesses{
		Strangers: a.opts.Limits.LoginFailures, Device: a.opts.Limits.DeviceFailures, Known: a.known, Captcha: a.opts.Captcha,
	}
}

// nameErrors returns an error for a user type with Named over a store that
// would let two users have one name.
func (a *Auth[U]) nameErrors() error {
	if core.NamedOf(new(U)) == nil {
		return nil
	}
	if k, ok := core.As[core.NameKeeper](a.users); ok && k.KeepsNames() {
		return nil
	}
	return fmt.Errorf("the user type embeds latchkey.Named, and the store %T keeps no names unique (core.NameKeeper)", a.users)
}

// requireFactor is Options.RequireFactor with the user's type erased.
func requireFactor[U any, PU core.Model[U]](
	require func(context.Context, *U) (bool, error),
) func(context.Context, core.AnyUser) (bool, error) {
	if require == nil {
		return nil
	}
	return func(ctx context.Context, u core.AnyUser) (bool, error) { return require(ctx, (*U)(u.(PU))) }
}

// install binds the routes of every flow, and joins what the flows miss.
func (a *Auth[U]) install(flows []Flow) error {
	errs := []error{a.factorErrors(), refreshErrors(a.opts.Backends)}
	seen := map[string]bool{}
	for _, f := range flows {
		if seen[f.Name()] {
			errs = append(errs, fmt.Errorf("the flow %q is given twice, or is one of the account's own", f.Name()))
			continue
		}
		seen[f.Name()] = true
		_, isFactor := core.As[core.Factor](f)
		_, isWaiver := core.As[core.Waiver](f)
		if isFactor || isWaiver && f.PerBackend() {
			a.factors = append(a.factors, f.Name())
		}
		if isFactor && !f.PerBackend() {
			errs = append(errs, fmt.Errorf("the flow %q is a second factor and must be PerBackend: a pending login goes on at its own backend",
				f.Name()))
		}
		if !f.PerBackend() {
			errs = append(errs, a.installOne(f, nil))
			continue
		}
		for i, b := range a.opts.Backends {
			if !standing(b.Strategy) {
				errs = append(errs, a.installOne(f, &a.opts.Backends[i]))
			}
		}
	}
	return errors.Join(append(errs, a.openedErrors()...)...)
}

func (a *Auth[U]) installOne(f Flow, b *Backend) error {
	svc, key := a.svc, groupKey{flow: f.Name()}
	if b != nil {
		own := *a.svc
		svc, key.backend = &own, b.Name
		svc.Gate = a.svc.Gate.(*gate.Gate).For(b.Name)
		svc.Backend = infoOf(*b)
		svc.Pages = &front[U]{auth: a, backend: b}
	}
	routes, err := f.Routes(svc)
	errs := []error{err}
	a.order = append(a.order, key)
	for _, r := range routes {
		r, err := a.opts.opened(r)
		errs = append(errs, err)
		endpoint := a.bind(r, b)
		a.groups[key] = append(a.groups[key], endpoint)
		if _, taken := a.endpoints[r.Name]; taken {
			errs = append(errs, fmt.Errorf("the flow %q has a route named %q, and so has another", f.Name(), r.Name))
		}
		a.endpoints[r.Name], a.backendOf[r.Name] = endpoint, b
	}
	return errors.Join(errs...)
}

// Manager returns the same operations outside HTTP.
func (a *Auth[U]) Manager() *Manager[U] { return a.manager }

// trimmed cuts off the blanks around an address or a name, which keyboards add,
// before it is checked.
func trimmed[F ~func(string) (K, error), K any](canonical F) F {
	return func(typed string) (K, error) { return canonical(strings.TrimSpace(typed)) }
}
