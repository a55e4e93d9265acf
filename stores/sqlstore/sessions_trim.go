package sqlstore

import (
	"context"
	"slices"
)

// trimBatch is how many sessions one statement of Trim deletes.
const trimBatch = 100

// Trim ends a user's oldest sessions at a backend; see core.SessionTrimmer.
// Where the user has no more sessions than keep, it is one statement.
func (t *Sessions) Trim(
	ctx context.Context, userID, backend string, keep int, named [32]byte,
) (ended [][32]byte, err error) {
	some, err := t.beyond(ctx, userID, backend, keep, named)
	for err == nil && len(some) > 0 {
		// Several at once take turns: each finds what the last has
		// left.
		err = t.s.Transact(ctx, func(ctx context.Context) (err error) {
			if err := t.s.serialize(ctx, "sessions of "+userID); err != nil {
				return err
			}
			if some, err = t.beyond(ctx, userID, backend, keep, named); err != nil {
				return err
			}
			for batch := range slices.Chunk(some, trimBatch) {
				digests := make([]any, trimBatch)
				for i := range digests {
					digests[i] = batch[min(i, len(batch)-1)][:]
				}
				if _, err := t.s.exec(ctx, t.removeSome, digests...); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			ended = append(ended, some...)
		}
	}
	return ended, err
}

// beyond are the sessions beyond the newest keep, or a thousand of them.
func (t *Sessions) beyond(
	ctx context.Context, userID, backend string, keep int, named [32]byte,
) (digests [][32]byte, err error) {
	err = t.s.each(ctx, t.excess, []any{userID, backend, t.s.now(), named[:], max(keep, 0)},
		func(scan func(...any) error) error {
			var digest []byte
			err := scan(&digest)
			digests = append(digests, digestOf(digest))
			return err
		})
	return digests, err
}

func digestOf(column []byte) (d [32]byte) {
	copy(d[:], column)
	return d
}
