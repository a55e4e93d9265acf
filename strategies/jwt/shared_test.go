package jwt_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// The deny list holds a session's ID for as long as its latest token lives, not
// only the one that was presented.
func TestDeniedSessionOutlivesItsTokens(t *testing.T) {
	now := start
	clock := func() time.Time { return now }
	list := newDenyList(clock)
	s := newStrategy(t, jwt.Options{Denied: list, Now: clock, Lifetime: 6 * time.Hour})
	l := login()
	l.Session.ID, l.Session.Created = "session", start.Add(-time.Hour)
	first := must(s.Issue(t.Context(), l))
	now = now.Add(6*time.Hour - time.Minute)
	found := must(s.Verify(t.Context(), first.Raw))
	second := must(s.Issue(t.Context(), l))
	if err := s.Revoke(t.Context(), found.Session); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		now = now.Add(time.Hour - time.Second)
		must(list.Sweep(t.Context()))
		if _, err := s.Verify(t.Context(), second.Raw); !errors.Is(err, core.ErrInvalid) {
			t.Fatalf("%v after the session was revoked: %v", now.Sub(start), err)
		}
	}
}

// A session's ID does not take the place of the token's own.
func TestSharedClaims(t *testing.T) {
	s := newStrategy(t, jwt.Options{})
	l := login()
	l.Session.ID, l.Session.Created = "session", start.Add(-time.Hour)
	_, a := decode(t, must(s.Issue(t.Context(), l)).Raw)
	_, b := decode(t, must(s.Issue(t.Context(), l)).Raw)
	if a["sid"] != "session" || a["jti"] == b["jti"] || a["jti"] == "session" {
		t.Errorf("got %v and %v", a, b)
	}
	if a["iat"] != float64(start.Unix()) || a["began"] != float64(start.Add(-time.Hour).Unix()) {
		t.Errorf("the times are those of %v", a)
	}
	if _, plain := decode(t, issue(t, s)); plain["sid"] != nil || plain["began"] != nil {
		t.Errorf("a token of its own session has %v", plain)
	}
	l.Session.ID = "\xff"
	if _, err := s.Issue(t.Context(), l); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("an ID that is not UTF-8: %v", err)
	}
}
