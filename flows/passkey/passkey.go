package passkey

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is the flow of passkeys: of their routes, and of the second factor that
// they are. It is safe for concurrent use, and for one application.
type Flow struct {
	o   Options
	svc *core.Services // of Bind
}

var (
	_ core.Factor   = (*Flow)(nil)
	_ core.Offerer  = (*Flow)(nil)
	_ core.Enroller = (*Flow)(nil)
	_ core.Way      = (*Flow)(nil)
	_ core.Purger   = (*Flow)(nil)
	_ core.Keeper   = (*Flow)(nil)
	_ core.Binder   = (*Flow)(nil)
)

// New returns the flow. Its error joins everything that is wrong with the
// options.
func New(o Options) (*Flow, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	o.Secret, o.Origins, o.AppOrigins = slices.Clone(o.Secret), slices.Clone(o.Origins), slices.Clone(o.AppOrigins)
	return &Flow{o: o}, nil
}

// Name is "passkey".
func (*Flow) Name() string { return "passkey" }

// PerBackend is true.
func (*Flow) PerBackend() bool { return true }

// Method is core.MethodPasskey; the proof of presence alone is by
// core.MethodSecurityKey.
func (*Flow) Method() string { return core.MethodPasskey }

// Bind implements core.Binder.
func (f *Flow) Bind(svc *core.Services) core.Flow { return &Flow{o: f.o, svc: svc} }

// Asks reports whether u has switched passkeys on as a second factor and has
// one, unless done is strong; see core.Factor.
func (f *Flow) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	if f.svc.Security.Strong(done) {
		return false, nil
	}
	_, err := f.svc.Credentials.Find(ctx, core.KindSecond, u.Base().ID)
	if errors.Is(err, core.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	keys, err := passkeys(ctx, f.svc.Credentials, u)
	return len(keys) > 0, err
}

// Offers reports whether u has a passkey, unless done is strong; see
// core.Offerer. After a proof of presence alone the passkey is still offered,
// since one that verifies the user adds to it.
func (f *Flow) Offers(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	if f.svc.Security.Strong(done) {
		return false, nil
	}
	keys, err := passkeys(ctx, f.svc.Credentials, u)
	return len(keys) > 0, err
}

// Enrols reports whether u can get a passkey inside a pending login: their
// address is verified, or they have none; see core.Enroller.
func (f *Flow) Enrols(_ context.Context, u core.AnyUser) (bool, error) {
	b := u.Base()
	return b.IsVerified || b.EmailKey == "" || f.o.InsecureUnverified, nil
}

// Ways returns how many passkeys the user has that log in alone; see core.Way.
func (f *Flow) Ways(ctx context.Context, u core.AnyUser) (int, error) {
	keys, err := passkeys(ctx, f.svc.Credentials, u)
	ways := 0
	for _, r := range keys {
		if f.isWay(r) {
			ways++
		}
	}
	return ways, err
}

// isWay reports whether a passkey logs in alone.
func (f *Flow) isWay(r record) bool {
	verifies := r.Verified || f.o.Verification == Preferred
	return verifies && !r.Hidden && !(f.o.DeviceBound && r.Synced)
}

// Purge removes all of a user's passkeys, and the switch that has them asked
// for; see core.Purger.
func (f *Flow) Purge(ctx context.Context, userID string) (removed int, err error) {
	return purge(ctx, f.svc.Credentials, userID, Kind, core.KindSecond)
}

// Keeps implements core.Keeper.
func (f *Flow) Keeps() core.Kept {
	return core.Kept{Kind: Kind, Optional: true, Way: func(c *core.Credential) bool {
		r, err := decode(c.Data)
		return err == nil && f.isWay(r)
	}}
}
