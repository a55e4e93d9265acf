package totp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// lockAt is how many wrong codes lock the factor. Three of 10^6 codes are valid
// at a time, so a guess comes true once in 3,000 locked factors.
const lockAt = 100

// row is the Data of a credential.
type row struct {
	Secret   string `json:"s"` // sealed
	Last     int64  `json:"n"` // the last step that was accepted
	Failures int    `json:"f"` // since the last right code
}

// place is the context of what is sealed for a user.
func place(userID string) string { return "totp " + userID }

// verify accepts a code of the user's factor, at most once, and counts one that
// is wrong. Refusals: FACTOR_BAD_CODE, also where there is no such factor;
// FACTOR_LOCKED; 429.
func (f Flow) verify(ctx context.Context, svc *core.Services, u core.AnyUser, code string, r *core.Request) error {
	id := u.Base().ID
	key := limitKey(id)
	if err := core.CheckLimit(ctx, svc.Limiter, key, f.Attempts); err != nil {
		return err
	}
	c, err := svc.Credentials.Find(ctx, kind, id)
	if errors.Is(err, core.ErrNotFound) {
		return core.Refuse(core.CodeFactorBadCode)
	}
	if err != nil {
		return core.Unavailable(err)
	}
	t := trial{flow: f, svc: svc, user: id, code: code}
	_, err = svc.Credentials.Update(ctx, kind, id, c.ID, t.run)
	switch {
	case errors.Is(err, core.ErrNotFound): // removed meanwhile
		return core.Refuse(core.CodeFactorBadCode)
	case err != nil:
		return core.Unavailable(err)
	case t.locked:
		return &core.Error{Code: core.CodeFactorLocked, Status: http.StatusForbidden}
	case !t.right:
		svc.Events.Raise(ctx, core.Event{
			Kind: core.EventFactorRefused, Backend: svc.Backend.Name, Method: kind, Code: core.CodeFactorBadCode, User: u,
			Target: c.ID, Request: r, Count: t.failures,
		})
		return core.Refuse(core.CodeFactorBadCode)
	}
	if err := svc.Limiter.Reset(context.WithoutCancel(ctx), key); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: a limit could not be reset", "err", err)
	}
	return nil
}

// trial is one code, tried on the row under its lock.
type trial struct {
	flow          Flow
	svc           *core.Services
	user, code    string
	right, locked bool
	failures      int // with this one
}

// run is pure: a store may run it again. A wrong code is no error, since an
// error would undo its count.
func (t *trial) run(c *core.Credential) error {
	t.right, t.locked = false, false
	var data row
	if err := json.Unmarshal(c.Data, &data); err != nil {
		return err
	}
	if data.Failures >= lockAt {
		t.locked = true
		return nil
	}
	secret, err := t.flow.ring.Open(data.Secret, place(t.user))
	if err != nil {
		return err
	}
	now := t.svc.Env.Now()
	if step := match(secret, t.code, now, t.flow.Skew, data.Last); step != 0 {
		t.right = true
		data.Last, data.Failures, c.Used = step, 0, now
		if !t.flow.ring.Current(data.Secret) {
			data.Secret = t.flow.ring.Seal(secret, place(t.user))
		}
	} else {
		data.Failures++
		t.failures = data.Failures
	}
	c.Data, err = json.Marshal(data)
	return err
}

// Unlock implements core.Unlocker. It also forgives what Attempts has counted,
// so that the next code is not a 429.
func (f Flow) Unlock(ctx context.Context, userID string) error {
	var data row
	c, err := f.svc.Credentials.Find(ctx, kind, userID)
	if err == nil {
		err = json.Unmarshal(c.Data, &data)
	}
	if err == nil && data.Failures > 0 {
		_, err = f.svc.Credentials.Update(ctx, kind, userID, c.ID, func(c *core.Credential) error {
			if err := json.Unmarshal(c.Data, &data); err != nil {
				return err
			}
			data.Failures = 0
			c.Data, err = json.Marshal(data)
			return err
		})
	}
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return err
	}
	return f.svc.Limiter.Reset(ctx, limitKey(userID))
}

// limitKey is the key of a user's Attempts.
func limitKey(userID string) string { return core.LimitKey("totp", userID) }

// On unlocks the factor once another one has been proved in its place.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	if e.Kind != core.EventLoggedIn && e.Kind != core.EventProved || e.Session == nil {
		return
	}
	var others []core.Proof
	for _, p := range core.MadeHere(e.Session.Proofs) {
		if p.Method != kind {
			others = append(others, p)
		}
	}
	if e.Method == kind || !isThing(svc, e.Method) || !svc.Security.Strong(others) {
		return
	}
	if err := f.Unlock(context.WithoutCancel(ctx), e.User.Base().ID); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: a second factor could not be unlocked", "err", err)
	}
}

// isThing reports whether a method proves a thing, as the app does: it is two
// proofs with a password, and with an account elsewhere too. Neither a password
// nor a mailbox stands in for the app.
func isThing(svc *core.Services, method string) bool {
	with := func(other string) bool {
		return svc.Security.Strong([]core.Proof{{Method: other}, {Method: method}})
	}
	return with(core.MethodPassword) && with(core.MethodEmail)
}
