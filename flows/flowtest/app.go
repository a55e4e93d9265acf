package flowtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// app is the application of one case.
type app struct {
	Harness
	t     *testing.T
	flow  core.Flow
	group core.Group
	// real are the application's services for the flow, and own those that
	// the flow works with.
	real, own *core.Services

	journal *journal
	limiter *limiter
	mu      sync.Mutex
	mails   []core.Mail
	jobs    []func(context.Context) error
	users   int
	hosts   uint16
}

// open makes an application.
func open(t *testing.T, h Harness) (*app, error) {
	if h.Backend == "" {
		h.Backend = "web"
	}
	if h.Client == nil {
		h.Client = Client
	}
	if h.Guess == nil {
		h.Guess = func(string) string { return secret() }
	}
	a := &app{Harness: h, t: t, flow: h.Flow(), journal: &journal{}, limiter: &limiter{counts: map[string][]count{}}}
	a.group = h.New(t, watched{a.flow, a})
	if a.real == nil || len(a.group) == 0 {
		return nil, fmt.Errorf("flowtest: Harness.New returns no routes of the flow that it was given: put f into "+
			"Options.Flows, and return auth.Flow(f.Name()), or auth.Flow(f.Name(), %q) of a flow that is PerBackend", h.Backend)
	}
	return a, nil
}

// watched is the flow with the kit between it and its services.
type watched struct {
	core.Flow
	a *app
}

// Bind implements core.Binder.
func (w watched) Bind(svc *core.Services) core.Flow {
	if b, ok := w.Flow.(core.Binder); ok {
		w.Flow = b.Bind(svc)
	}
	return w
}

// Unwrap returns the flow, for what it is besides.
func (w watched) Unwrap() any { return w.Flow }

// Routes implements core.Flow.
func (w watched) Routes(svc *core.Services) ([]core.Route, error) {
	own := w.a.between(svc)
	if w.a.real == nil || svc.Backend.Name == w.a.Backend {
		w.a.real, w.a.own = svc, own
	}
	return w.Flow.Routes(own)
}

// network returns an address that nothing has come from yet.
func (a *app) network() netip.Addr {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts++
	return netip.AddrFrom4([4]byte{10, 1, byte(a.hosts >> 8), byte(a.hosts)})
}

// user stores a new user.
func (a *app) user(edit ...func(*core.User)) (core.AnyUser, error) {
	u, err := a.newUser(edit...)
	if err != nil {
		return nil, err
	}
	return u, a.real.Users.Create(a.t.Context(), u)
}

// newUser makes a user, who is not stored yet.
func (a *app) newUser(edit ...func(*core.User)) (core.AnyUser, error) {
	a.mu.Lock()
	a.users++
	address := fmt.Sprintf("Person.%d@example.org", a.users)
	a.mu.Unlock()
	u := a.real.Users.New()
	b := u.Base()
	b.Email, b.IsActive, b.IsVerified = address, true, true
	var err error
	if b.EmailKey, err = a.real.CanonicalEmail(address); err != nil {
		return nil, fmt.Errorf("the application takes no address such as %s: %w", address, err)
	}
	if a.Prepare != nil {
		a.Prepare(u)
	}
	for _, e := range edit {
		e(b)
	}
	return u, nil
}

// value returns a user's value, "" for a flow without one.
func (a *app) value(u core.AnyUser) (string, error) {
	if a.Grant != nil {
		return a.Grant(a.t.Context(), a.own, u)
	}
	if a.Ask == nil {
		return "", nil
	}
	resp, err := a.send(sent{Request: a.Ask(u.Base().Email)})
	if err != nil {
		return "", err
	}
	if !succeeded(resp) {
		return "", fmt.Errorf("a user who asks is answered with %s", brief(resp))
	}
	a.run()
	got := a.mailed()
	if len(got) == 0 || got[len(got)-1].Token == "" {
		return "", fmt.Errorf("%d mails were sent to a user who asked, want one with a Token", len(got))
	}
	return got[len(got)-1].Token, nil
}

