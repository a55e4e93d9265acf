// Package strategies_test shows a strategy as an application would write one,
// and tests it with the conformance kit.
package strategies_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

// shift is how long a pass is valid, whatever its holder does.
const shift = 8 * time.Hour

// desk issues visitors' passes. They live in this process; a restart revokes
// them all.
type desk struct {
	now    func() time.Time
	passes sync.Map // from a pass's ID to its *core.Session
}

func (d *desk) Issue(_ context.Context, login core.Login) (core.Token, error) {
	if login.Session.ID != "" {
		return core.Token{}, errors.New("desk: a pass is a session of its own")
	}
	raw, digest, err := core.NewSecret(rand.Reader)
	if err != nil {
		return core.Token{}, fmt.Errorf("desk: %w", err)
	}
	pass := login.Session // UserID, Backend, Epoch and Proofs stay as they are
	pass.Proofs = slices.Clone(pass.Proofs)
	pass.ID = hex.EncodeToString(digest[:])
	pass.LastSeen = d.now().UTC()
	if pass.Created.IsZero() { // else a login of before is proved once more
		pass.Created = pass.LastSeen
	}
	pass.Expires = pass.Created.Add(shift)
	if pass.Actor != "" {
		pass.Expires = pass.Created.Add(core.ActorLifetime)
	}
	d.passes.Store(pass.ID, &pass)
	return core.Token{Raw: raw, SessionID: pass.ID, Expires: pass.Expires}, nil
}

func (d *desk) Verify(_ context.Context, token string) (core.Found, error) {
	if len(token) != core.SecretLen {
		return core.Found{}, core.ErrNoCredential
	}
	digest := core.Digest(token)
	pass, ok := d.passes.Load(hex.EncodeToString(digest[:]))
	if !ok {
		return core.Found{}, core.ErrInvalid
	}
	session := pass.(*core.Session)
	if !d.now().Before(session.Expires) {
		d.passes.Delete(session.ID)
		return core.Found{}, core.ErrInvalid
	}
	return core.Found{Session: session}, nil
}

func (d *desk) Revoke(_ context.Context, pass *core.Session) error {
	d.passes.Delete(pass.ID)
	return nil
}

func TestDesk(t *testing.T) {
	strategytest.Run(t, strategytest.Harness{
		New:      func(now func() time.Time) core.Strategy { return &desk{now: now} },
		Lifetime: shift,
		Revokes:  true,
	})
}

func Example_custom() {
	strategy := &desk{now: time.Now}
	backend := core.Backend{Name: "desk", Strategy: strategy} // and a transport: transports/bearer, transports/cookie
	ctx := context.Background()

	token, _ := strategy.Issue(ctx, core.Login{Session: core.Session{UserID: "ada", Backend: backend.Name}})
	found, err := strategy.Verify(ctx, token.Raw)
	fmt.Println(found.UserID, err)

	_ = strategy.Revoke(ctx, found.Session)
	_, err = strategy.Verify(ctx, token.Raw)
	fmt.Println(err)
	// Output:
	// ada <nil>
	// latchkey: invalid credential
}
