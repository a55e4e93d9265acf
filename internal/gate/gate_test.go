package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/gate"
	"github.com/latchkey-go/latchkey/internal/known"
)

func require(p *gate.Parts) {
	p.RequireFactor = func(context.Context, core.AnyUser) (bool, error) { return true, nil }
}

// TestAdmit is the table of verdicts after a password.
func TestAdmit(t *testing.T) {
	t.Parallel()
	code, pass, spare := asker{"code"}, both{asker{"pass"}}, waiver{flow: "browser"}
	recovery := offerer{silent{"recovery"}}
	for name, c := range map[string]struct {
		user  func(*core.User)
		parts func(*gate.Parts)
		flows []core.Flow
		err   error
		// want are the factors, or "enrol:" and the enrolments; "" is a
		// login.
		want string
	}{
		"no factor":                               {},
		"inactive":                                {user: func(u *core.User) { u.IsActive = false }, flows: []core.Flow{code}, err: core.Refuse(core.CodeLoginBadCredentials)},
		"unverified":                              {user: func(u *core.User) { u.IsVerified = false }},
		"unverified, and that is required":        {user: func(u *core.User) { u.IsVerified = false }, parts: func(p *gate.Parts) { p.RequireVerified = true }, flows: []core.Flow{code}, err: core.Refuse(core.CodeLoginUserNotVerified)},
		"one that asks":                           {flows: []core.Flow{code}, want: "code"},
		"two that ask":                            {flows: []core.Flow{code, pass}, want: "code pass"},
		"one that only offers":                    {flows: []core.Flow{recovery}},
		"one that asks, one that offers":          {flows: []core.Flow{recovery, code}, want: "code recovery"},
		"a last resort":                           {flows: []core.Flow{last{code}}, want: "code"},
		"a last resort, and one that asks":        {flows: []core.Flow{last{code}, pass}, want: "pass"},
		"a last resort, and one that only offers": {flows: []core.Flow{recovery, last{code}}, want: "code recovery"},
		"a last resort, and it is down":           {flows: []core.Flow{last{failer{"down"}}}, err: core.Unavailable(nil)},
		"not quite a last resort":                 {flows: []core.Flow{notLast{code}, pass}, want: "code pass"},
		"one that does both":                      {flows: []core.Flow{pass}, want: "pass"},
		"its store is down":                       {flows: []core.Flow{code, failer{"down"}}, err: core.Unavailable(nil)},
		"spared":                                  {flows: []core.Flow{code, recovery, spare}},
		"the waiver's store is down":              {flows: []core.Flow{code, waiver{"browser", errDown}}, err: core.Unavailable(nil)},
		"nothing to spare":                        {flows: []core.Flow{waiver{"browser", errDown}}},
		"required, and offered":                   {parts: require, flows: []core.Flow{recovery, enroller{silent{"app"}}}, want: "recovery"},
		"required, offered and spared":            {parts: require, flows: []core.Flow{recovery, spare}},
		"required, and none there":                {parts: require, flows: []core.Flow{enroller{silent{"app"}}, idle{silent{"key"}}, enroller{silent{"sms"}}}, want: "enrol:app sms"},
		"an enrolment is not spared":              {parts: require, flows: []core.Flow{enroller{silent{"app"}}, spare}, want: "enrol:app"},
		"required, and nothing can be got":        {parts: require, flows: []core.Flow{idle{silent{"key"}}}, want: "enrol:"},
		"required, and one asks":                  {parts: require, flows: []core.Flow{code, enroller{silent{"app"}}}, want: "code"},
		"whether it is required is unknown": {parts: func(p *gate.Parts) {
			p.RequireFactor = func(context.Context, core.AnyUser) (bool, error) { return false, errDown }
		}, err: core.Unavailable(nil)},
		"not required of this user": {parts: func(p *gate.Parts) {
			p.RequireFactor = func(context.Context, core.AnyUser) (bool, error) { return false, nil }
		}, flows: []core.Flow{enroller{silent{"app"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, c.parts, c.flows...)
			if c.user != nil {
				c.user(&a.users.ada)
			}
			got, err := a.Admit(t.Context(), a.attempt())
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			said := strings.Join(got.Factors, " ")
			if got.Enrol != nil {
				said = "enrol:" + strings.Join(got.Enrol, " ")
			}
			if said != c.want || (err == nil) != (got.Token.Raw != "" || got.Pending != "") || got.Token.Raw != "" &&
				got.Pending != "" {
				t.Errorf("got %q, token %t, pending %t; want %q", said, got.Token.Raw != "", got.Pending != "", c.want)
			}
		})
	}
}

// A last resort is no way around a factor that asks, and none in addition to
// it.
func TestALastResortIsNotAskedOfTheStrong(t *testing.T) {
	t.Parallel()
	terms := step{"terms"}
	a := newApp(t, nil, last{step{"code"}}, terms, silent{"app"})
	for _, c := range []struct {
		proofs []string
		want   string
	}{
		{[]string{"password"}, "terms"}, {[]string{"password", "terms"}, "code"}, {[]string{"password", "terms", "app"}, ""},
	} {
		attempt := a.attempt()
		attempt.Proof, attempt.More = proof(c.proofs[0]), nil
		for _, method := range c.proofs[1:] {
			attempt.More = append(attempt.More, proof(method))
		}
		got, err := a.Admit(t.Context(), attempt)
		if err != nil || strings.Join(got.Factors, " ") != c.want {
			t.Errorf("after %q: %q, %v; want %q", c.proofs, got.Factors, err, c.want)
		}
	}
}

// A login that is strong already needs no factor, though one is required.
func TestAPasskeyIsEnough(t *testing.T) {
	t.Parallel()
	a := newApp(t, require, enroller{silent{"app"}})
	for method, want := range map[string]bool{"passkey": true, "password": false, "oauth:acme": false} {
		attempt := a.attempt()
		attempt.Proof = proof(method)
		got, err := a.Admit(t.Context(), attempt)
		if err != nil || (got.Token.Raw != "") != want {
			t.Errorf("%s: in %t, %v", method, got.Token.Raw != "", err)
		}
	}
}

func TestKindsAreThoseOfTheFactors(t *testing.T) {
	t.Parallel()
	kinds := newApp(t, nil, pin{asker{"pin"}}, step{"terms"}, asker{"sms"}).Kinds()
	for method, want := range map[string]bool{"pin": false, "terms": false, "sms": true} {
		if got := kinds.Strong([]core.Proof{proof("password"), proof(method)}); got != want {
			t.Errorf("password and %s: strong is %t", method, got)
		}
	}
}

// pending begins a login that waits, and returns its ticket.
func (a *app) pending(t *testing.T) string {
	t.Helper()
	got, err := a.Admit(t.Context(), a.attempt())
	if err != nil || got.Pending == "" {
		t.Fatalf("got %+v, %v, want a pending login", got, err)
	}
	var body struct{ Detail map[string]any }
	if json.Unmarshal(got.Answer.Body, &body) != nil || got.Answer.Status != http.StatusForbidden ||
		body.Detail["pending"] != got.Pending {
		t.Errorf("got %d %s", got.Answer.Status, got.Answer.Body)
	}
	return got.Pending
}

// One of two alternatives is enough; a step that nothing replaces is not spared
// by them.
func TestContinue(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, asker{"code"}, both{asker{"pass"}}, step{"terms"})
	ticket := a.pending(t)
	for range 20 { // it counts nothing
		p, err := a.Peek(t.Context(), ticket, nil)
		if err != nil || p.User.Base().ID != "ada" || p.Backend != "web" || len(p.ID) != 64 || p.ID == ticket ||
			!slices.Equal(p.Factors, []string{"code", "pass", "terms"}) || p.Enrol != nil || len(p.Proofs) != 1 {
			t.Fatalf("got %+v, %v", p, err)
		}
	}
	got, err := a.Continue(t.Context(), ticket, nil, proving("pass"))
	if err != nil || !slices.Equal(got.Factors, []string{"terms"}) {
		t.Fatalf("after one of them: %v, %v; want terms", got.Factors, err)
	}
	if _, err := a.Continue(t.Context(), ticket, nil, proving("code")); !same(err, badCredentials) {
		t.Errorf("the ticket again: %v", err)
	}
	if got, err = a.Continue(t.Context(), got.Pending, nil, proving("terms")); err != nil || got.Token.Raw == "" {
		t.Fatalf("got %+v, %v, want a token", got, err)
	}
	found, err := a.sessions.Verify(t.Context(), got.Token.Raw)
	if err != nil || len(found.Proofs) != 3 {
		t.Errorf("the session has %v, %v", found.Proofs, err)
	}
}

