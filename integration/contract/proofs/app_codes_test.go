package proofs_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// The routes of the app's codes, up to the status.
const (
	appLogin = "POST /auth/session/totp "
	appProof = "POST /auth/session/prove/totp "
)

// appCodes are attacks on the codes of an authenticator app.
func appCodes(t *testing.T, a *app) {
	p := a.withApp(t)
	earlier := p.codeNow(t)
	used := p.code(t)
	a.Want(t, appLogin+"200 (M01 the twin)", body(p.pending(t), used))
	a.Want(t, appLogin+"400 FACTOR_BAD_CODE", harness.Case("M01 a code again"), body(p.pending(t), used))
	a.Want(t, appProof+"400 FACTOR_BAD_CODE", harness.Case("M01 a code again, as a step-up"), p.in, body("", used))
	a.Want(t, appLogin+"400 FACTOR_BAD_CODE", harness.Case("M23 the code of the step before"), body(p.pending(t), earlier))
	a.Want(t, appLogin+"200 (M23 the twin: the next one)", body(p.pending(t), p.code(t)))
	eve := a.withApp(t)
	a.Want(t, appLogin+"400 FACTOR_BAD_CODE", harness.Case("M67 another user's code"), body(p.pending(t), eve.code(t)))
	a.Want(t, appLogin+"200 (M67 the twin)", body(eve.pending(t), eve.codeNow(t)))
	t.Run("M02 M29 what is no code", func(t *testing.T) { odd(t, p) })
	t.Run("M26 an enrolment that is never confirmed", func(t *testing.T) { begun(t, a) })
	t.Run("M25 another user's enrolment", func(t *testing.T) { enrolments(t, a) })
	t.Run("M24 a secret that does not open", func(t *testing.T) { unopened(t, a) })
	t.Run("M37 an address that is not verified", func(t *testing.T) { notTheirs(t, a) })
	t.Run("M04 M27 a hundred wrong codes", func(t *testing.T) { locked(t, a) })
}

// odd sends codes that are none. They are tried on a step-up, which has no five
// tries.
func odd(t *testing.T, p *person) {
	code := p.code(t)
	arabic := ""
	for _, digit := range code {
		arabic += string('٠' + digit - '0')
	}
	for _, typed := range []string{
		arabic, code[:5], code + "0", "+" + code, code + "e0", "0x" + code, code[:3] + "\u00a0" + code[3:],
		code[:3] + "\n" + code[3:], "", " ", code[:5] + "O", "                " + code,
	} {
		p.Want(t, appProof+"400 FACTOR_BAD_CODE", p.in, body("", typed))
	}
	for _, text := range []string{code, "[" + code + "]", `{"code": "` + code + `"}`, "true", "null"} {
		if text[0] == '0' { // no number of JSON
			text = "1" + text
		}
		got := p.Send(t, "POST", "/auth/session/prove/totp", p.in, harness.JSON(`{"code": `+text+`}`))
		if got.Status != 422 {
			t.Errorf("M29 %s: %d %s", text, got.Status, got.Body)
		}
	}
	if data := p.rows(t, core.MethodTOTP)[0].Data; len(data) == 0 {
		t.Error("the factor is gone")
	}
	p.in = bearer(t, p.Want(t, appProof+"200 (M02 the twin: blanks and dashes)", p.in,
		body("", " "+code[:3]+" - "+code[3:]+" ")))
}

// begun are enrolments without a first code.
func begun(t *testing.T, a *app) {
	p := a.person(t)
	var first, last harness.Answer
	for i := range 20 {
		if last = a.Want(t, "POST /auth/session/totp/begin 200", p.in); i == 0 {
			first = last
		}
	}
	if rows := p.rows(t, ""); len(rows) != 0 {
		t.Errorf("%d rows are stored", len(rows))
	}
	a.Token(t, "session", p.Account) // it asks for nothing
	confirm := func(begun harness.Answer) harness.Option {
		p.secret = begun.Member(t, "secret").(string)
		return with("enrolment", begun.Member(t, "enrolment"), "code", p.code(t))
	}
	a.Want(t, "POST /auth/session/totp/confirm 400 FACTOR_ENROLMENT_EXPIRED", p.in, confirm(first))
	a.Want(t, "POST /auth/session/totp/confirm 200", p.in, confirm(last))
	p.pending(t) // and now it asks
}

