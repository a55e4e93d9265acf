package maillogin

import (
	"cmp"
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/newcomer"
	"github.com/latchkey-go/latchkey/internal/ownschema"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// arrive uses a ticket up, and returns the user whom it proves: the one whom it
// was made for, or a new one. Its error is an answer.
func (f Flow) arrive(
	ctx context.Context, svc *core.Services, t core.Ticket, l letter, r *core.Request,
) (core.AnyUser, error) {
	if t.UserID != "" {
		return spend(ctx, svc, t, true, r)
	}
	if !f.SignUp { // any more
		return nil, bad()
	}
	return signUp(ctx, svc, t, l, r)
}

// rounds are enough for one whose address is verified meanwhile, or no more.
const rounds = 3

// spend uses a ticket up, with what it froze looked at again under the lock of
// the user's row, and verifies the address. takesOver makes the account over to
// whoever proves the address for the first time; otherwise they have shown
// before that it is theirs.
func spend(
	ctx context.Context, svc *core.Services, t core.Ticket, takesOver bool, r *core.Request,
) (u core.AnyUser, err error) {
	for range rounds {
		u, err = svc.Users.Find(ctx, core.ByID(t.UserID))
		if err != nil {
			return nil, notOpen(err)
		}
		if !matches(svc, t, u.Base()) {
			return nil, bad()
		}
		if u.Base().IsVerified {
			u, err = use(ctx, svc, t)
		} else {
			u, err = verify(ctx, svc, t, u, takesOver, r)
		}
		if !errors.Is(err, core.ErrUsed) {
			break
		}
	}
	return u, notOpen(err)
}

// matches reports that what the ticket froze still holds.
func matches(svc *core.Services, t core.Ticket, u *core.User) bool {
	return !u.Blocked(svc.Env.Now()) && u.EmailKey == t.Email && u.TokenEpoch == t.Epoch
}

// use uses up the ticket of a user who is verified. ErrUsed: another request
// got ahead.
func use(ctx context.Context, svc *core.Services, t core.Ticket) (u core.AnyUser, err error) {
	err = svc.Users.Transact(ctx, func(ctx context.Context) error {
		if u, err = svc.Users.Lock(ctx, t.UserID); err != nil {
			return err
		}
		if b := u.Base(); !matches(svc, t, b) || !b.IsVerified {
			return core.ErrUsed
		}
		_, err := svc.Tickets.Consume(ctx, t.Purpose, t.Digest)
		return err
	})
	return u, err
}

// verify is use for a user who is not verified.
func verify(
	ctx context.Context, svc *core.Services, t core.Ticket, u core.AnyUser, takesOver bool, r *core.Request,
) (core.AnyUser, error) {
	e := &core.Event{Kind: core.EventEmailVerified, Method: core.MethodEmail, User: u, Request: r}
	_, err := mailtoken.Spend(ctx, svc, t, e, mailtoken.Effect{
		Holds:     func(u *core.User) bool { return matches(svc, t, u) && !u.IsVerified },
		TakesOver: func(*core.User) bool { return takesOver },
		Change: func(u *core.User, _ int) {
			u.IsVerified = true
			if takesOver {
				u.HashedPassword = ""
				u.TokenEpoch++
			}
		},
	})
	return e.User, err
}

// signUp makes the user of an address that nobody has. Users.Create decides
// between concurrent calls, and against whoever registers the address
// meanwhile.
func signUp(
	ctx context.Context, svc *core.Services, t core.Ticket, l letter, r *core.Request,
) (core.AnyUser, error) {
	u := svc.Users.New()
	b := u.Base()
	b.Email, b.EmailKey, b.IsActive, b.IsVerified = l.Address, t.Email, true, true
	e := &core.Event{Kind: core.EventRegistered, Method: core.MethodEmail, User: u, Request: r}
	commit, err := newcomer.Introduce(ctx, svc, e)
	if err != nil {
		return nil, err
	}
	if err := nameTaken(ctx, svc, t, u); err != nil {
		return nil, err
	}
	id := b.ID
	err = commit(ctx, func(ctx context.Context) error {
		b.ID = id // not that of a run which was undone
		if _, err := svc.Tickets.Consume(ctx, t.Purpose, t.Digest); err != nil {
			return err
		}
		return svc.Users.Create(ctx, u)
	})
	if errors.Is(err, core.ErrTaken) { // the name, if it can still be seen, else the address
		return nil, cmp.Or(nameTaken(ctx, svc, t, u), bad())
	}
	if answer := ownschema.Answer(ctx, svc, ownschema.Register, err, r != nil); answer != nil {
		return nil, answer
	}
	return u, notOpen(err)
}

// nameTaken refuses a name that a hook has set and somebody has. That may be
// the user whom another request of the ticket has made.
func nameTaken(ctx context.Context, svc *core.Services, t core.Ticket, u core.AnyUser) error {
	err := newcomer.NameTaken(ctx, svc, u)
	if !errors.Is(err, core.Refuse(core.CodeRegisterNameExists)) {
		return err
	}
	if _, used := svc.Tickets.Find(ctx, t.Purpose, t.Digest); used != nil {
		return notOpen(used)
	}
	return err
}
