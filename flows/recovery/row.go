package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// row is the Data of a credential.
type row struct {
	Left     int    `json:"left"`
	Sealed   string `json:"s"`           // the list of digests
	Failures int    `json:"f,omitempty"` // since the last right code
}

// place is the context of what is sealed for a user.
func place(userID string) string { return "recovery " + userID }

// data returns the Data of a row with these digests.
func (f Flow) data(userID string, digests [][32]byte) ([]byte, error) {
	plain := make([]byte, 0, 32*len(digests))
	for _, d := range digests {
		plain = append(plain, d[:]...)
	}
	return json.Marshal(row{Left: len(digests), Sealed: f.ring.Seal(plain, place(userID))})
}

// digests returns those of a row.
func (f Flow) digests(c *core.Credential) (all [][32]byte, err error) {
	var data row
	if err := json.Unmarshal(c.Data, &data); err != nil {
		return nil, err
	}
	plain, err := f.ring.Open(data.Sealed, place(c.Owner))
	if err != nil {
		return nil, err
	}
	for digest := range slices.Chunk(plain, 32) {
		if len(digest) != 32 {
			return nil, fmt.Errorf("a digest has %d bytes", len(digest))
		}
		all = append(all, [32]byte(digest))
	}
	return all, nil
}

// trial is one code, tried on the row under its lock.
type trial struct {
	flow Flow
	now  time.Time
	code string
	// right reports that the code was in the row. count is then how many
	// are left, else how many were wrong since the last right one.
	right bool
	count int
}

// run is pure: a store may run it again. A wrong code is no error, since an
// error would undo its count.
func (t *trial) run(c *core.Credential) error {
	all, err := t.flow.digests(c)
	if err != nil {
		return err
	}
	i := slices.Index(all, core.Digest(t.code))
	if t.right = i >= 0; t.right {
		t.count, c.Used = len(all)-1, t.now
		c.Data, err = t.flow.data(c.Owner, slices.Delete(all, i, i+1))
		return err
	}
	var data row
	if err := json.Unmarshal(c.Data, &data); err != nil {
		return err
	}
	data.Failures++
	t.count = data.Failures
	c.Data, err = json.Marshal(data)
	return err
}

// use takes a code out of the user's row. The refusal of one that is not in it,
// or no more, is FACTOR_BAD_CODE.
func (f Flow) use(ctx context.Context, svc *core.Services, u core.AnyUser, code string, r *core.Request) error {
	id := u.Base().ID
	c, err := f.find(ctx, svc, id)
	if err != nil {
		return core.Unavailable(err)
	}
	if c == nil {
		return core.Refuse(core.CodeFactorBadCode)
	}
	t := trial{flow: f, now: svc.Env.Now(), code: code}
	_, err = svc.Credentials.Update(ctx, kind, id, c.ID, t.run)
	switch {
	case errors.Is(err, core.ErrNotFound): // removed meanwhile
		return core.Refuse(core.CodeFactorBadCode)
	case err != nil:
		return core.Unavailable(err)
	}
	e := core.Event{
		Kind: core.EventRecoveryUsed, Backend: svc.Backend.Name, Method: kind, User: u, Target: c.ID, Count: t.count,
		Request: r,
	}
	if t.right {
		svc.Events.Raise(ctx, e)
		return nil
	}
	e.Kind, e.Code = core.EventFactorRefused, core.CodeFactorBadCode
	svc.Events.Raise(ctx, e)
	return core.Refuse(core.CodeFactorBadCode)
}

// replace makes a user's codes anew, in place of all former ones, and returns
// the ID of their row.
func (f Flow) replace(ctx context.Context, svc *core.Services, userID string, digests [][32]byte) (string, error) {
	data, err := f.data(userID, digests)
	if err != nil {
		return "", err
	}
	for range 2 { // another request may make or remove the row meanwhile
		c, err := f.find(ctx, svc, userID)
		if err != nil {
			return "", err
		}
		if c == nil {
			c = &core.Credential{Owner: userID, Kind: kind, Key: userID, Data: data, Created: svc.Env.Now()}
			err = svc.Credentials.Create(ctx, c, 0)
		} else {
			_, err = svc.Credentials.Update(ctx, kind, userID, c.ID, func(c *core.Credential) error {
				c.Data, c.Used = data, svc.Env.Now()
				return nil
			})
		}
		if !errors.Is(err, core.ErrTaken) && !errors.Is(err, core.ErrNotFound) {
			return c.ID, err
		}
	}
	return "", errors.New("recovery: the codes are being changed by other requests")
}
