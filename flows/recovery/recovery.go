// Package recovery is the flow of recovery codes, which a user keeps on paper
// for the day on which their second factor is lost.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{totp.Flow{}, recovery.Flow{}}, …
//	})
//
// Security notes. A code has 80 bits and works once: it is taken out of the
// user's row under its lock. The row holds the digests of all codes, sealed, so
// that new codes replace the former ones in one write. Codes never ask for
// themselves: they are offered beside a factor that does. They are shown once,
// when they are made, and go with the last factor that they stand in for.
package recovery

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/seal"
)

// Flow is the factor. The zero value is ready.
type Flow struct {
	// Codes is how many a user gets, 1 to 50. Default: 10.
	Codes int

	svc  *core.Services // of Bind
	ring *seal.Ring     // of Routes
}

// kind is that of the credential, whose key is the user's ID.
const kind = core.MethodRecovery

// Bind implements core.Binder.
func (f Flow) Bind(svc *core.Services) core.Flow {
	f.svc, f.Codes = svc, cmp.Or(f.Codes, 10)
	return f
}

// Name is "recovery".
func (Flow) Name() string { return kind }

// PerBackend is true.
func (Flow) PerBackend() bool { return true }

// Method implements core.Factor.
func (Flow) Method() string { return kind }

// Asks implements core.Factor: recovery codes never ask.
func (Flow) Asks(context.Context, core.AnyUser, []core.Proof) (bool, error) { return false, nil }

// Offers implements core.Offerer: while codes are left, and the login is not
// strong.
func (f Flow) Offers(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	if f.svc.Security.Strong(done) {
		return false, nil
	}
	c, err := f.find(ctx, f.svc, u.Base().ID)
	return c != nil && left(c) > 0, err
}

// Keeps implements core.Keeper.
func (Flow) Keeps() core.Kept { return core.Kept{Kind: kind, Beside: true, Left: left} }

// Purge implements core.Purger.
func (f Flow) Purge(ctx context.Context, userID string) (removed int, err error) {
	c, err := f.find(ctx, f.svc, userID)
	if c == nil || err != nil {
		return 0, err
	}
	err = f.svc.Credentials.Delete(ctx, kind, userID, c.ID)
	if errors.Is(err, core.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// find returns a user's row, or nil.
func (Flow) find(ctx context.Context, svc *core.Services, userID string) (*core.Credential, error) {
	c, err := svc.Credentials.Find(ctx, kind, userID)
	if errors.Is(err, core.ErrNotFound) {
		return nil, nil
	}
	return c, err
}

// left is how many codes a row has.
func left(c *core.Credential) int {
	var data row
	if json.Unmarshal(c.Data, &data) != nil {
		return 0
	}
	return data.Left
}

// check returns what the flow misses.
func (f *Flow) check(svc *core.Services) error {
	var errs []error
	if svc.Credentials == nil {
		errs = append(errs, errors.New("flow recovery needs Options.Credentials, where the codes' digests are kept"))
	}
	if len(svc.Vault) == 0 {
		errs = append(errs, errors.New("flow recovery needs Options.Vault, whose keys seal the digests"))
	} else if ring, err := seal.New(svc.Vault...); err != nil {
		errs = append(errs, fmt.Errorf("flow recovery: Options.Vault: %w", err))
	} else {
		f.ring = ring
	}
	if f.Codes < 1 || f.Codes > 50 {
		errs = append(errs, fmt.Errorf("flow recovery: Codes is %d, it must be 1 to 50", f.Codes))
	}
	return errors.Join(errs...)
}
