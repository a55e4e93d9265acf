package latchkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

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

// Auth is an application's users: groups of routes to mount, guards to put before handlers, and a Manager for use outside HTTP. It is made
// by New and safe for concurrent use.
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

// New puts an application together. Its error joins everything that is wrong with the user type, the options and the parts.
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
		Hashers: opts.Hashers, Policy: opts.PasswordPolicy, Governor: governor.New(opts.HashesAtOnce, 0), Users: erasedUsers, Log: opts.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("latchkey: %w", err)
	}
	flows := append(accountFlows(opts), opts.Flows...)
	events := newDispatcher[U, PU](opts.Hooks, opts.Log)
	door := gate.New(gate.Parts{
		Backends: opts.Backends, Users: erasedUsers, Tickets: opts.Tickets, Factors: factors(flows), RequireVerified: opts.RequireVerified,
		ForgetEpoch: forget, Before: events.before, After: events.after, Later: a.later, Log: opts.Log, Now: opts.Now, Random: opts.Random,
	})
	a.kit = core.Kit{
		BaseURL: base, Users: erasedUsers, Tickets: opts.Tickets, Gate: door, Codec: columns, Passwords: hasher,
		Sessions: door, Limiter: opts.Limiter, EmailKey: opts.CanonicalEmail, Later: a.later, LaterMail: a.laterMail,
		Clear: a.clear, Keys: a.publicKeys,
		Before: events.before, After: events.after, RequireVerified: opts.RequireVerified, Log: opts.Log, Now: opts.Now, Random: opts.Random,
	}
	a.kit.Transact, a.kit.Atomic = transact(users)
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

// epochs settles Options.Epochs, with what is known for EpochAge. It gives those that are asked each time, and the way to forget a user's.
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
		ambient, ok := b.Transport.(core.Ambient)
		kit.Ambient = ok && ambient.Ambient()
	}
	routes, err := f.Routes(kit)
	for _, r := range routes {
		a.groups[key] = append(a.groups[key], a.bind(r, b))
	}
	return err
}

// Flow gives the routes of a flow, for one of the backends if it is made once per backend. It panics, at set-up, if there is no such flow or
// backend.
func (a *Auth[U]) Flow(name string, backend ...string) Group {
	key := groupKey{flow: name}
	if len(backend) > 0 {
		key.backend = backend[0]
	}
	g, ok := a.groups[key]
	if !ok {
		panic(fmt.Sprintf("latchkey: there is no flow %q for backend %q: is it in Options.Flows, and the backend in Options.Backends?", name, key.backend))
	}
	return g
}

// Login gives POST /login and POST /logout of a backend.
func (a *Auth[U]) Login(backend string) Group { return a.Flow("login", backend) }

// Register gives POST /register.
func (a *Auth[U]) Register() Group { return a.Flow("register") }

// Verify gives POST /request-verify-token and POST /verify; it needs verify.Flow in Options.Flows.
func (a *Auth[U]) Verify() Group { return a.Flow("verify") }

// Reset gives POST /forgot-password and POST /reset-password; it needs reset.Flow in Options.Flows.
func (a *Auth[U]) Reset() Group { return a.Flow("reset") }

// Users gives the own account at /me, and for superusers /{id} and the list at the group's root.
func (a *Auth[U]) Users() Group { return a.Flow("users") }

// Sessions gives the own logins: GET /sessions, DELETE /sessions/{id}, DELETE /sessions.
func (a *Auth[U]) Sessions() Group { return a.Flow("sessions") }

// Keys gives GET /jwks.json.
func (a *Auth[U]) Keys() Group { return a.Flow("keys") }

// OAuth gives GET /authorize and GET and POST /callback of a provider for a backend; it needs oauth.Flows in Options.Flows.
func (a *Auth[U]) OAuth(provider, backend string) Group { return a.Flow("oauth:"+provider, backend) }

// Exchange gives POST /exchange of a backend, where the one-time code of an OAuth login that was begun with redirect_to becomes a login.
func (a *Auth[U]) Exchange(backend string) Group { return a.Flow("exchange", backend) }

// Associate gives GET /authorize, GET and POST /callback and DELETE at the group's root, by which users link and unlink their account at
// a provider.
func (a *Auth[U]) Associate(provider string) Group { return a.Flow("oauth-associate:" + provider) }

// Accounts gives GET /accounts, the own accounts at providers.
func (a *Auth[U]) Accounts() Group { return a.Flow("accounts") }

// Manager gives the same operations outside HTTP.
func (a *Auth[U]) Manager() *Manager[U] { return a.manager }

// Wait begins the mails and clean-ups that are queued at once, and returns when
// they have been tried, or with the error of ctx. It is for tests and for
// commands that end soon; a server needs Close only.
func (a *Auth[U]) Wait(ctx context.Context) error { return a.queue.Wait(ctx) }

// Close begins the mails and clean-ups that are queued at once, waits until they
// have been tried, and for what strategies do in the background, or until ctx
// ends, whose error it returns then. Call it after the server has stopped, before the stores are closed.
func (a *Auth[U]) Close(ctx context.Context) error {
	err := a.queue.Close(ctx)
	for _, b := range a.opts.Backends {
		if w, ok := core.As[core.Waiter](b.Strategy); ok {
			err = errors.Join(err, w.Wait(ctx))
		}
	}
	return err
}

// SweepEvery calls Sweep again and again until ctx ends, about so often: up to a quarter sooner or later, so that the processes of an
// application do not all sweep at once. Failures are logged. An hour is good; every must be positive.
func (a *Auth[U]) SweepEvery(ctx context.Context, every time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every - every/4 + rand.N(every/2+1)): //nolint:gosec // nothing secret depends on it
		}
		if n, err := a.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.opts.Log.ErrorContext(ctx, "latchkey: sweeping expired rows", "deleted", n, "err", err)
		}
	}
}

// Sweep deletes expired sessions, one-time tokens and counts, in every store that can, and gives their number. Nothing but space depends on it;
// SweepEvery calls it from time to time.
func (a *Auth[U]) Sweep(ctx context.Context) (int, error) {
	parts := []any{a.opts.Tickets, a.opts.Limiter}
	for _, b := range a.opts.Backends {
		parts = append(parts, b.Strategy)
	}
	total, errs := 0, []error(nil)
	for _, part := range parts {
		if s, ok := core.As[core.Sweeper](part); ok {
			n, err := s.Sweep(ctx)
			total += n
			errs = append(errs, err)
		}
	}
	return total, errors.Join(errs...)
}

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