var badCredentials = core.Refuse(core.CodeLoginBadCredentials)

func same(err, want error) bool {
	return want == nil && err == nil || want != nil && errors.Is(err, want)
}

// TestPendingRefused is the table of verdicts about a ticket.
func TestPendingRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		backend string
		change  func(*app)
		want    error
	}{
		"as it is":               {backend: "web"},
		"another backend":        {backend: "api", want: badCredentials},
		"no backend":             {backend: "", want: &core.Error{Status: http.StatusInternalServerError}},
		"inactive":               {"web", func(a *app) { a.users.ada.IsActive = false }, badCredentials},
		"deleted":                {"web", func(a *app) { a.users.ada.ID = "eve" }, badCredentials},
		"a new password":         {"web", func(a *app) { a.users.ada.TokenEpoch++ }, badCredentials},
		"expired":                {"web", func(a *app) { a.clock.Set(noon.Add(10 * time.Minute)) }, badCredentials},
		"the user store is down": {"web", func(a *app) { a.users.err = errDown }, core.Unavailable(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, asker{"code"})
			ticket := a.pending(t)
			if c.change != nil {
				c.change(a)
			}
			g := a.For(c.backend)
			if _, err := g.Peek(t.Context(), ticket, nil); !same(err, c.want) {
				t.Errorf("Peek: %v, want %v", err, c.want)
			}
			proved := false
			_, err := g.Continue(t.Context(), ticket, nil, func(context.Context, core.AnyUser) (core.Proof, error) {
				proved = true
				return proof("code"), nil
			})
			if !same(err, c.want) || proved != (c.want == nil) {
				t.Errorf("Continue: %v, proved %t; want %v", err, proved, c.want)
			}
		})
	}
}

