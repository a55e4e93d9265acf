// Package lease lets one caller at a time, of all processes that share a store
// of tickets, do something.
//
//	leases := lease.Leases{
//		Tickets: store.Tickets(), Purpose: "oauth-renew",
//		Lifetime: 20 * time.Second, Now: time.Now,
//	}
//	release, err := leases.Acquire(ctx, linkID)
//	if errors.Is(err, core.ErrTaken) {
//		return // another has it
//	}
//	defer release()
package lease

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Leases are the leases of one purpose. All fields are required.
type Leases struct {
	// Tickets keeps a lease as a ticket: whoever stores it has the lease,
	// and one that failed is as good as none.
	Tickets core.TicketStore
	Purpose string
	// Lifetime is how long a lease lasts whose holder has died.
	Lifetime time.Duration
	Now      func() time.Time
}

// Acquire returns core.ErrTaken while somebody else has the lease of a name.
// release ends it; where that cannot be written, the lease expires by
// itself. Acquire must not be called in a transaction, in which others would
// not see the lease.
func (l Leases) Acquire(ctx context.Context, name string) (release func(), err error) {
	digest := core.Digest(name)
	err = l.Tickets.Put(ctx, core.Ticket{Digest: digest, Purpose: l.Purpose, Expires: l.Now().Add(l.Lifetime)}, false)
	if err != nil {
		return nil, err
	}
	return func() { _ = l.Tickets.Fail(context.WithoutCancel(ctx), l.Purpose, digest, 1) }, nil
}
