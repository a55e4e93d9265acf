// Package totp is the second factor of authenticator apps (RFC 6238): six
// digits that change every 30 seconds.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows:       []latchkey.Flow{totp.Flow{}, recovery.Flow{}},
//		Credentials: store.Credentials(), Tickets: store.Tickets(),
//		Vault:       []core.VaultKey{{ID: "2026", Secret: secret}}, …
//	})
//
// Security notes. The secret is stored once it is confirmed by its first code,
// and until then in a ticket of ten minutes; both are sealed for the user whose
// it is. A code is accepted once: its step must be later than the last one, as
// decided under the row's lock. Wrong codes are counted in the row, over all
// logins and step-ups: after 100 without a right one the factor answers no more
// until another factor succeeds, or an administrator unlocks it. Enrolment ends
// the user's other logins.
package totp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/seal"
)

// Flow is the factor. The zero value is ready.
type Flow struct {
	// Issuer is the application's name in the list of the user's app, of 1
	// to 64 bytes without a colon. Default: the host of Options.BaseURL.
	Issuer string
	// Skew is how many steps of 30 seconds a clock may be off, before and
	// after: 1 or 2. Default: 1. Negative: none.
	Skew int
	// Attempts bounds the codes of one user, over all logins and step-ups,
	// beyond which the answer is 429; a right one sets the count to
	// nothing. Default: 10 in 15 minutes.
	Attempts core.Limit
	// InsecureUnverified lets users whose address is not verified enrol.
	// Whoever registers somebody else's address can lock its owner out
	// then. Users without an address may enrol anyway.
	InsecureUnverified bool

	svc  *core.Services // of Bind
	ring *seal.Ring     // of Routes
}

// kind is that of the credential, whose key is the user's ID.
const kind = core.MethodTOTP

// Bind implements core.Binder.
func (f Flow) Bind(svc *core.Services) core.Flow {
	f.svc = svc
	f.Skew = cmp.Or(f.Skew, 1)
	f.Attempts = cmp.Or(f.Attempts, core.Limit{Events: 10, Window: 15 * time.Minute})
	return f
}

// Name is "totp".
func (Flow) Name() string { return kind }

// PerBackend is true.
func (Flow) PerBackend() bool { return true }

// Method implements core.Factor.
func (Flow) Method() string { return kind }

// Asks implements core.Factor: of a user who has enrolled, until the login is
// strong.
func (f Flow) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	if f.svc.Security.Strong(done) {
		return false, nil
	}
	return f.enrolled(ctx, u)
}

func (f Flow) enrolled(ctx context.Context, u core.AnyUser) (bool, error) {
	_, err := f.svc.Credentials.Find(ctx, kind, u.Base().ID)
	if errors.Is(err, core.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Offers implements core.Offerer: it may be chosen where another factor asks
// and the login is not strong.
func (f Flow) Offers(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	return f.Asks(ctx, u, done)
}

// Enrols implements core.Enroller.
func (f Flow) Enrols(_ context.Context, u core.AnyUser) (bool, error) { return f.mayEnrol(u), nil }

// mayEnrol reports whether the account is certainly the user's own.
func (f Flow) mayEnrol(u core.AnyUser) bool {
	b := u.Base()
	return b.IsVerified || b.EmailKey == "" || f.InsecureUnverified
}

// Keeps implements core.Keeper.
func (Flow) Keeps() core.Kept { return core.Kept{Kind: kind} }

// Purge implements core.Purger.
func (f Flow) Purge(ctx context.Context, userID string) (removed int, err error) {
	c, err := f.svc.Credentials.Find(ctx, kind, userID)
	if err == nil {
		err = f.svc.Credentials.Delete(ctx, kind, userID, c.ID)
	}
	if errors.Is(err, core.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// check returns what the flow misses.
func (f *Flow) check(svc *core.Services) error {
	var errs []error
	if svc.Credentials == nil {
		errs = append(errs, errors.New("flow totp needs Options.Credentials, where the secrets are kept"))
	}
	if svc.Tickets == nil {
		errs = append(errs, errors.New("flow totp needs Options.Tickets, where enrolments wait for their first code"))
	}
	if len(svc.Vault) == 0 {
		errs = append(errs, errors.New("flow totp needs Options.Vault, whose keys seal the secrets"))
	} else if ring, err := seal.New(svc.Vault...); err != nil {
		errs = append(errs, fmt.Errorf("flow totp: Options.Vault: %w", err))
	} else {
		f.ring = ring
	}
	if f.Issuer == "" && svc.Env.BaseURL != nil {
		f.Issuer = svc.Env.BaseURL.Hostname()
	}
	if !isIssuer(f.Issuer) {
		errs = append(errs, errors.New("flow totp needs an Issuer of 1 to 64 bytes without a colon, or Options.BaseURL with a host"))
	}
	if f.Skew > 2 {
		errs = append(errs, fmt.Errorf("flow totp: Skew is %d, at most 2 steps are allowed", f.Skew))
	}
	if err := f.Attempts.Check(); err != nil {
		errs = append(errs, fmt.Errorf("flow totp: Attempts: %w", err))
	}
	return errors.Join(errs...)
}
