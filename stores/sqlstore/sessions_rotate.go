package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// rotations are the statements of Rotate: first is for a session without a
// rotation, next for one with, as no condition but IS NULL is true of NULL.
// MySQL assigns from left to right, so no column is set to another one.
type rotations struct{ first, next, present statement }

func newRotations(s *Store) rotations {
	const turn = "UPDATE {sessions} SET secret = ?, replaced = ?, sealed = ?, rotated = ?, last_seen = ?, expires = ? WHERE digest = ? AND "
	return rotations{
		first: s.statement("rotate a session", turn+"secret IS NULL AND "+alive),
		next:  s.statement("rotate a session", turn+"secret = ? AND rotated <= ? AND "+alive),
		present: s.statement("find a rotation", "SELECT secret, replaced, sealed, rotated FROM {sessions} WHERE digest = ? AND "+
			alive+s.dialect.newest),
	}
}

// Rotate replaces the secret of a living session; see core.Rotator.
func (t *Sessions) Rotate(ctx context.Context, d [32]byte, turn core.Turn) (core.Rotation, error) {
	next, now := turn.Next, t.s.now()
	args := []any{
		next.Secret[:], next.Replaced[:], next.Sealed[:], micros(next.At), micros(turn.Seen), micros(turn.Expires), d[:],
	}
	st := t.rotations.first
	if turn.From != ([32]byte{}) {
		st, args = t.rotations.next, append(args, turn.From[:], micros(turn.Before))
	}
	n, err := t.s.exec(ctx, st, append(args, now)...)
	if err != nil {
		return core.Rotation{}, err
	}
	if n == 1 {
		return next, nil
	}
	// It has another secret or a young one, or MySQL does not count a row
	// that is as it should be.
	var row rotationRow
	var present core.Rotation
	if err = t.s.get(ctx, t.rotations.present, []any{d[:], now}, row.dest()...); err == nil {
		present, err = row.rotation()
	}
	if errors.Is(err, errUnreadable) {
		err = t.discard(ctx, d)
	}
	return present, err
}

// rotationRow are the columns of a session's rotation, which are NULL before
// the first.
type rotationRow struct {
	secret, replaced, sealed []byte
	rotated                  sql.Null[integer]
}

func (r *rotationRow) dest() []any { return []any{&r.secret, &r.replaced, &r.sealed, &r.rotated} }

// rotation is the row's, or errUnreadable.
func (r *rotationRow) rotation() (core.Rotation, error) {
	if r.secret == nil && !r.rotated.Valid {
		return core.Rotation{}, nil
	}
	for _, digest := range [][]byte{r.secret, r.replaced, r.sealed} {
		if len(digest) != 32 || !r.rotated.Valid {
			return core.Rotation{}, errUnreadable
		}
	}
	return core.Rotation{
		Secret: digestOf(r.secret), Replaced: digestOf(r.replaced), Sealed: digestOf(r.sealed), At: fromMicros(int64(r.rotated.V)),
	}, nil
}
