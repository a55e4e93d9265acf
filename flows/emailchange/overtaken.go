package emailchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// An undone change takes all later ones of the user's along, which whoever was
// in the account may have made, and leaves the earlier ones: each address that
// was verified can undo its own change. So each undoing leaves a record, under
// a digest that is found again by the user and the day. Those of a day are
// numbered and expire together, so that none hides behind a gap.

// recordPurpose is the purpose of the records' tickets.
const recordPurpose = "email-undone"

// day is the unit of the records' digests. It never changes: what an older
// version has recorded must be found.
const day = 24 * time.Hour

// undoMost is the longest that a change can be undone.
const undoMost = 30 * day

// undone is the Data of a record.
type undone struct {
	Changed time.Time `json:"changed"` // the change that was undone
	Undone  time.Time `json:"undone"`
}

func recordDigest(userID string, on time.Time, n int) [32]byte {
	return core.Digest(fmt.Sprintf("%s\x00%s\x00%d\x00%d", recordPurpose, userID, on.Unix()/int64(day/time.Second), n))
}

// record notes that the change is undone now.
func (b *undoing) record(ctx context.Context) error {
	now := b.svc.Env.Now().UTC()
	data, err := json.Marshal(undone{b.Mark.At, now})
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		err := b.svc.Tickets.Put(ctx, core.Ticket{
			Digest: recordDigest(b.t.UserID, now, n), Purpose: recordPurpose, UserID: b.t.UserID, Data: data,
			Expires: now.Truncate(day).Add(2*day + undoMost),
		}, false)
		if !errors.Is(err, core.ErrTaken) {
			return err
		}
	}
}

// overtaken reports whether an earlier change of the user's was undone since
// the one of the ticket.
func (b *undoing) overtaken(ctx context.Context) (bool, error) {
	at := b.Mark.At
	for on := at.UTC().Truncate(day); !on.After(b.svc.Env.Now().Add(day)); on = on.Add(day) {
		for n := 0; ; n++ {
			t, err := b.svc.Tickets.Find(ctx, recordPurpose, recordDigest(b.t.UserID, on, n))
			if errors.Is(err, core.ErrNotFound) {
				break
			}
			if err != nil {
				return false, err
			}
			var r undone
			if err := json.Unmarshal(t.Data, &r); err != nil {
				return false, err
			}
			if r.Changed.Before(at) && !r.Undone.Before(at) {
				return true, nil
			}
		}
	}
	return false, nil
}