// enrolments are confirmed by somebody else, and many times at once.
func enrolments(t *testing.T, a *app) {
	owner, eve := a.person(t), a.person(t)
	begun := a.Want(t, "POST /auth/session/totp/begin 200", owner.in)
	code, err := totp.Code(begun.Member(t, "secret").(string), a.Now())
	if err != nil {
		t.Fatal(err)
	}
	confirm := with("enrolment", begun.Member(t, "enrolment"), "code", code)
	a.Want(t, "POST /auth/session/totp/confirm 400 FACTOR_ENROLMENT_EXPIRED", eve.in, confirm)
	if len(eve.rows(t, "")) != 0 {
		t.Error("it is eve's")
	}
	enrolled := 0
	for got := range a.SendAtOnce(t, 16, "POST", "/auth/session/totp/confirm",
		func(int) harness.Option { return harness.All(owner.in, confirm) }) {
		switch got.Status {
		case 200:
			enrolled++
		case 400, 401, 403, 409: // 403: the login lacks the factor that another has added
		default:
			t.Errorf("%d %s", got.Status, got.Body)
		}
	}
	if rows := owner.rows(t, core.MethodTOTP); len(rows) != 1 || enrolled > 1 {
		t.Errorf("%d rows, %d answers of success", len(rows), enrolled)
	}
}

// locked is a factor after a hundred wrong codes, over logins and step-ups.
// What refuses a code does not take its count back.
func locked(t *testing.T, a *app) {
	p, other := a.withApp(t), a.withApp(t)
	fail := func(n int) {
		wrong := another(p.codeNow(t))
		for range n / 10 { // of ten five are tries of a login
			waiting := p.waits(t)
			for range 5 {
				a.Want(t, appLogin+"400 FACTOR_BAD_CODE", body(waiting, wrong))
				a.Want(t, appProof+"400 FACTOR_BAD_CODE", p.in, body("", wrong))
			}
		}
		for range n % 10 {
			a.Want(t, appProof+"400 FACTOR_BAD_CODE", p.in, body("", wrong))
		}
	}
	fail(99)
	a.Want(t, appLogin+"200 (M27 the twin: the right one after 99)", body(p.pending(t), p.code(t)))
	p.in = bearer(t, a.Want(t, appProof+"200", p.in, body("", p.code(t))))
	fail(100)
	a.Want(t, appLogin+"403 FACTOR_LOCKED", body(p.pending(t), p.code(t)))
	a.Want(t, appProof+"403 FACTOR_LOCKED", harness.Case("M27 M63 by step-ups"), p.in, body("", p.codeNow(t)))
	a.Want(t, appLogin+"200 (M27 the twin: another user)", body(other.pending(t), other.code(t)))
	a.Want(t, "POST /auth/session/recovery 200 (M27 the twin: another factor)", body(p.pending(t), p.codes[0]))
	a.Want(t, appLogin+"200 (M27 the twin: which unlocks it)", body(p.pending(t), p.code(t)))
}

// unopened are rows that were moved to another user, or spoiled: never as good
// as no factor.
func unopened(t *testing.T, a *app) {
	p, eve := a.withApp(t), a.withApp(t)
	for _, kind := range []string{core.MethodTOTP, core.MethodRecovery} {
		stolen := p.rows(t, kind)[0].Data
		for _, data := range [][]byte{stolen, stolen[:len(stolen)/2], []byte("{}"), []byte("null")} {
			row := eve.rows(t, kind)[0]
			_, err := a.Stores.Credentials.Update(t.Context(), kind, eve.ID, row.ID, func(c *core.Credential) error {
				c.Data = data
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			code := map[string]string{core.MethodTOTP: p.code(t), core.MethodRecovery: p.codes[0]}[kind]
			got := a.Send(t, "POST", "/auth/session/"+kind, body(eve.pending(t), code))
			if got.Status != 503 {
				t.Errorf("%s with %.20q: %d %s", kind, data, got.Status, got.Body)
			}
		}
	}
	a.Want(t, appLogin+"200 (M24 the twin)", body(p.pending(t), p.code(t)))
}

// notTheirs are accounts of an address that somebody else may own.
func notTheirs(t *testing.T, a *app) {
	p, none := a.person(t, unverified), a.person(t)
	a.EditStored(t, none.Account, func(u *harness.Account) { u.Email, u.EmailKey, u.IsVerified = "", "", false })
	a.Want(t, "POST /auth/session/totp/begin 403 FACTOR_NEEDS_VERIFIED_EMAIL", p.in)
	a.Want(t, "POST /auth/session/totp/begin 200 (M37 the twin: no address)", none.in)
	a.EditStored(t, p.Account, harness.Verified)
	a.Want(t, "POST /auth/session/totp/begin 200 (M37 the twin: verified)", p.in)
}