// TestAttackM66: of many tries of one login at once five are made, and a right
// one among them is a login, however late it is.
func TestAttackM66TriesAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, asker{"code"})
	ticket := a.pending(t)
	const all = 64
	var made, in atomic.Int64
	var refused, tries sync.WaitGroup
	refused.Add(all - 5)
	for range all {
		tries.Go(func() {
			tried := false
			got, err := a.Continue(t.Context(), ticket, nil, func(context.Context, core.AnyUser) (core.Proof, error) {
				tried = true
				if made.Add(1) > 1 {
					return core.Proof{}, core.Refuse(core.CodeFactorBadCode)
				}
				refused.Wait() // the right one
				return proof("code"), nil
			})
			switch {
			case err == nil && got.Token.Raw != "":
				in.Add(1)
			case !tried:
				if !same(err, badCredentials) {
					t.Errorf("one that is not made: %v", err)
				}
				refused.Done()
			}
		})
	}
	tries.Wait()
	if made.Load() != 5 || in.Load() != 1 {
		t.Errorf("%d tries were made, %d are logins, want 5 and 1", made.Load(), in.Load())
	}
	ticket = a.pending(t)
	for range 5 {
		if _, err := a.Peek(t.Context(), ticket, nil); err != nil {
			t.Errorf("before its tries are used up: %v", err)
		}
		_, _ = a.Continue(t.Context(), ticket, nil, func(context.Context, core.AnyUser) (core.Proof, error) {
			return core.Proof{}, core.Refuse(core.CodeFactorBadCode)
		})
	}
	if _, err := a.Peek(t.Context(), ticket, nil); !same(err, badCredentials) {
		t.Errorf("after them: %v", err)
	}
}

