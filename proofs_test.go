package latchkey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// enrolling is a second factor that users can get inside a pending login.
type enrolling struct{ secondFactor }

func (enrolling) Enrols(context.Context, core.AnyUser) (bool, error) { return true, nil }

func TestFactorGuard(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	sessions, err := session.New(memstore.NewSessions(clock), session.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Now, o.Tickets = clock, memstore.NewTickets(clock)
		o.Backends = []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: sessions}}
	})
	ada := a.register("ada@example.org").member("id")
	issue := func(methods ...string) fakeHead {
		s := core.Session{UserID: ada, Backend: "web"}
		for i, m := range methods {
			s.Proofs = append(s.Proofs, core.Proof{Method: m, At: now.Add(time.Duration(i-len(methods)) * time.Minute)})
		}
		token, err := sessions.Issue(t.Context(), core.Login{Session: s})
		if err != nil {
			t.Fatal(err)
		}
		return fakeHead{"Authorization": "Bearer " + token.Raw}
	}
	const refused = `Bearer error="insufficient_user_authentication"`
	for name, c := range map[string]struct {
		guard latchkey.Guard
		done  []string // a minute apart, the last one a minute ago
		want  string   // the challenge; "" lets in
	}{
		"two kinds":                   {latchkey.Factor(0), []string{"password", "totp"}, ""},
		"one kind":                    {latchkey.Factor(0), []string{"password"}, refused},
		"one kind twice":              {latchkey.Factor(0), []string{"totp", "recovery"}, refused},
		"a passkey":                   {latchkey.Factor(0), []string{"passkey"}, ""},
		"no proofs":                   {latchkey.Factor(0), nil, refused},
		"two kinds, recent":           {latchkey.Factor(time.Minute), []string{"password", "totp"}, ""},
		"two kinds, not recent":       {latchkey.Factor(time.Second), []string{"password", "totp"}, refused + ", max_age=1"},
		"M65 a method":                {latchkey.Factor(5*time.Minute, "passkey"), []string{"passkey", "password"}, ""},
		"M65 one of them":             {latchkey.Factor(0, "passkey", "totp"), []string{"totp"}, ""},
		"M65 a weaker one":            {latchkey.Factor(5*time.Minute, "passkey"), []string{"password", "totp"}, refused + `, acr_values="passkey", max_age=300`},
		"M65 too old, though another": {latchkey.Factor(time.Minute, "passkey"), []string{"passkey", "password"}, refused + `, acr_values="passkey", max_age=60`},
		"negative":                    {latchkey.Factor(-1), []string{"passkey"}, refused + ", max_age=1"},
		"fresh":                       {latchkey.Fresh(time.Minute), []string{"password"}, ""},
		"not fresh":                   {latchkey.Fresh(time.Second), []string{"password"}, refused + ", max_age=1"},
	} {
		_, err := a.Resolve(false, c.guard)(t.Context(), issue(c.done...))
		var e *core.Error
		if errors.As(err, &e) != (c.want != "") ||
			e != nil && (e.Status != 403 || e.Code != core.CodeProofRequired || e.Header.Get("WWW-Authenticate") != c.want) {
			t.Errorf("%s: got %+v, want %q", name, e, c.want)
		}
		// Where a person need not be known, one who lacks a proof is nobody.
		ctx, err := a.Resolve(true, c.guard)(t.Context(), issue(c.done...))
		if err != nil || (core.CurrentFrom(ctx) == nil) != (c.want != "") {
			t.Errorf("%s, optional: known %t, %v", name, core.CurrentFrom(ctx) != nil, err)
		}
	}
}

func TestNewChecksProofs(t *testing.T) {
	require := func(context.Context, *latchkey.User) (bool, error) { return true, nil }
	for name, c := range map[string]struct {
		change func(*latchkey.Options[latchkey.User])
		want   string
	}{
		"a factor is required, and none can be got": {func(o *latchkey.Options[latchkey.User]) {
			o.RequireFactor, o.Flows = require, []latchkey.Flow{secondFactor{}}
		}, "Options.RequireFactor needs a flow that is a core.Enroller"},
		"its twin": {func(o *latchkey.Options[latchkey.User]) {
			o.RequireFactor, o.Flows = require, []latchkey.Flow{enrolling{}}
		}, ""},
		"FreshFor":       {func(o *latchkey.Options[latchkey.User]) { o.FreshFor = -1 }, "Options.FreshFor"},
		"StepUpGrace":    {func(o *latchkey.Options[latchkey.User]) { o.StepUpGrace = time.Hour }, "Options.StepUpGrace"},
		"no StepUpGrace": {func(o *latchkey.Options[latchkey.User]) { o.StepUpGrace = -1 }, ""},
	} {
		o := options[latchkey.User]()
		o.Tickets = memstore.NewTickets(nil)
		c.change(&o)
		if got := faults(t, o); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: New says %q, want %q", name, got, c.want)
		}
	}
}
