package devicegrant

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// decide answers POST /device/approve and POST /device/deny. What is decided
// once stays so; the same answer by the same login is no error.
func (f Flow) decide(
	ctx context.Context, svc *core.Services, r *core.Request, approved bool,
) (*core.Response, error) {
	typed, err := core.ReadStrings(r, "user_code")
	if err != nil {
		return nil, err
	}
	code, ok := userCode(typed[0])
	if !ok {
		return nil, bad()
	}
	c := core.CurrentFrom(ctx)
	digest := core.Digest(code)
	_, a, err := mine(ctx, svc, digest, c)
	if err != nil {
		return nil, err
	}
	e := &core.Event{Kind: core.EventDeviceDenied, Backend: a.Backend, Method: core.MethodDevice, User: c.User, Request: r}
	if approved {
		e.Kind = core.EventDeviceApproved
	}
	err = svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		t, a, err := mine(ctx, svc, digest, c) // hooks lie in between
		if err != nil {
			return err
		}
		d := decision{
			claim: claimOf(c.Session), Approved: approved, Login: loginOf(c.Session), Methods: methodsOf(c.Session),
		}
		return store(ctx, svc, core.Ticket{
			Digest: [32]byte(a.Device), Purpose: decisionPurpose, UserID: c.Session.UserID, Epoch: c.Session.Epoch,
			Expires: t.Expires,
		}, d)
	})
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	return core.Empty(http.StatusNoContent), nil
}

// mine returns what asks under a code that the caller's login has claimed.
func mine(
	ctx context.Context, svc *core.Services, digest [32]byte, c *core.Current,
) (t core.Ticket, a asking, err error) {
	if err := claimed(ctx, svc, digest, c); err != nil {
		return t, a, err
	}
	return find[asking](ctx, svc, userPurpose, digest)
}

// store keeps a decision. It may run again, and be sent again.
func store(ctx context.Context, svc *core.Services, t core.Ticket, d decision) error {
	err := put(ctx, svc, t, d)
	if !errors.Is(err, core.ErrTaken) {
		return err
	}
	kept, err := svc.Tickets.Find(ctx, t.Purpose, t.Digest)
	if err != nil && !errors.Is(err, core.ErrUsed) { // the device has been let in meanwhile
		return unknown(err)
	}
	before, err := read[decision](kept)
	if err == nil && (kept.UserID != t.UserID || before.claim != d.claim || before.Approved != d.Approved) {
		err = bad()
	}
	return err
}

// methodsOf returns the methods of a login's proofs, as far as they prove
// anything beside another login's.
func methodsOf(s *core.Session) (methods []string) {
	for _, p := range s.Proofs {
		if p.Method != core.MethodDevice {
			methods = append(methods, p.Method)
		}
	}
	return methods
}
