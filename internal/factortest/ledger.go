package factortest

import (
	"context"
	"errors"
	"sync"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Ledger is a user store with transactions, one at a time, in which no other
// store takes part: as of users in one database and credentials in another.
type Ledger struct {
	*memstore.Users[Member]
	// Next is how the next transactions end, each of which undoes what was
	// done to users: ErrAgain for one that is run again, any other error
	// for one that fails.
	Next []error

	one sync.Mutex
}

// ErrAgain is for Ledger.Next.
var ErrAgain = errors.New("factortest: run again")

// inside is the key of the context of a transaction.
type inside struct{}

// Transact implements core.Transactor.
func (l *Ledger) Transact(ctx context.Context, do func(context.Context) error) error {
	if ctx.Value(inside{}) != nil {
		return do(ctx)
	}
	l.one.Lock()
	defer l.one.Unlock()
	ctx = context.WithValue(ctx, inside{}, true)
	for {
		before, _, err := l.List(ctx, core.Query{Limit: 100})
		if err != nil {
			return err
		}
		if err = do(ctx); err == nil && len(l.Next) > 0 {
			err, l.Next = l.Next[0], l.Next[1:]
		}
		if err == nil {
			return nil
		}
		for _, u := range before {
			_, undo := l.Update(context.WithoutCancel(ctx), u.ID, func(now *Member) error {
				*now = *u
				return nil
			})
			err = errors.Join(err, undo)
		}
		if !errors.Is(err, ErrAgain) {
			return err
		}
	}
}
