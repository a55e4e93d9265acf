package proofs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/long"
)

// atOnce is how many present one code at a time.
const atOnce = 64

// race is a way to use one code many times: start makes the code, and returns
// the route and the body of each request.
type race struct {
	name  string
	start func(t *testing.T, a *app) func(t *testing.T) (route string, use func(i int) harness.Option)
}

var races = []race{
	{"M01 M22 a code of the app in as many logins", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.withApp(t)
		return func(t *testing.T) (string, func(int) harness.Option) {
			return "/totp", p.spread(t, p.code(t))
		}
	}},
	{"M01 M22 M66 a code of the app in one login", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.withApp(t)
		return func(t *testing.T) (string, func(int) harness.Option) {
			return "/totp", same(body(p.waits(t), p.code(t)))
		}
	}},
	{"M07 M22 a recovery code in as many logins", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.withApp(t)
		return func(t *testing.T) (string, func(int) harness.Option) {
			return "/recovery", p.spread(t, p.recoveryCode(t))
		}
	}},
	{"M07 M22 M66 a recovery code in one login", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.withApp(t)
		return func(t *testing.T) (string, func(int) harness.Option) {
			return "/recovery", same(body(p.waits(t), p.recoveryCode(t)))
		}
	}},
	{"M41 M22 the challenge of a passkey", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.withPasskey(t)
		return func(t *testing.T) (string, func(int) harness.Option) {
			return "/login/passkey", same(harness.JSON(p.device.get(t, a.keyOptions(t))))
		}
	}},
	{"M41 M22 M66 the challenge of a passkey in one login", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.withPasskey(t)
		p.locks(t)
		return func(t *testing.T) (string, func(int) harness.Option) {
			pending := p.waits(t)
			o := a.Want(t, "POST /auth/session/passkey/options 200", body(pending, "")).Body
			return "/passkey", same(harness.JSON(p.device.answer(t, o, pending)))
		}
	}},
	{"M51 M22 the code of a mail", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.person(t)
		return func(t *testing.T) (string, func(int) harness.Option) {
			a.Advance(time.Hour) // of which an address has five mails
			flow, m := a.mailedLogin(t, "session", p.Email)
			return "/mail-login/confirm", same(with("flow", flow, "code", m.Code))
		}
	}},
	{"M51 M22 M66 the code of a mail in one login", func(t *testing.T, a *app) func(*testing.T) (string, func(int) harness.Option) {
		p := a.person(t, called(mailed))
		return func(t *testing.T) (string, func(int) harness.Option) {
			a.Advance(time.Hour)
			pending := p.waits(t)
			flow := a.Want(t, "POST /auth/session/mail 202", body(pending, "")).Member(t, "flow")
			return "/mail/confirm", same(with("pending", pending, "flow", flow, "code", a.mail(t, p.Email).Code))
		}
	}},
}

// spread presents a code in as many logins that wait.
func (p *person) spread(t *testing.T, code string) func(int) harness.Option {
	t.Helper()
	pending := make([]string, atOnce)
	for i := range pending {
		pending[i] = p.waits(t)
	}
	return func(i int) harness.Option { return body(pending[i], code) }
}

func same(request harness.Option) func(int) harness.Option {
	return func(int) harness.Option { return request }
}

// recoveryCode takes one that was not used.
func (p *person) recoveryCode(t *testing.T) string {
	t.Helper()
	if len(p.codes) == 0 {
		p.in = bearer(t, p.Want(t, appProof+"200", p.in, body("", p.code(t))))
		p.newCodes(t)
	}
	code := p.codes[0]
	p.codes = p.codes[1:]
	return code
}

// lost are the answers to all uses of a code but one.
var lost = []string{
	"400 " + core.CodeFactorBadCode, "400 " + core.CodeLoginBadCredentials, "400 " + core.CodePasskeyBadChallenge,
	"400 " + core.CodeMailLoginBadCode, "400 " + core.CodeDeviceBadCode,
}

// TestAttackOneUseOfACode: of any number of uses of one code at once exactly
// one is a login.
func TestAttackOneUseOfACode(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		for _, r := range races {
			t.Run(r.name, func(t *testing.T) {
				next := r.start(t, a)
				for range long.Count(3, 100) {
					route, use := next(t)
					won(t, a.SendAtOnce(t, atOnce, "POST", "/auth/session"+route, use))
				}
			})
		}
	})
}

// won checks that one of the answers is a login, and the others are refusals.
func won(t *testing.T, answers <-chan harness.Answer) {
	t.Helper()
	in, others := 0, strings.Join(lost, "\n")
	for got := range answers {
		switch {
		case got.Status == 200:
			in++
		case !strings.Contains(others, got.Outcome()):
			t.Errorf("one of the others: %d %s", got.Status, got.Body)
		}
	}
	if in != 1 {
		t.Errorf("%d logins by one code", in)
	}
}
