package devicegrant

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// endedPurpose is that of the logins that have ended, under their digests. An
// approval of theirs is void.
const endedPurpose = "device-ended"

// loginOf names a login and those that step-ups replace it by, which began when
// it did. Access tokens have that in seconds, their store more exactly.
func loginOf(s *core.Session) string {
	return fmt.Sprintf("%q %q %d", s.UserID, s.Backend, s.Created.Unix())
}

// On implements core.Listener: it notes a login that is logged out or ended by
// itself. All of a user's logins end by their TokenEpoch, which use looks at.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	switch e.Kind {
	case core.EventLoggedOut, core.EventSessionEnded, core.EventSessionReused:
	default:
		return
	}
	if e.Session == nil || e.Session.UserID == "" {
		return
	}
	digest, until := core.Digest(loginOf(e.Session)), svc.Env.Now().Add(f.filled().Lifetime)
	note := func(ctx context.Context) error {
		err := svc.Tickets.Burn(ctx, endedPurpose, digest, until)
		if errors.Is(err, core.ErrUsed) { // by an earlier try, or a logout at the same time
			return nil
		}
		return err
	}
	if err := note(context.WithoutCancel(ctx)); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: what a login has approved is not void yet; it will be tried again", "err", err)
		svc.Jobs.Enqueue("void what a login has approved", note)
	}
}

// living returns nil where the login that decided has not ended; see On.
func living(ctx context.Context, svc *core.Services, d decision) error {
	_, err := svc.Tickets.Find(ctx, endedPurpose, core.Digest(d.Login))
	switch {
	case errors.Is(err, core.ErrNotFound):
		return nil
	case err == nil, errors.Is(err, core.ErrUsed):
		return denied()
	}
	return err
}