// An enrolment inside a login raises the epoch, and the login goes on.
func TestEnrolmentRaisesTheEpoch(t *testing.T) {
	t.Parallel()
	a := newApp(t, require, enroller{silent{"app"}})
	ticket := a.pending(t)
	got, err := a.Continue(t.Context(), ticket, nil, func(_ context.Context, u core.AnyUser) (core.Proof, error) {
		a.users.ada.TokenEpoch++
		u.Base().TokenEpoch++
		return proof("app"), nil
	})
	if err != nil || got.Token.Raw == "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if found, err := a.sessions.Verify(t.Context(), got.Token.Raw); err != nil || found.Epoch != 1 {
		t.Errorf("got epoch %v, %v", found.Session, err)
	}
}

// browsers note what the gate asks of them.
type browsers struct {
	device *known.Device
	asked  int
	heard  []string
}

func (b *browsers) Recognize(context.Context, core.Attempt) (*known.Device, bool) {
	b.asked++
	return b.device, true
}

func (b *browsers) Admitted(
	_ context.Context, d *known.Device, a core.Attempt, proofs []core.Proof, answer *core.Response,
) {
	for _, proof := range proofs {
		b.heard = append(b.heard, a.Backend+" "+proof.Method)
	}
	if d == b.device {
		answer.Header.Set("X-Known", "yes")
	}
}

// Known browsers hear of a complete login, with all of its proofs, and of no
// other one.
func TestKnownBrowsersHear(t *testing.T) {
	t.Parallel()
	b := &browsers{device: &known.Device{}}
	a := newApp(t, func(p *gate.Parts) { p.Known = b }, asker{"totp"})
	first, err := a.Admit(t.Context(), a.attempt())
	if err != nil || first.Pending == "" || b.asked != 0 || b.heard != nil || first.Answer.Header.Get("X-Known") != "" {
		t.Fatalf("a login that waits: %+v, %v, %+v", first, err, b)
	}
	_, err = a.Continue(t.Context(), first.Pending, nil, func(context.Context, core.AnyUser) (core.Proof, error) {
		return core.Proof{}, core.Refuse(core.CodeFactorBadCode)
	})
	if err == nil || b.heard != nil {
		t.Fatalf("a wrong factor: %v, %q", err, b.heard)
	}
	done, err := a.Continue(t.Context(), first.Pending, nil, proving("totp"))
	if err != nil || done.Answer.Header.Get("X-Known") != "yes" ||
		!slices.Equal(b.heard, []string{"web password", "web totp"}) {
		t.Errorf("a complete login: %v, %q", err, b.heard)
	}
	if !a.events.last.NewDevice {
		t.Error("the event does not say that the browser is news")
	}
	b.heard, a.users.ada.IsActive = nil, false
	if _, err := a.Admit(t.Context(), a.attempt()); err == nil || b.heard != nil {
		t.Errorf("an inactive user: %v, %q", err, b.heard)
	}
}

// A network that has had its share proves nothing, and uses up no try.
func TestLimitOfContinue(t *testing.T) {
	t.Parallel()
	var limited error
	a := newApp(t, func(p *gate.Parts) {
		p.Limit = func(context.Context, *core.Request) error { return limited }
	}, asker{"totp"})
	first, err := a.Admit(t.Context(), a.attempt())
	if err != nil {
		t.Fatal(err)
	}
	limited = core.RateLimited(time.Minute)
	for range 10 {
		_, err := a.Continue(t.Context(), first.Pending, &core.Request{},
			func(context.Context, core.AnyUser) (core.Proof, error) {
				t.Error("it was proved")
				return core.Proof{}, core.Refuse(core.CodeFactorBadCode)
			})
		if !errors.Is(err, limited) {
			t.Fatalf("got %v", err)
		}
	}
	limited = nil
	done, err := a.Continue(t.Context(), first.Pending, &core.Request{}, proving("totp"))
	if err != nil || done.Token.Raw == "" {
		t.Errorf("afterwards: %+v, %v", done, err)
	}
}
