package resolve

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// actor checks the administrator who acts by a session: one who is no longer
// an active superuser acts as nobody.
func (r *Resolver) actor(ctx context.Context, s *core.Session) error {
	u, err := r.Users.Find(ctx, core.ByID(s.Actor))
	if err != nil {
		return absent(err)
	}
	if !Acts(s, u, r.Now()) {
		return core.ErrInvalid
	}
	return nil
}

// Acts reports whether a user may act by a session whose Actor they are.
func Acts(s *core.Session, actor core.AnyUser, now time.Time) bool {
	b := actor.Base()
	return b.IsSuperuser && !b.Blocked(now) && b.TokenEpoch == s.ActorEpoch
}
