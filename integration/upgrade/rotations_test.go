package upgrade_test

import (
	"net/http"
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
		if got.At.Equal(step.want.At) {
			got.At = step.want.At
		}
		if err != nil || got != step.want {
			t.Errorf("step %d: Rotate returned %+v, %v, want %+v", i, got, err, step.want)
		}
	}
	after, err := p.sessions.Find(ctx, digest)
	if err != nil || after.ID != before.ID || after.UserID != before.UserID || after.Epoch != before.Epoch ||
		after.Label != before.Label || !after.Created.Equal(before.Created) || !after.Expires.Equal(next.Expires) {
		t.Errorf("%+v became %+v, %v", before.Session, after.Session, err)
	}
}

// wantRenewals checks that the refresh tokens of an earlier release renew their
// logins, but for one that was replaced before.
func wantRenewals(t *testing.T, a *application, tokens map[string]string) {
	t.Helper()
	if tokens["refresh"] == "" { // there were none yet
		_, tokens["refresh"] = a.pair(t, "mobile", ada, adasPassword)
	}
	if next := a.renew(t, http.StatusOK, tokens["refresh"]); next == "" || next == tokens["refresh"] {
		t.Errorf("the next refresh token is %q", next)
	}
	if replaced := tokens["replaced"]; replaced != "" {
		a.renew(t, http.StatusUnauthorized, replaced)
	}
}

// wantKeys checks that the API keys of an earlier release are valid, but for
// one that was ended.
func wantKeys(t *testing.T, a *application, tokens map[string]string) {
	t.Helper()
	if tokens["key"] == "" { // there were none yet
		return
	}
	if me := a.send(t, "GET /users/me", http.StatusOK, tokens["key"], ""); me["email"] != ada {
		t.Errorf("the key is of %v", me)
	}
	a.send(t, "GET /users/me", http.StatusUnauthorized, tokens["ended-key"], "")
}
