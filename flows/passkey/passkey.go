package passkey

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is the flow of passkeys: of their routes, and of the second factor that
// they are. It is safe for concurrent use, and for one application.
type Flow struct {
	o Options
	// bound is what Routes was called with, for the other methods.
	bound atomic.Pointer[core.Services]
}

var (
	_ core.Factor   = (*Flow)(nil)
	_ core.Offerer  = (*Flow)(nil)
	_ core.Enroller = (*Flow)(nil)
	_ core.Way      = (*Flow)(nil)
	_ core.Purger   = (*Flow)(nil)
	_ core.Listener = (*Flow)(nil)
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

var errUnbound = errors.New("passkey: the flow is not part of an application")

// services returns what the flow works with, for methods that have no other way
// to it.
func (f *Flow) services() (*core.Services, core.CredentialStore, error) {
	svc := f.bound.Load()
	if svc == nil {
		return nil, nil, errUnbound
	}
	return svc, f.store(svc), nil
}

func (f *Flow) store(svc *core.Services) core.CredentialStore {
	if f.o.Credentials != nil {
		return f.o.Credentials
	}
	return svc.Credentials
}

// Asks reports whether u has switched passkeys on as a second factor and has
// one, unless done is strong; see core.Factor.
func (f *Flow) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	svc, store, err := f.services()
	if err != nil || svc.Security.Strong(done) {
		return false, err
	}
	_, err = store.Find(ctx, SecondKind, u.Base().ID)
	if errors.Is(err, core.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	keys, err := passkeys(ctx, store, u)
	return len(keys) > 0, err
}

// Offers reports whether u has a passkey, unless done is strong; see
// core.Offerer. After a proof of presence alone the passkey is still offered,
// since one that verifies the user adds to it.
func (f *Flow) Offers(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	svc, store, err := f.services()
	if err != nil || svc.Security.Strong(done) {
		return false, err
	}
	keys, err := passkeys(ctx, store, u)
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
	_, store, err := f.services()
	if err != nil {
		return 0, err
	}
	keys, err := passkeys(ctx, store, u)
	ways := 0
	for _, r := range keys {
		verifies := r.Verified || f.o.Verification == Preferred
		if verifies && !r.Hidden && !(f.o.DeviceBound && r.Synced) {
			ways++
		}
	}
	return ways, err
}

// Purge removes all of a user's passkeys, and the switch that has them asked
// for; see core.Purger.
func (f *Flow) Purge(ctx context.Context, userID string) (removed int, err error) {
	_, store, err := f.services()
	if err != nil {
		return 0, err
	}
	return purge(ctx, store, userID, Kind, SecondKind)
}

// On hears of deleted users, whose passkeys the front door deletes where they
// are in its own store.
func (f *Flow) On(_ context.Context, svc *core.Services, e core.Event) {
	if e.Kind != core.EventDeleted || f.o.Credentials == nil {
		return
	}
	id := e.User.Base().ID
	svc.Jobs.Enqueue("delete passkeys", func(ctx context.Context) error {
		_, err := f.Purge(ctx, id)
		return err
	})
}
