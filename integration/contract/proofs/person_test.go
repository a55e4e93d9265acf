package proofs_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// person is a verified user, with what they prove themselves by.
type person struct {
	*app
	*harness.Account
	in     harness.Option // a login at session, which enrolled
	secret string         // of the authenticator app
	codes  []string       // of recovery
	card   []string       // of another project's factor
	device *device
}

// called is a user's full name.
func called(name string) func(*harness.Account) {
	return func(u *harness.Account) { u.FullName = name }
}

func unverified(u *harness.Account) { u.IsVerified = false }

// person makes one, who is logged in at session unless they must have a second
// factor.
func (a *app) person(t *testing.T, change ...func(*harness.Account)) *person {
	t.Helper()
	u := a.NewUser(t, append([]func(*harness.Account){harness.Verified}, change...)...)
	p := &person{app: a, Account: u}
	if u.FullName != careful && u.FullName != mailed {
		p.in = a.LogIn(t, "session", u)
	}
	return p
}

// withApp is a person with an authenticator app and recovery codes.
func (a *app) withApp(t *testing.T, change ...func(*harness.Account)) *person {
	t.Helper()
	p := a.person(t, change...)
	p.addApp(t)
	return p
}

func (p *person) addApp(t *testing.T) {
	t.Helper()
	begun := p.Want(t, "POST /auth/session/totp/begin 200", p.in)
	p.secret = begun.Member(t, "secret").(string)
	got := p.Want(t, "POST /auth/session/totp/confirm 200", p.in, harness.JSONObject(harness.Object{
		"enrolment": begun.Member(t, "enrolment"), "code": p.code(t),
	}))
	p.in = bearer(t, got)
	p.newCodes(t)
}

func (p *person) newCodes(t *testing.T) {
	t.Helper()
	p.codes = nil
	for _, code := range p.Want(t, "POST /auth/session/recovery-codes 200", p.in).Member(t, "codes").([]any) {
		p.codes = append(p.codes, code.(string))
	}
}

// withCard is a person with a card of another project's.
func (a *app) withCard(t *testing.T) *person {
	t.Helper()
	p := a.person(t)
	p.getCard(t)
	return p
}

func (p *person) getCard(t *testing.T) {
	t.Helper()
	for _, word := range p.Want(t, "POST /auth/session/card/make 201", p.in).Member(t, "words").([]any) {
		p.card = append(p.card, word.(string))
	}
}

// withPasskey is a person with a passkey, which is a way in and no second
// factor yet.
func (a *app) withPasskey(t *testing.T, change ...func(*harness.Account)) *person {
	t.Helper()
	p := a.person(t, change...)
	p.device = newDevice()
	p.register(t, p.device)
	return p
}

func (p *person) register(t *testing.T, d *device) {
	t.Helper()
	o := p.Want(t, "POST /auth/session/passkeys/options 200", p.in)
	p.Want(t, "POST /auth/session/passkeys 201", p.in, harness.JSON(d.create(t, o.Body)))
}

// locks makes passwords ask for the passkey.
func (p *person) locks(t *testing.T) {
	t.Helper()
	p.in = p.proved(t, "session")
	p.Want(t, "PUT /auth/second-factor 204", p.in, harness.JSON(`{"required": true}`))
	p.in = p.proved(t, "session")
}

// proved logs in by the passkey.
func (p *person) proved(t *testing.T, backend string) harness.Option {
	t.Helper()
	o := p.Want(t, "POST /auth/"+backend+"/login/passkey/options 200")
	got := p.Want(t, "POST /auth/"+backend+"/login/passkey "+harness.LoginStatus(backend),
		harness.JSON(p.device.get(t, o.Body)))
	return credential(t, backend, got)
}

// code is the app's next one.
func (p *person) code(t *testing.T) string {
	t.Helper()
	p.Advance(30 * time.Second)
	return p.codeNow(t)
}

func (p *person) codeNow(t *testing.T) string {
	t.Helper()
	code, err := totp.Code(p.secret, p.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// pending is a login at session that waits.
func (p *person) pending(t *testing.T) string {
	t.Helper()
	return p.PendingTicket(t, "session", p.Account)
}

// waits is pending without a request, for many of them.
func (p *person) waits(t *testing.T) string {
	t.Helper()
	first := core.Proof{Method: core.MethodPassword, At: p.Now()}
	admission, err := p.Manager().Login(t.Context(), p.ID, "session", nil, first)
	if err != nil || admission.Pending == "" {
		t.Fatalf("a login that waits: %+v, %v", admission, err)
	}
	return admission.Pending
}

// mail waits for the next mail to an address.
func (a *app) mail(t *testing.T, to string) core.Mail {
	t.Helper()
	for {
		if m := a.NextMail(t); m.To == to {
			return m
		}
	}
}

// mailedLogin asks for a mail that logs in, and returns the flow and the mail.
func (a *app) mailedLogin(t *testing.T, backend, address string) (flow string, m core.Mail) {
	t.Helper()
	got := a.Send(t, "POST", "/auth/"+backend+"/mail-login", harness.JSONObject(harness.Object{"email": address}))
	if got.Status != 202 {
		t.Fatalf("a mail for a login: %d %s", got.Status, got.Body)
	}
	return got.Member(t, "flow").(string), a.mail(t, address)
}

// bearer is the token of an answer.
func bearer(t *testing.T, got harness.Answer) harness.Option {
	t.Helper()
	return harness.Bearer(got.Member(t, "access_token").(string))
}

// credential is what a login answers with at a backend.
func credential(t *testing.T, backend string, got harness.Answer) harness.Option {
	t.Helper()
	if backend != "cookie" {
		return bearer(t, got)
	}
	return harness.Credential("cookie", cookieOf(t, got, harness.CookieName))
}

// cookieOf is the value of a cookie that an answer sets; "" for none.
func cookieOf(t *testing.T, got harness.Answer, name string) string {
	t.Helper()
	for _, line := range got.Header["Set-Cookie"] {
		if value, found := strings.CutPrefix(line, name+"="); found {
			value, _, _ = strings.Cut(value, ";")
			return value
		}
	}
	return ""
}

// body is that of a factor's route; pending may be "".
func body(pending, code string) harness.Option {
	return harness.JSONObject(harness.Object{"pending": pending, "code": code})
}

// with is a body with members in pairs.
func with(pairs ...any) harness.Option {
	o := harness.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o[pairs[i].(string)] = pairs[i+1]
	}
	return harness.JSONObject(o)
}

// another is a code of as many digits that is not the one.
func another(code string) string {
	return fmt.Sprintf("%s%d", code[:len(code)-1], (code[len(code)-1]-'0'+5)%10)
}

// rows are a user's credentials of a kind.
func (p *person) rows(t *testing.T, kind string) []*core.Credential {
	t.Helper()
	all, err := p.Stores.Credentials.List(t.Context(), kind, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// factors are the methods that a refused login may go on by.
func factors(t *testing.T, got harness.Answer) (methods []string) {
	t.Helper()
	var said struct{ Detail struct{ Factors []string } }
	if err := json.Unmarshal([]byte(got.Body), &said); err != nil {
		t.Fatalf("%v: %s", err, got.Body)
	}
	return said.Detail.Factors
}
