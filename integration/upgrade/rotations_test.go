package upgrade_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// wantRotations checks that a session which an earlier release has stored under
// the digest of a token has no rotation, can be rotated, and is what it was.
func wantRotations(t *testing.T, p parts, token string) {
	t.Helper()
	ctx, digest := t.Context(), core.Digest(token)
	rotator := p.sessions.(core.Rotator)
	before, err := p.sessions.Find(ctx, digest)
	if err != nil {
		t.Fatal(err)
	}
	turn := func(from, next string) core.Turn {
		t := core.Turn{Before: now, Seen: now, Expires: before.Expires.Add(time.Minute),
			Next: core.Rotation{Secret: core.Digest(next), Sealed: core.Digest("sealed " + next), At: now}}
		if from != "" {
			t.From = core.Digest(from)
		}
		t.Next.Replaced = t.From
		return t
	}
	first, next := turn("", "one"), turn("one", "two")
	for i, step := range []struct {
		core.Turn
		want core.Rotation
	}{{turn("none", "never"), core.Rotation{}}, {first, first.Next}, {turn("", "never"), first.Next}, {next, next.Next},
		{turn("one", "never"), next.Next}} {
		got, err := rotator.Rotate(ctx, digest, step.Turn)
		if err != nil || got.Secret != step.want.Secret || got.Replaced != step.want.Replaced || got.Sealed != step.want.Sealed ||
			!got.At.Equal(step.want.At) {
			t.Errorf("step %d: Rotate returned %+v, %v, want %+v", i, got, err, step.want)
		}
	}
	after, err := p.sessions.Find(ctx, digest)
	if err != nil || after.ID != before.ID || after.UserID != before.UserID || after.Epoch != before.Epoch ||
		after.Label != before.Label || !after.Created.Equal(before.Created) || !after.Expires.Equal(next.Expires) {
		t.Errorf("%+v became %+v, %v", before.Session, after.Session, err)
	}
}
