package latchkey

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// Login logs a user in at a backend, as its routes do: an active user, a
// verified address if that is required, factors, hooks. The caller vouches for
// the proofs, of which there must be one. The admission's Answer is the
// backend's login answer, or the one that says which factors are missing;
// adapters write it. r is the request that the login is for, nil outside HTTP.
// core.ErrNotFound means that there is no such user. Refusals are those of
// POST /login.
func (m *Manager[U]) Login(
	ctx context.Context, userID, backend string, r *core.Request, proofs ...core.Proof,
) (core.Admission, error) {
	if len(proofs) == 0 {
		return core.Admission{}, errors.New("latchkey: Manager.Login needs a proof: how does the application know the user?")
	}
	svc := m.auth.svc
	u, err := svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return core.Admission{}, err
	}
	proofs = slices.Clone(proofs)
	for i := range proofs {
		if proofs[i].At.IsZero() {
			proofs[i].At = svc.Env.Now()
		}
	}
	last := len(proofs) - 1
	return svc.Gate.Admit(withoutRoute(ctx), core.Attempt{
		User: u, Proof: proofs[last], More: proofs[:last], Request: r, Backend: backend,
	})
}

// List returns a page of the users that q describes, and the cursor of the
// following page, "" on the last. core.ErrInvalid means that the cursor is not
// one of this query's, or that no store answers the query. Without a Now,
// Suspended is judged at the present.
func (m *Manager[U]) List(ctx context.Context, q core.Query) (users []*U, next string, err error) {
	if q.Now.IsZero() {
		q.Now = m.auth.opts.Now()
	}
	page, next, err := m.auth.svc.Users.List(ctx, q)
	users = make([]*U, len(page))
	for i, u := range page {
		users[i] = m.typed(u)
	}
	return users, next, err
}

// Mail sends a mail of the application's own to a user, in the background and
// again after a failure. It fills in To, the stored address, and User; Kind
// chooses the sender's template. core.ErrNotFound means that there is no such
// user.
func (m *Manager[U]) Mail(ctx context.Context, userID string, mail Mail) error {
	svc := m.auth.svc
	if svc.Mail == nil {
		return errors.New("latchkey: Manager.Mail needs Options.Sender")
	}
	u, err := svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	mail.To, mail.User = u.Base().Email, u
	svc.Jobs.Enqueue(mail.Kind+" mail", func(ctx context.Context) error { return svc.Mail.Send(ctx, mail) })
	return nil
}
