package latchkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/codec"
	"github.com/latchkey-go/latchkey/internal/epochs"
	"github.com/latchkey-go/latchkey/internal/gate"
	"github.com/latchkey-go/latchkey/internal/governor"
	"github.com/latchkey-go/latchkey/internal/passwords"
	"github.com/latchkey-go/latchkey/internal/queue"
	"github.com/latchkey-go/latchkey/internal/resolve"
	"github.com/latchkey-go/latchkey/internal/seldom"
)

// Auth is an application's users: groups of routes to mount, guards to put
// before handlers, and a Manager for use outside HTTP. It is made by New and
// safe for concurrent use.
type Auth[U any] struct {
	opts     Options[U]
	kit      core.Kit
	resolver resolve.Resolver
	clients  clients
	queue    *queue.Queue
	failures *seldom.Log
	groups   map[groupKey]Group
	manager  *Manager[U]
}

type groupKey struct{ flow, backend string }

// New puts an application together. Its error joins everything that is wrong
// with the user type, the options and the parts.
func New[U any, PU core.Model[U]](users core.UserStore[U], opts Options[U]) (*Auth[U], error) {
	if users == nil {
		return nil, errors.New("latchkey: the user store is nil")
	}
	columns, typeErr := codec.New(reflect.TypeFor[U]())
	opts, base, optsErr := opts.withDefaults()
	if len(opts.backendErrors()) > 0 { // nothing can be built on them
		return nil, fmt.Errorf("latchkey: %w", errors.Join(typeErr, optsErr))
	}
	erasedUsers := erased[U, PU]{users, opts.Now}
	fresh, forget := opts.epochs(users)
	a := &Auth[U]{
		opts:     opts,
		resolver: resolve.Resolver{Backends: opts.Backends, Users: erasedUsers, Epochs: opts.Epochs, Fresh: fresh},
		clients:  clients{policy: opts.ClientIP, log: opts.Log},
		queue:    queue.New(queue.Options{Log: opts.Log}),
		failures: seldom.New(opts.Log),
		groups:   map[groupKey]Group{},
	}
	hasher, err := passwords.New(passwords.Parts{
		Hashers: opts.Hashers, Policy: opts.PasswordPolicy, Governor: governor.New(opts.HashesAtOnce, 0), Users: erasedUsers,
		Log: opts.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("latchkey: %w", err)
	}
	flows := append(accountFlows(opts), opts.Flows...)
	events := newDispatcher[U, PU](opts.Hooks, opts.Log)
	run, atomic := transact(users)
	again := rechecker{resolver: &a.resolver, users: erasedUsers, transact: run}
	door := gate.New(gate.Parts{
		Backends: opts.Backends, Users: erasedUsers, Recheck: again.recheck, Tickets: opts.Tickets, Factors: factors(flows),
		RequireVerified: opts.RequireVerified,
		ForgetEpoch:     forget, Before: events.before, After: events.after, Later: a.later, Log: opts.Log, Now: opts.Now,
		Random: opts.Random,
	})
	a.kit = core.Kit{
		BaseURL: base, Users: erasedUsers, Tickets: opts.Tickets, Gate: door, Codec: columns, Passwords: hasher,
		Sessions: door, Limiter: opts.Limiter, EmailKey: opts.CanonicalEmail, Later: a.later, LaterMail: a.laterMail,
		Clear: a.clear, Keys: a.publicKeys,
		Before: events.before, After: events.after, RequireVerified: opts.RequireVerified, Log: opts.Log, Now: opts.Now,
		Random: opts.Random,
	}
	a.kit.Transact, a.kit.Atomic, a.kit.Recheck, a.kit.Purge = run, atomic, again.recheck, purge(flows)
	if ids, ok := core.As[core.IDMaker](users); ok {
		a.kit.NewID = ids.NewID
	}
	if opts.RequireVerified {
		a.kit.Own = []Guard{Verified}
	}
	for _, b := range opts.Backends {
		a.kit.Backends = append(a.kit.Backends, b.Name)
	}
	if opts.Sender != nil {
		a.kit.Mail = opts.Sender.Send
	}
	for _, f := range flows {
		if l, ok := f.(core.Listener); ok {
			events.listeners = append(events.listeners, func(ctx context.Context, e core.Event) { l.On(ctx, a.kit, e) })
		}
	}
	a.manager = newManager[U, PU](a)
	if err := errors.Join(typeErr, optsErr, a.install(flows)); err != nil {
		return nil, fmt.Errorf("latchkey: %w", err)
	}
	return a, nil
}

// epochs settles Options.Epochs, with what is known for EpochAge. It returns
// those that are asked each time, and the way to forget a user's.
func (o *Options[U]) epochs(users core.UserStore[U]) (fresh core.EpochStore, forget func(userID string)) {
	if o.Epochs == nil {
		o.Epochs, _ = core.As[core.EpochStore](users)
	}
	fresh = o.Epochs
	if o.EpochAge == 0 || fresh == nil {
		return fresh, func(string) {}
	}
	known := epochs.New(fresh, o.EpochAge, o.elapsed)
	o.Epochs = known
	return fresh, known.Forget
}

// accountFlows are the flows that every application has.
func accountFlows[U any](o Options[U]) []Flow {
	return []Flow{
		account.Login{Failures: o.Limits.LoginFailures, Attempts: o.Limits.LoginAttempts},
		account.Register{Attempts: o.Limits.Registrations},
		account.Users{Admin: []Guard{Superuser}, Limits: account.ChangeLimits{
			User: o.Limits.UserChanges, Network: o.Limits.NetworkChanges, Admin: o.Limits.AdminChanges,
		}},
		account.Sessions{},
		account.Keys{},
	}
}

func factors(flows []Flow) (found []core.Factor) {
	for _, f := range flows {
		if factor, ok := f.(core.Factor); ok {
			found = append(found, factor)
		}
	}
	return found
}

// purge removes what every flow keeps of a user's ways in.
func purge(flows []Flow) func(context.Context, string) (int, error) {
	return func(ctx context.Context, userID string) (removed int, err error) {
		for _, f := range flows {
			p, ok := f.(core.Purger)
			if !ok {
				continue
			}
			n, err := p.Purge(ctx, userID)
			removed += n
			if err != nil {
				return removed, err
			}
		}
		return removed, nil
	}
}

// transact uses the user store's transactions where it has any.
func transact(users any) (run func(context.Context, func(context.Context) error) error, atomic bool) {
	if t, ok := core.As[core.Transactor](users); ok {
		return t.Transact, true
	}
	return func(ctx context.Context, do func(context.Context) error) error { return do(ctx) }, false
}

// install binds the routes of every flow, and joins what the flows miss.
func (a *Auth[U]) install(flows []Flow) error {
	var errs []error
	for _, b := range a.opts.Backends {
		_, holds := b.Transport.(core.Holder)
		if ambient, ok := b.Transport.(core.Ambient); ok && ambient.Ambient() && !holds && len(factors(flows)) > 0 {
			errs = append(errs, fmt.Errorf("backend %q: a flow that is a second factor needs a transport that is a core.Holder, "+
				"which keeps the pending login of a browser", b.Name))
		}
	}
	if a.opts.Tickets == nil && len(factors(flows)) > 0 {
		errs = append(errs, errors.New("a flow that is a second factor needs Options.Tickets, which keeps logins that wait for it"))
	}
	seen := map[string]bool{}
	for _, f := range flows {
		if seen[f.Name()] {
			errs = append(errs, fmt.Errorf("the flow %q is given twice, or is one of the account's own", f.Name()))
			continue
		}
		seen[f.Name()] = true
		if _, ok := f.(core.Factor); ok && !f.PerBackend() {
			errs = append(errs, fmt.Errorf("the flow %q is a second factor and must be PerBackend: a pending login goes on at its own backend",
				f.Name()))
		}
		if !f.PerBackend() {
			errs = append(errs, a.installOne(f, nil))
			continue
		}
		for i := range a.opts.Backends {
			errs = append(errs, a.installOne(f, &a.opts.Backends[i]))
		}
	}
	return errors.Join(errs...)
}

func (a *Auth[U]) installOne(f Flow, b *Backend) error {
	kit := a.kit
	key := groupKey{flow: f.Name()}
	if b != nil {
		kit.Backend, key.backend = b.Name, b.Name
		kit.Gate = a.kit.Gate.(*gate.Gate).For(b.Name)
		ambient, ok := b.Transport.(core.Ambient)
		kit.Ambient = ok && ambient.Ambient()
	}
	routes, err := f.Routes(kit)
	for _, r := range routes {
		a.groups[key] = append(a.groups[key], a.bind(r, b))
	}
	return err
}

// Manager returns the same operations outside HTTP.
func (a *Auth[U]) Manager() *Manager[U] { return a.manager }

func (a *Auth[U]) later(name string, do func(context.Context) error) { a.queue.Add(name, do) }

func (a *Auth[U]) laterMail(name string, do func(context.Context) error) {
	a.queue.AddWithin(a.opts.MailDelay, mailWindow*a.opts.MailDelay, name, do)
}

func (a *Auth[U]) clear(resp *core.Response, backend string) {
	for _, b := range a.opts.Backends {
		if b.Name == backend {
			b.Transport.Clear(resp)
		}
	}
}

func (a *Auth[U]) publicKeys() []json.RawMessage {
	keys := []json.RawMessage{} // never null
	for _, b := range a.opts.Backends {
		if set, ok := core.As[core.KeySet](b.Strategy); ok {
			keys = append(keys, set.PublicKeys()...)
		}
	}
	return keys
}
