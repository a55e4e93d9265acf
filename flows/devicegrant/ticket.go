package devicegrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// The purposes of tickets. A device has two: one under the digest of its own
// code, one under that of the user code. Whoever claims and decides adds one
// each, so that the store decides between concurrent ones: the first Put wins.
const (
	devicePurpose   = "device"
	userPurpose     = "device-user"
	claimPurpose    = "device-claim"    // under the digest of the user code
	decisionPurpose = "device-decision" // under the digest of the device's code
)

// asking is what asks to be let in. The two tickets of a device have it.
type asking struct {
	Backend string
	// Device is the digest of the device's code.
	Device []byte
	Label  string
	IP     netip.Addr
	At     time.Time
	// Expires is when the codes expire. The ticket of the device's own
	// lives longer, so that it learns why it is not let in.
	Expires time.Time
}

// claim is the login that alone may decide.
type claim struct{ Backend, Session string }

func claimOf(s *core.Session) claim { return claim{s.Backend, s.ID} }

// decision is what was decided, by the login that claimed the code.
type decision struct {
	claim

	Approved bool
	// Login is that login; see loginOf.
	Login string
	// Methods are those of that login's proofs.
	Methods []string
}

// read decodes the data of a ticket.
func read[T any](t core.Ticket) (v T, err error) {
	if err := json.Unmarshal(t.Data, &v); err != nil {
		return v, core.Unavailable(fmt.Errorf("the ticket of a device cannot be read: %w", err))
	}
	return v, nil
}

// find returns a ticket that is not used and what it has; its error is
// DEVICE_BAD_CODE or a 503.
func find[T any](
	ctx context.Context, svc *core.Services, purpose string, digest [32]byte,
) (t core.Ticket, v T, err error) {
	if t, err = svc.Tickets.Find(ctx, purpose, digest); err != nil {
		return t, v, unknown(err)
	}
	v, err = read[T](t)
	return t, v, err
}

// put stores a ticket with v; core.ErrTaken where there is one of its digest.
func put(ctx context.Context, svc *core.Services, t core.Ticket, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	t.Data = data
	return svc.Tickets.Put(ctx, t, false)
}

// bad is the refusal of a code of either kind.
func bad() error { return core.Refuse(core.CodeDeviceBadCode) }

// denied is the refusal of a device for good.
func denied() error { return core.Refuse(core.CodeDeviceDenied) }

// unknown is bad for a ticket that is not there, or is used, else a 503.
func unknown(err error) error {
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return bad()
	}
	return core.OrUnavailable(err)
}
