package servicetest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Each fake embeds its interface, so that one that grows needs no change here.

// happens keeps the events of what was committed or raised.
type happens struct {
	core.Events
	s *Services
}

func (h happens) Begin(_ context.Context, e *core.Event) (core.Commit, error) {
	if h.s.Refuse != nil {
		return nil, h.s.Refuse
	}
	return func(ctx context.Context, do func(context.Context) error) error {
		if late := h.s.Late; late != nil {
			h.s.Late = nil
			late()
		}
		if err := do(ctx); err != nil {
			return err
		}
		h.Raise(ctx, *e)
		return nil
	}, nil
}

func (h happens) Commit(ctx context.Context, e *core.Event, do func(context.Context) error) error {
	commit, err := h.Begin(ctx, e)
	if err != nil {
		return err
	}
	return commit(ctx, do)
}

func (h happens) Raise(_ context.Context, e core.Event) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.s.events = append(h.s.events, e)
}

// door admits every active user.
type door struct {
	core.Gate
	s *Services
}

func (d door) Admit(_ context.Context, a core.Attempt) (core.Admission, error) {
	if !a.User.Base().IsActive {
		return core.Admission{}, core.Refuse(core.CodeLoginBadCredentials)
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.s.attempts = append(d.s.attempts, a)
	return core.Admission{Answer: core.Empty(http.StatusNoContent)}, nil
}

// logins are those of Living.
type logins struct {
	core.Sessions
	s *Services
}

func (l logins) List(_ context.Context, userID string) (all []*core.Session, err error) {
	for _, one := range l.s.Living {
		if one.UserID == userID {
			all = append(all, one)
		}
	}
	return all, nil
}

func (l logins) Logout(_ context.Context, one *core.Session, resp *core.Response, backend string) error {
	resp.Header.Set("Clear", backend+" "+one.ID)
	return nil
}

func (l logins) RevokeAll(ctx context.Context, userID string, _ *core.Session) error {
	_, err := l.s.Users.Update(ctx, userID, func(u core.AnyUser) error {
		u.Base().TokenEpoch++
		return nil
	})
	return err
}

// sender keeps mails.
type sender struct{ s *Services }

func (m sender) Send(_ context.Context, mail core.Mail) error {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.mails = append(m.s.mails, mail)
	return nil
}

// jobs wait for Run.
type jobs struct{ s *Services }

func (j jobs) Enqueue(_ string, do func(context.Context) error) {
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	j.s.jobs = append(j.s.jobs, do)
}

func (j jobs) EnqueueMail(name string, do func(context.Context) error) { j.Enqueue(name, do) }

// security purges what Removed says, and every login is recent.
type security struct {
	core.Security
	s *Services
}

func (p security) Purge(context.Context, string) (removed int, err error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if len(p.s.Removed) > 0 {
		removed, p.s.Removed = p.s.Removed[0], p.s.Removed[1:]
	}
	return removed, nil
}

// Every login is secure.
func (security) Secure() core.Guard { return core.Guard{Name: "secure"} }

func (security) Secured(context.Context, ...core.Proof) error { return nil }

func (security) Mark(_ context.Context, _ string, at time.Time) (core.Mark, error) {
	return core.Mark{At: at}, nil
}

func (p security) PurgeSince(ctx context.Context, userID string, _ core.Mark) (removed int, err error) {
	return p.Purge(ctx, userID)
}

// Hasher costs nothing: a hash is its prefix and the password.
type Hasher string

// Hash implements core.Hasher; it refuses "unhashable".
func (h Hasher) Hash(password string) (core.PasswordHash, error) {
	if password == "unhashable" {
		return "", errors.New("this password cannot be hashed")
	}
	return core.PasswordHash(string(h) + password), nil
}

// Knows implements core.Hasher.
func (h Hasher) Knows(hash core.PasswordHash) bool { return strings.HasPrefix(string(hash), string(h)) }

// Verify implements core.Hasher; a hash of nothing is malformed.
func (h Hasher) Verify(hash core.PasswordHash, password string) (bool, error) {
	if string(hash) == string(h) {
		return false, errors.New("the hash is truncated")
	}
	return string(hash) == string(h)+password, nil
}

// Outdated implements core.Hasher.
func (h Hasher) Outdated(core.PasswordHash) bool { return false }
