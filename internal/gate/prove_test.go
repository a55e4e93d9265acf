package gate_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/gate"
)

// login logs ada in, and returns the context of a request with that login.
func (a *app) login(t *testing.T) (context.Context, *core.Session, string) {
	t.Helper()
	got, err := a.Admit(t.Context(), a.attempt())
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.sessions.Verify(t.Context(), got.Token.Raw)
	if err != nil {
		t.Fatal(err)
	}
	u := a.users.ada
	return core.WithCurrent(t.Context(), core.Current{Session: found.Session, User: &u}), found.Session, got.Token.Raw
}

// A step-up issues a new token with one more proof. The login stays as old as
// it is, and the old token is revoked when the grace is over.
func TestProve(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	ctx, old, first := a.login(t)
	a.clock.Set(noon.Add(time.Hour))
	got, err := a.Prove(ctx, nil, proving("totp"))
	if err != nil || got.Token.Raw == first || got.Answer.Header.Get("X-Token") != got.Token.Raw {
		t.Fatalf("got %+v, %v, want another token", got, err)
	}
	found, err := a.sessions.Verify(t.Context(), got.Token.Raw)
	if err != nil || !found.Created.Equal(old.Created) || len(found.Proofs) != 2 || found.Proofs[1].Method != "totp" {
		t.Errorf("got %+v, %v", found.Session, err)
	}
	if !slices.Equal(a.events.kinds, []core.EventKind{core.EventLoggedIn, core.EventProved}) {
		t.Errorf("got the events %v", a.events.kinds)
	}
	if _, err := a.sessions.Verify(t.Context(), first); err != nil || len(a.later) != 1 || a.pauses[0] != 10*time.Second {
		t.Fatalf("within the grace: %v, %v", err, a.pauses)
	}
	if err := a.later[0](t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.sessions.Verify(t.Context(), first); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("after the grace: %v", err)
	}
}

func TestProveWithoutGrace(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(p *gate.Parts) { p.Grace = -1 })
	ctx, _, first := a.login(t)
	if _, err := a.Prove(ctx, nil, proving("totp")); err != nil || len(a.later) != 0 {
		t.Fatalf("%v, %d jobs", err, len(a.later))
	}
	if _, err := a.sessions.Verify(t.Context(), first); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("the old token: %v", err)
	}
}

// A session that nothing would end later ends at once.
func TestProveWhileNoJobIsTaken(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(p *gate.Parts) {
		p.After = func(time.Duration, string, func(context.Context) error) bool { return false }
	})
	ctx, _, first := a.login(t)
	got, err := a.Prove(ctx, nil, proving("totp"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.sessions.Verify(t.Context(), first); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("the old token: %v", err)
	}
	if _, err := a.sessions.Verify(t.Context(), got.Token.Raw); err != nil {
		t.Errorf("the new token: %v", err)
	}
}

// TestProveRefused is the table of verdicts about a step-up.
func TestProveRefused(t *testing.T) {
	t.Parallel()
	wrong := core.Refuse("WRONG_CODE")
	for name, c := range map[string]struct {
		backend string
		change  func(*app, *core.Session)
		want    error
	}{
		"as it is":          {backend: "web"},
		"another backend":   {backend: "api", want: core.Unauthorized()},
		"no backend":        {backend: "", want: &core.Error{Status: http.StatusInternalServerError}},
		"inactive":          {"web", func(a *app, _ *core.Session) { a.users.ada.IsActive = false }, core.Unauthorized()},
		"deleted":           {"web", func(a *app, _ *core.Session) { a.users.ada.ID = "eve" }, core.Unauthorized()},
		"a new password":    {"web", func(a *app, _ *core.Session) { a.users.ada.TokenEpoch++ }, core.Unauthorized()},
		"the store is down": {"web", func(a *app, _ *core.Session) { a.users.err = errDown }, core.Unavailable(nil)},
		"a wrong code":      {"web", func(a *app, _ *core.Session) { a.wrong = wrong }, wrong},
		"a decider refuses": {"web", func(a *app, _ *core.Session) { a.events.refuse = wrong }, wrong},
		"an imported token, which no factor was asked for": {
			"web", func(_ *app, s *core.Session) { s.Proofs = nil }, core.Forbidden(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, asker{"code"}, waiver{flow: "browser"})
			ctx, old, first := a.login(t)
			session := *old
			if c.change != nil {
				c.change(a, &session)
			}
			ctx = core.WithCurrent(ctx, core.Current{Session: &session})
			got, err := a.For(c.backend).Prove(ctx, nil, func(context.Context, core.AnyUser) (core.Proof, error) {
				return proof("password"), a.wrong
			})
			if !same(err, c.want) || c.want != nil && (got.Token.Raw != "" || len(a.later) != 0) {
				t.Errorf("got %+v, %v, want %v", got, err, c.want)
			}
			if _, err := a.sessions.Verify(t.Context(), first); err != nil {
				t.Errorf("the login of before: %v", err)
			}
		})
	}
	if _, err := newApp(t, nil).Prove(t.Context(), nil, proving("totp")); !errors.Is(err, core.Unauthorized()) {
		t.Errorf("nobody: %v", err)
	}
}

// A step-up proves more and allows no more: what bounds a login bounds the one
// that replaces it, and a suspended user gets none.
func TestProveKeepsTheBoundsOfALogin(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	_, old, _ := a.login(t)
	bounded := *old
	bounded.Scopes, bounded.Organization, bounded.Brief = []string{"read"}, "acme", true
	bounded.Actor, bounded.ActorSession, bounded.ActorEpoch = "boss", "their session", 3
	u := a.users.ada
	ctx := core.WithCurrent(t.Context(), core.Current{Session: &bounded, User: &u})
	got, err := a.Prove(ctx, nil, proving("totp"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.sessions.Verify(t.Context(), got.Token.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if s := found.Session; !slices.Equal(s.Scopes, []string{"read"}) || s.Organization != "acme" || !s.Brief ||
		s.Actor != "boss" || s.ActorSession != "their session" || s.ActorEpoch != 3 {
		t.Errorf("the login that replaces it is %+v", s)
	}
	a.users.ada.SuspendedUntil = noon.Add(time.Hour)
	if _, err := a.Prove(ctx, nil, proving("totp")); !errors.Is(err, core.Unauthorized()) {
		t.Errorf("a suspended user: %v", err)
	}
}