// granted returns a new user and their value.
func (a *app) granted() (core.AnyUser, string, error) {
	u, err := a.user()
	if err != nil {
		return nil, "", err
	}
	value, err := a.value(u)
	return u, value, err
}

// admit hands a proof of a user to the gate.
func (a *app) admit(u core.AnyUser) (core.Admission, error) {
	now, err := a.real.Users.Find(a.t.Context(), core.ByID(u.Base().ID))
	if err != nil {
		return core.Admission{}, err
	}
	admission, err := a.real.Gate.Admit(a.t.Context(), core.Attempt{
		User: now, Backend: a.Backend, Proof: core.Proof{Method: core.MethodPassword, At: a.real.Env.Now()},
	})
	if err != nil {
		return core.Admission{}, fmt.Errorf("the user cannot be logged in at backend %q: %w", a.Backend, err)
	}
	return admission, nil
}

// login returns the header lines of a user who has logged in.
func (a *app) login(u core.AnyUser) (http.Header, error) {
	admission, err := a.admit(u)
	if err == nil && admission.Pending != "" {
		err = fmt.Errorf("the caller cannot be logged in at backend %q without a factor: %q", a.Backend,
			slices.Concat(admission.Factors, admission.Enrol))
	}
	if err != nil {
		return nil, err
	}
	return a.Client(admission.Answer), nil
}

// pending is what stands for the ticket of a login in Request.JSON.
const pending = "{pending}"

// by returns a request with what it needs of a user's logins.
func (a *app) by(u core.AnyUser, r Request) (sent, error) {
	s := sent{Request: r}
	if r.Caller {
		header, err := a.login(u)
		if err != nil {
			return s, err
		}
		s.header = header
	}
	if strings.Contains(r.JSON, pending) {
		admission, err := a.admit(u)
		if err == nil && admission.Pending == "" {
			err = errors.New("the user is asked for no factor: let Harness.Grant enrol them")
		}
		if err != nil {
			return s, err
		}
		s.JSON = strings.ReplaceAll(r.JSON, pending, admission.Pending)
	}
	return s, nil
}

// spend sends a user's Use.
func (a *app) spend(u core.AnyUser, value string) (*core.Response, error) {
	s, err := a.by(u, a.Use(value))
	if err != nil {
		return nil, err
	}
	return a.send(s)
}

// done reports whether a Use has had its effect, as far as the harness says;
// known is false where it says nothing, or the user is gone.
func (a *app) done(u core.AnyUser) (done, known bool, err error) {
	if a.Done == nil {
		return false, false, nil
	}
	now, err := a.real.Users.Find(a.t.Context(), core.ByID(u.Base().ID))
	if err != nil {
		return false, false, nil //nolint:nilerr // who is gone has nothing
	}
	done, err = a.Done(a.t.Context(), a.real, now)
	return done, err == nil, err
}

// wantUsed returns an error unless a user's Use succeeds.
func (a *app) wantUsed(what string, u core.AnyUser, value string) error {
	resp, err := a.spend(u, value)
	if err != nil {
		return err
	}
	if !succeeded(resp) {
		return fmt.Errorf("%s is answered with %s, want a success", what, brief(resp))
	}
	if done, known, err := a.done(u); err != nil || known && !done {
		return fmt.Errorf("%s is answered with %s, and has no effect (%v)", what, brief(resp), err)
	}
	return nil
}

// wantWrong returns an error unless a user's Use of what is no value of theirs
// is refused.
func (a *app) wantWrong(what string, u core.AnyUser, value string) error {
	s, err := a.by(u, a.Use(value))
	if err != nil {
		return err
	}
	return a.wantRefused(what, u, s)
}

// wantRefused returns an error unless a request is refused and without effect.
func (a *app) wantRefused(what string, u core.AnyUser, s sent) error {
	resp, err := a.send(s)
	if err != nil {
		return err
	}
	if !refused(resp) {
		return fmt.Errorf("%s is answered with %s, want a refusal (400 to 499, not 429)", what, brief(resp))
	}
	if done, _, err := a.done(u); err != nil || done {
		return fmt.Errorf("%s is answered with %s, and has its effect nevertheless (%v)", what, brief(resp), err)
	}
	return nil
}
