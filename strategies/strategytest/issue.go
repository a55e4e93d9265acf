package strategytest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var issueCases = []Case{
	{
		Name:  "round trip",
		Rule:  "Verify returns the UserID, Backend, Epoch, Proofs, Scopes (none is not nil), Organization, Actor and Brief that Issue was given; times may lose fractions of a second, never gain any.",
		Check: roundTrip, applies: issues,
	},
	{
		Name:  "filled in",
		Rule:  "The strategy fills ID, Created, LastSeen and Expires, in UTC. The ID is neither the token nor accepted as one, and it is the token's SessionID.",
		Check: filledIn,
	},
	{
		Name:  "own copy",
		Rule:  "Issue copies the login: what its caller changes in it afterwards changes no session.",
		Check: ownCopy, applies: issues,
	},
	{
		Name:  "unpredictable",
		Rule:  "No two tokens and no two IDs are the same, and at least 128 bits of a token cannot be guessed.",
		Check: unpredictable,
	},
}

func roundTrip(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	earlier := clock.Now().Add(-40 * time.Minute)
	logins := []core.Login{
		loginOf("1", 0, clock.Now()),
		loginOf("0c25e8a6-8f1c-4b9e-9a59-0a9d6a3c6b51", 3, clock.Now()),
		loginOf("Ωmega/\"quoted\"", math.MaxInt32, clock.Now()),
		{Session: core.Session{UserID: "no-proofs", Backend: "api"}},
		{Session: core.Session{UserID: "two-proofs", Backend: "second_web", Epoch: 1, Proofs: []core.Proof{
			{Method: "oauth:google", At: earlier}, {Method: "totp", At: clock.Now()},
		}}},
		{Session: core.Session{UserID: "proved-elsewhere", Backend: "api", Proofs: []core.Proof{
			{Method: "password"}, {Method: "device"},
		}}},
		{Session: core.Session{UserID: "scoped", Backend: "web", Scopes: []string{"orders:read", "b"}, Organization: "Ωrg \"1\""}},
		{Session: core.Session{UserID: "without-scopes", Backend: "web", Scopes: []string{}, Brief: true}},
		{Session: core.Session{UserID: "acted", Backend: "web", Actor: "root", ActorSession: "root's", ActorEpoch: 7}},
	}
	for _, l := range logins {
		_, found, err := login(s, l)
		if err != nil {
			return err
		}
		want := l.Session
		if found.UserID != want.UserID || found.Backend != want.Backend || found.Epoch != want.Epoch {
			return fmt.Errorf("got user %q, backend %q, epoch %d; want %q, %q, %d",
				found.UserID, found.Backend, found.Epoch, want.UserID, want.Backend, want.Epoch)
		}
		if !slices.EqualFunc(found.Proofs, want.Proofs, sameProof) {
			return fmt.Errorf("got proofs %v, want %v", found.Proofs, want.Proofs)
		}
		if !slices.Equal(found.Scopes, want.Scopes) || (found.Scopes == nil) != (want.Scopes == nil) ||
			found.Organization != want.Organization || found.Brief != want.Brief {
			return fmt.Errorf("got scopes %#v, organization %q, brief %t; want %#v, %q, %t",
				found.Scopes, found.Organization, found.Brief, want.Scopes, want.Organization, want.Brief)
		}
		if found.Actor != want.Actor || found.ActorSession != want.ActorSession || found.ActorEpoch != want.ActorEpoch {
			return fmt.Errorf("got actor %q, session %q, epoch %d; want %q, %q, %d",
				found.Actor, found.ActorSession, found.ActorEpoch, want.Actor, want.ActorSession, want.ActorEpoch)
		}
	}
	return nil
}

func sameProof(got, want core.Proof) bool {
	lost := want.At.Sub(got.At)
	return got.Method == want.Method && 0 <= lost && lost < time.Second
}

func filledIn(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	token, found, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	if found.ID == "" || found.ID == token.Raw {
		return errors.New("the session's ID is empty, or is the token")
	}
	if token.SessionID != found.ID {
		return fmt.Errorf("the token's SessionID is %q, and the session's ID %q", token.SessionID, found.ID)
	}
	if _, err := s.Verify(ctx, found.ID); !rejected(err) {
		return unexpected("the session's ID presented as a token", err, core.ErrInvalid)
	}
	for name, at := range map[string]time.Time{"Created": found.Created, "LastSeen": found.LastSeen} {
		if at.After(clock.Now()) || clock.Now().Sub(at) >= time.Second {
			return fmt.Errorf("%s is %v, now is %v", name, at, clock.Now())
		}
	}
	if h.Lifetime > 0 && !(found.Expires.After(clock.Now()) && token.Expires.After(clock.Now())) {
		return errors.New("session or token expires at once")
	}
	for _, at := range []time.Time{found.Created, found.LastSeen, found.Expires} {
		if at.Location() != time.UTC {
			return fmt.Errorf("%v is not UTC", at)
		}
	}
	return nil
}

func ownCopy(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	l := loginOf("ada", 0, clock.Now())
	token, _, err := login(s, l)
	if err != nil {
		return err
	}
	l.Session.Proofs[0].Method = "changed afterwards"
	found, err := verify(s, token.Raw)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(found.Proofs, func(p core.Proof) bool { return p.Method != "password" }) {
		return errors.New("the session's proofs are the caller's slice")
	}
	return nil
}

// unpredictable issues tokens to one user at one moment, so that only
// randomness can make them differ, and adds up how much the characters at each
// position vary. Counters and times vary in a few positions only.
func unpredictable(h Harness) error {
	const issued, wantBits = 256, 128
	clock := newClock()
	s := h.New(clock.Now)
	seen := map[string]bool{}
	places := map[int]map[byte]bool{}
	for range issued {
		token, found, err := login(s, loginOf("ada", 0, clock.Now()))
		if err != nil {
			return err
		}
		if seen[token.Raw] || seen[found.ID] {
			return errors.New("a token or an ID was issued twice")
		}
		seen[token.Raw], seen[found.ID] = true, true
		for i, c := range []byte(token.Raw) {
			if places[i] == nil {
				places[i] = map[byte]bool{}
			}
			places[i][c] = true
		}
	}
	bits := 0.0
	for _, chars := range places {
		bits += math.Log2(float64(len(chars)))
	}
	if bits < wantBits {
		return fmt.Errorf("%d tokens vary by about %.0f bits, want %d", issued, bits, wantBits)
	}
	return nil
}
