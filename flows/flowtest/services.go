package flowtest

import (
	"context"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// between returns services that keep a journal of what a flow does by them. The
// limiter, the sender and the jobs are the kit's.
func (a *app) between(svc *core.Services) *core.Services {
	own := *svc
	own.Users = users{svc.Users, a.journal}
	if svc.Tickets != nil {
		own.Tickets = tickets{svc.Tickets, a.journal}
	}
	if svc.Credentials != nil {
		own.Credentials = credentials{svc.Credentials, a.journal}
	}
	own.Limiter = a.limiter
	own.Gate = door{svc.Gate, a.journal}
	own.Sessions = logins{svc.Sessions, a.journal}
	own.Passwords = secrets{svc.Passwords, a.journal}
	own.Events = happens{svc.Events, a.journal}
	own.Mail, own.Jobs = sender{a}, jobs{a}
	return &own
}

// door is the application's gate, with a journal.
type door struct {
	core.Gate
	j *journal
}

func (d door) Admit(ctx context.Context, at core.Attempt) (core.Admission, error) {
	_ = d.j.note("Gate.Admit")
	return d.Gate.Admit(ctx, at)
}

func (d door) Continue(
	ctx context.Context, pending string, r *core.Request, prove core.Prove,
) (core.Admission, error) {
	_ = d.j.note("Gate.Continue")
	return d.Gate.Continue(ctx, pending, r, prove)
}

func (d door) Prove(ctx context.Context, r *core.Request, prove core.Prove) (core.Admission, error) {
	_ = d.j.note("Gate.Prove")
	return d.Gate.Prove(ctx, r, prove)
}

// logins are the application's sessions, with a journal.
type logins struct {
	core.Sessions
	j *journal
}

func (l logins) List(ctx context.Context, userID string) ([]*core.Session, error) {
	_ = l.j.note("Sessions.List")
	return l.Sessions.List(ctx, userID)
}

func (l logins) Revoke(ctx context.Context, s *core.Session) error {
	_ = l.j.note("Sessions.Revoke")
	return l.Sessions.Revoke(ctx, s)
}

func (l logins) Logout(ctx context.Context, s *core.Session, resp *core.Response, backend string) error {
	_ = l.j.note("Sessions.Logout")
	return l.Sessions.Logout(ctx, s, resp, backend)
}

func (l logins) RevokeAll(ctx context.Context, userID string, keep *core.Session) error {
	_ = l.j.note("Sessions.RevokeAll")
	return l.Sessions.RevokeAll(ctx, userID, keep)
}

// secrets are the application's passwords, with a journal.
type secrets struct {
	core.Passwords
	j *journal
}

func (p secrets) Hash(ctx context.Context, by core.Asker, password string) (core.PasswordHash, error) {
	_ = p.j.note("Passwords.Hash")
	return p.Passwords.Hash(ctx, by, password)
}

func (p secrets) Check(ctx context.Context, by core.Asker, u core.AnyUser, password string) (bool, error) {
	_ = p.j.note("Passwords.Check")
	return p.Passwords.Check(ctx, by, u, password)
}

// happens is the application's events, with a journal.
type happens struct {
	core.Events
	j *journal
}

func (h happens) Begin(ctx context.Context, e *core.Event) (core.Commit, error) {
	_ = h.j.note("Events.Begin", string(e.Kind))
	return h.Events.Begin(ctx, e)
}

func (h happens) Commit(ctx context.Context, e *core.Event, do func(context.Context) error) error {
	_ = h.j.note("Events.Commit", string(e.Kind))
	return h.Events.Commit(ctx, e, do)
}

func (h happens) Raise(ctx context.Context, e core.Event) {
	_ = h.j.note("Events.Raise", string(e.Kind))
	h.Events.Raise(ctx, e)
}

// sender keeps mails.
type sender struct{ a *app }

// Send implements core.Sender.
func (s sender) Send(_ context.Context, m core.Mail) error {
	_ = s.a.journal.note("Mail.Send")
	s.a.mu.Lock()
	defer s.a.mu.Unlock()
	s.a.mails = append(s.a.mails, m)
	return nil
}

// mailed returns all mails.
func (a *app) mailed() []core.Mail {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.mails)
}

// jobs keeps jobs until run.
type jobs struct{ a *app }

// Enqueue implements core.Jobs.
func (j jobs) Enqueue(_ string, do func(context.Context) error) { j.keep("Jobs.Enqueue", do) }

// EnqueueMail implements core.Jobs.
func (j jobs) EnqueueMail(_ string, do func(context.Context) error) { j.keep("Jobs.EnqueueMail", do) }

func (j jobs) keep(method string, do func(context.Context) error) {
	_ = j.a.journal.note(method)
	j.a.mu.Lock()
	defer j.a.mu.Unlock()
	j.a.jobs = append(j.a.jobs, do)
}

// run runs the jobs that are kept, and those that they add; an error of one is
// as if its last attempt had failed.
func (a *app) run() {
	for {
		a.mu.Lock()
		if len(a.jobs) == 0 {
			a.mu.Unlock()
			return
		}
		do := a.jobs[0]
		a.jobs = a.jobs[1:]
		a.mu.Unlock()
		if err := do(a.t.Context()); err != nil {
			a.t.Logf("flowtest: a job of the flow fails: %v", err)
		}
	}
}
