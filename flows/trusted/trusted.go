// Package trusted is the flow by which users trust a browser, so that for 30
// days their logins there need no second factor: POST /trusted-devices.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{totp.Flow{}, trusted.Flow{}}, …
//	})
//
// It is for backends whose token browsers send by themselves, as they send a
// cookie; the others have no such route.
//
// Security notes. What the browser keeps opens nothing: it follows a right
// first proof of the same user, and spares no enrolment. The login that was
// spared has one proof, so that what is sensitive still asks for the factor. A
// browser is trusted by a login that has proved an authenticator app, a passkey
// or a security key within Options.FreshFor; a recovery code, or a login that
// was itself spared, is not enough. The trust ends with the user's TokenEpoch
// (a new password, the end of all other logins, a deactivation), with the
// credential that it was proved by, and with its own removal, DELETE
// /factors/{id}. The store has a digest alone.
package trusted

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is the trust in browsers. The zero value is ready.
type Flow struct {
	// Lifetime is how long a browser is trusted, an hour to 400 days, which
	// is as long as browsers keep a cookie. Logins there do not prolong it.
	// Default: 30 days.
	Lifetime time.Duration
	// MaxPerUser is how many browsers a user may trust, 1 to 100; one more
	// takes the place of the oldest. Default: 10.
	MaxPerUser int

	svc *core.Services // of Bind
	// backends are those that have the route, filled in by Routes.
	backends map[string]browser
}

// kind is that of the credential.
const kind = core.KindTrusted

var (
	_ core.Binder   = Flow{}
	_ core.Waiver   = Flow{}
	_ core.Keeper   = Flow{}
	_ core.Purger   = Flow{}
	_ core.Listener = Flow{}
)

// Bind implements core.Binder.
func (f Flow) Bind(svc *core.Services) core.Flow {
	f.svc, f.backends = svc, map[string]browser{}
	f.Lifetime = cmp.Or(f.Lifetime, 30*24*time.Hour)
	f.MaxPerUser = cmp.Or(f.MaxPerUser, 10)
	return f
}

// Name is "trusted".
func (Flow) Name() string { return kind }

// PerBackend is true.
func (Flow) PerBackend() bool { return true }

// Keeps implements core.Keeper.
func (Flow) Keeps() core.Kept { return core.Kept{Kind: kind, Beside: true} }

// check returns what the flow misses.
func (f Flow) check(svc *core.Services) error {
	var errs []error
	if svc.Credentials == nil {
		errs = append(errs, errors.New("flow trusted needs Options.Credentials, where trusted browsers are kept"))
	}
	if f.Lifetime < time.Hour || f.Lifetime > 400*24*time.Hour {
		errs = append(errs, fmt.Errorf("flow trusted: Lifetime is %v, it must be an hour to 400 days", f.Lifetime))
	}
	if f.MaxPerUser < 1 || f.MaxPerUser > 100 {
		errs = append(errs, fmt.Errorf("flow trusted: MaxPerUser is %d, it must be 1 to 100", f.MaxPerUser))
	}
	return errors.Join(errs...)
}

// row is the Data of a credential.
type row struct {
	Backend string   `json:"b"`
	Epoch   int64    `json:"e"` // the user's TokenEpoch
	By      []string `json:"c"` // IDs of the credentials that may have made the proof
}

// holds reports whether c still stands for what it was made with: the user's
// epoch and, among all of theirs, the credentials.
func holds(c *core.Credential, u *core.User, all []*core.Credential) bool {
	var data row
	if json.Unmarshal(c.Data, &data) != nil || data.Epoch != u.TokenEpoch || len(data.By) == 0 {
		return false
	}
	for _, id := range data.By {
		if !slices.ContainsFunc(all, func(other *core.Credential) bool { return other.ID == id }) {
			return false
		}
	}
	return true
}

// Waives implements core.Waiver: where the request comes from a browser that
// the user trusts.
func (f Flow) Waives(ctx context.Context, a core.Attempt) (bool, error) {
	b, ok := f.backends[a.Backend]
	if !ok || a.Request == nil {
		return false, nil
	}
	u := a.User.Base()
	c, err := b.find(ctx, f.svc, a.Request)
	if c == nil || err != nil || c.Owner != u.ID {
		return false, err
	}
	all, err := f.svc.Credentials.List(ctx, "", u.ID)
	if err != nil || !holds(c, u, all) {
		return false, err
	}
	_, err = f.svc.Credentials.Update(ctx, kind, u.ID, c.ID, func(c *core.Credential) error {
		c.Used = f.svc.Env.Now()
		return nil
	})
	if errors.Is(err, core.ErrNotFound) { // removed meanwhile
		return false, nil
	}
	return err == nil, err
}

// Purge implements core.Purger.
func (f Flow) Purge(ctx context.Context, userID string) (removed int, err error) {
	return f.remove(ctx, userID, func(*core.Credential) bool { return true })
}

// remove removes those of a user's that drop picks.
func (f Flow) remove(ctx context.Context, userID string, drop func(*core.Credential) bool) (removed int, err error) {
	mine, err := f.svc.Credentials.List(ctx, kind, userID)
	if err != nil {
		return 0, err
	}
	for _, c := range mine {
		if !drop(c) {
			continue
		}
		switch err := f.svc.Credentials.Delete(ctx, kind, userID, c.ID); {
		case err == nil:
			removed++
		case !errors.Is(err, core.ErrNotFound):
			return removed, err
		}
	}
	return removed, nil
}

// On removes what holds no more, so that the user's list has no such browser.
// Without it they would be trusted no more either.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	if e.User == nil || e.Kind == core.EventDeleted {
		return
	}
	ended := e.Was != nil && e.Was.TokenEpoch != e.User.Base().TokenEpoch
	if !ended && (e.Kind != core.EventFactorRemoved || e.Method == kind) {
		return
	}
	u := e.User.Base()
	all, err := f.svc.Credentials.List(ctx, "", u.ID)
	if err == nil {
		_, err = f.remove(ctx, u.ID, func(c *core.Credential) bool { return !holds(c, u, all) })
	}
	if err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: browsers that are trusted no more could not be removed from the list", "err", err)
	}
}
