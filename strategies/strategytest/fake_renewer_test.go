package strategytest_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	grace       = 10 * time.Second
	sessionLife = 60 * time.Hour
)

// fakeRenewer keeps every rule of a core.Renewer, unless one of its faults is
// set. Its refresh tokens are secrets that it remembers.
type fakeRenewer struct {
	*fake
	families sync.Map // *family by refresh token
	renewFaults
}

type renewFaults struct {
	keepsToken, newSession, peekUses, ownSuccessors, losesAnswers, hurries, replayWorks, replaySpares, forgetsOldest,
	renewsRevoked, immortalSession, anyShape, mixesUp, takesAnyEpoch, downIsInvalidToo, usesUpWhenDown bool
}

type family struct {
	mu      sync.Mutex
	session core.Session
	tokens  []string // oldest first
	at      time.Time
	ended   bool
}

func newRenewer(now func() time.Time, f renewFaults) *fakeRenewer {
	return &fakeRenewer{fake: newFake(now, faults{neverIdle: true}), renewFaults: f}
}

func (f *fakeRenewer) Issue(ctx context.Context, login core.Login) (core.Token, error) {
	if login.Session.ID != "" || login.Session.Epoch == core.AnyEpoch && !f.takesAnyEpoch {
		return core.Token{}, errDown
	}
	login.Session.Epoch = max(login.Session.Epoch, 0)
	begun := login.Session.Created
	login.Session.Created = time.Time{}
	token, err := f.fake.Issue(ctx, login)
	if err != nil {
		return core.Token{}, err
	}
	found, err := f.fake.Verify(ctx, token.Raw)
	if err != nil {
		return core.Token{}, err
	}
	one := &family{session: *found.Session}
	if !begun.IsZero() {
		one.session.Created = begun
	}
	one.session.Expires = one.session.Created.Add(sessionLife)
	f.end(one.session.ID) // its row becomes one of several tokens'
	if token, err = f.fake.Issue(ctx, core.Login{Session: one.session}); err != nil {
		return core.Token{}, err
	}
	token.Refresh, token.RefreshExpires = f.add(one), one.session.Expires
	return token, nil
}

func (f *fakeRenewer) end(id string) { _ = f.fake.Revoke(context.Background(), &core.Session{ID: id}) }

func (f *fakeRenewer) add(one *family) string {
	raw, _, err := core.NewSecret(rand.Reader)
	if err != nil {
		panic(err)
	}
	raw = "r." + raw
	one.tokens = append(one.tokens, raw)
	f.families.Store(raw, one)
	return raw
}

func (f *fakeRenewer) Renewable(_ context.Context, refresh string) (core.Found, error) {
	if f.anyShape {
		refresh = strings.TrimSpace(refresh)
	}
	if !strings.HasPrefix(refresh, "r.") || len(refresh) != 45 {
		return core.Found{}, core.ErrNoCredential
	}
	f.fake.mu.Lock()
	down := f.down
	f.fake.mu.Unlock()
	if down {
		if f.downIsInvalidToo {
			return core.Found{}, core.ErrInvalid
		}
		return core.Found{}, errDown
	}
	known, ok := f.families.Load(refresh)
	if !ok {
		return core.Found{}, core.ErrInvalid
	}
	one := known.(*family)
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.ended && !f.renewsRevoked || !f.now().Before(one.session.Expires) && !f.immortalSession {
		return core.Found{}, core.ErrInvalid
	}
	if f.forgetsOldest && slices.Index(one.tokens, refresh) < len(one.tokens)-2 {
		return core.Found{}, core.ErrInvalid
	}
	if f.peekUses {
		f.add(one)
	}
	session := one.session
	return core.Found{Session: &session}, nil
}

func (f *fakeRenewer) Renew(ctx context.Context, refresh string, login core.Login) (core.Token, error) {
	if f.anyShape {
		refresh = strings.TrimSpace(refresh)
	}
	known, ok := f.families.Load(refresh)
	if !ok {
		return core.Token{}, core.ErrInvalid
	}
	one := known.(*family)
	one.mu.Lock()
	defer one.mu.Unlock()
	if f.down {
		if f.usesUpWhenDown {
			f.add(one)
		}
		return core.Token{}, errDown
	}
	if login.Session.ID != one.session.ID && !f.mixesUp || one.ended && !f.renewsRevoked {
		return core.Token{}, core.ErrInvalid
	}
	next, err := f.turn(one, refresh)
	if err != nil {
		return core.Token{}, err
	}
	if f.newSession {
		login.Session.ID += "'"
	}
	if f.immortalSession {
		login.Session.Expires = f.now().Add(lifetime)
	}
	token, err := f.fake.Issue(ctx, login)
	token.Refresh, token.RefreshExpires = next, one.session.Expires
	return token, err
}

// turn returns the refresh token that follows.
func (f *fakeRenewer) turn(one *family, refresh string) (string, error) {
	place, age := slices.Index(one.tokens, refresh), f.now().Sub(one.at)
	switch last := len(one.tokens) - 1; {
	case f.keepsToken:
		return refresh, nil
	case f.ownSuccessors, place == last && (age >= grace || f.hurries):
		one.at = f.now()
		return f.add(one), nil
	case place == last:
		return refresh, nil
	case f.replayWorks, place == last-1 && age < grace && !f.losesAnswers:
		return one.tokens[last], nil
	}
	if !f.replaySpares {
		one.ended = true
		f.end(one.session.ID)
	}
	return "", core.ErrUsed
}

func (f *fakeRenewer) Revoke(ctx context.Context, s *core.Session) error {
	if err := f.fake.Revoke(ctx, s); err != nil {
		return err
	}
	f.families.Range(func(_, known any) bool {
		if one := known.(*family); one.session.ID == s.ID {
			one.ended = true
		}
		return true
	})
	return nil
}

func (f *fakeRenewer) RevokeAll(ctx context.Context, userID string, epoch int64, except string) error {
	if err := f.fake.RevokeAll(ctx, userID, epoch, except); err != nil {
		return err
	}
	f.families.Range(func(_, known any) bool {
		if one := known.(*family); one.session.UserID == userID && one.session.Epoch < epoch {
			one.ended = one.session.ID != except
			one.session.Epoch = epoch
		}
		return true
	})
	return nil
}
