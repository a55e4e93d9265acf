package leaving

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/farewell"
)

// errKept says that a user is not to be removed, or not yet.
var errKept = errors.New("the account is kept")

// pageSize is how many marks Sweep reads at a time.
const pageSize = 100

// Sweep removes the users whose time is over, and returns their number. Who
// could not be removed, as a hook or the application's own schema keeps them,
// is named in the error, stays suspended, and is tried again by the next one.
func (f Flow) Sweep(ctx context.Context) (removed int, err error) {
	if f.svc == nil {
		return 0, nil
	}
	pager, ok := core.As[core.CredentialPager](f.svc.Credentials)
	if !ok {
		return 0, nil
	}
	var errs []error
	for after := ""; ; {
		page, err := pager.Page(ctx, Mark, after, pageSize)
		if err != nil || len(page) == 0 {
			return removed, errors.Join(append(errs, err)...)
		}
		for _, c := range page {
			switch err := f.settle(ctx, c); {
			case err == nil:
				removed++
			case !errors.Is(err, errKept):
				errs = append(errs, fmt.Errorf("the user %q, who has left, could not be removed: %w", c.Owner, err))
			}
			after = c.Key
		}
	}
}

// settle removes the user of a mark; errKept if it does not. A mark that means
// nothing any more goes.
func (f Flow) settle(ctx context.Context, c *core.Credential) error {
	svc := f.svc
	m, err := markOf(c)
	if err != nil {
		return err
	}
	if svc.Env.Now().Before(m.Until) {
		return errKept
	}
	u, err := svc.Users.Find(ctx, core.ByID(c.Owner))
	switch {
	case err == nil && u.Base().Leaving():
		return f.remove(ctx, u, m)
	case err != nil && !errors.Is(err, core.ErrNotFound):
		return err
	}
	_, err = svc.Credentials.Update(ctx, Mark, c.Owner, c.ID, func(c *core.Credential) error {
		if m, err := markOf(c); err != nil || svc.Env.Now().Before(m.Until) { // they leave again
			return errKept
		}
		c.Expires = svc.Env.Now()
		return nil
	})
	if err == nil || errors.Is(err, core.ErrNotFound) {
		return errKept
	}
	return err
}

// remove is the deletion, unless the user has been kept meanwhile.
func (f Flow) remove(ctx context.Context, u core.AnyUser, m mark) error {
	svc, was := f.svc, *u.Base()
	e := &core.Event{Kind: core.EventDeleted, User: u, Was: &was}
	err := svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		locked, err := svc.Users.Lock(ctx, was.ID)
		if err != nil {
			return err
		}
		until, err := untilOf(ctx, svc, was.ID)
		switch {
		case err != nil:
			return err
		case !locked.Base().Leaving() || svc.Env.Now().Before(until):
			return errKept
		}
		return svc.Users.Delete(ctx, was.ID)
	})
	if errors.Is(err, core.ErrNotFound) { // another process was first
		return errKept
	}
	if err != nil {
		return err
	}
	farewell.Send(svc, was, core.Mail{User: u, Lang: m.Lang})
	return nil
}
