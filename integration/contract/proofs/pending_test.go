package proofs_test

import (
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// pendingLogins are attacks on logins that wait.
func pendingLogins(t *testing.T, a *app) {
	p := a.withApp(t)
	pending := p.pending(t)
	a.Want(t, "GET /users/me 401", harness.Case("M08 as a token"), harness.Bearer(pending))
	a.Want(t, appProof+"401", harness.Case("M08 as a token for a step-up"), harness.Bearer(pending), body("", "000000"))
	a.Want(t, harness.VerifyRoute+"400 VERIFY_USER_BAD_TOKEN", harness.Case("M08 as a mail's token"),
		with("token", pending))
	a.Want(t, harness.ResetRoute+"400 RESET_PASSWORD_BAD_TOKEN", harness.Case("M08 as a reset's token"),
		harness.ResetBody(pending))
	a.Want(t, "POST /auth/session/totp/confirm 400 FACTOR_ENROLMENT_EXPIRED", harness.Case("M08 as an enrolment"), p.in,
		with("enrolment", pending, "code", "000000"))
	a.Want(t, "POST /auth/session/mail-login/confirm 400 MAIL_LOGIN_BAD_CODE", harness.Case("M08 as a mail's flow"),
		with("flow", pending, "code", "00000000"))
	a.Want(t, "POST /auth/session/exchange 400 OAUTH_INVALID_STATE", harness.Case("M08 as an exchange's code"),
		with("code", pending))
	for _, other := range []string{"cookie", "jwt"} {
		a.Want(t, "POST /auth/"+other+"/totp 400 LOGIN_BAD_CREDENTIALS", harness.Case("M08 at the backend "+other),
			body(pending, p.codeNow(t)))
	}
	a.Want(t, appLogin+"200 (M08 the twin)", body(pending, p.code(t)))

	waiting := p.pending(t)
	a.Want(t, "POST /auth/session/login/totp/begin 403", harness.Case("M32 one who has a factor begins"),
		body(waiting, ""))
	a.Want(t, "POST /auth/session/login/totp/confirm 403", harness.Case("M32 one who has a factor confirms"),
		with("pending", waiting, "enrolment", "x", "code", "000000"))
	a.Want(t, "POST /auth/session/login/passkeys/options 403", harness.Case("M32 a passkey of one who has a factor"),
		body(waiting, ""))
	t.Run("M38 who must have a factor", func(t *testing.T) { required(t, a) })
	t.Run("M34 a redirect with a login that waits", func(t *testing.T) { inTheCookie(t, a) })
}

// required enrols where a factor is required: M32's twin. A login of before
// opens what needs no second proof.
func required(t *testing.T, a *app) {
	p := a.person(t)
	a.EditStored(t, p.Account, called(careful))
	a.Want(t, "GET /users/me 200", p.in)
	a.Want(t, `GET /strong 403 {"detail":{"code":"PROOF_REQUIRED","max_age":0,"methods":[]}}`, p.in)
	got := a.Send(t, "POST", "/auth/session/login", harness.LoginForm(p.Email, harness.Password))
	detail := got.Member(t, "detail").(harness.Object)
	if got.Status != 403 || detail["code"] != core.CodeLoginEnrolment {
		t.Fatalf("a login without the factor: %d %s", got.Status, got.Body)
	}
	pending := detail["pending"].(string)
	for _, backend := range harness.Backends {
		a.Want(t, "GET /users/me 401", harness.Credential(backend, pending))
	}
	begun := a.Want(t, "POST /auth/session/login/totp/begin 200", body(pending, ""))
	p.secret = begun.Member(t, "secret").(string)
	in := bearer(t, a.Want(t, "POST /auth/session/login/totp/confirm 200",
		with("pending", pending, "enrolment", begun.Member(t, "enrolment"), "code", p.code(t))))
	a.Want(t, "GET /strong 200", in)
	a.Want(t, "GET /users/me 401", p.in) // M10: the logins of before have ended
}

// inTheCookie is a login at a provider in redirect mode: its secret is in the
// HttpOnly cookie alone.
func inTheCookie(t *testing.T, a *app) {
	p := a.withApp(t)
	who := harness.Identity("of "+p.ID, p.Email, true)
	a.link(t, p, who)
	visit := a.Authorize(t, harness.AcmeByCookie, "?redirect_to="+url.QueryEscape("/app?x=1"))
	got := a.Send(t, "GET", harness.AcmeByCookie+"/callback", visit.As(who))
	secret := cookieOf(t, got, harness.CookieName+"-pending")
	location := got.Header.Get("Location")
	if got.Status != 303 || len(secret) != core.SecretLen || !strings.Contains(location, "error=LOGIN_FACTOR_REQUIRED") {
		t.Fatalf("%d %v %s", got.Status, got.Header, got.Body)
	}
	for _, line := range got.Header["Set-Cookie"] {
		if strings.Contains(line, secret) && !strings.Contains(line, "; HttpOnly") {
			t.Errorf("scripts can read %s", line)
		}
	}
	digest := core.Digest(secret)
	for _, secret := range []string{secret, hex.EncodeToString(digest[:])} {
		if strings.Contains(location+got.Body+a.log.String(), secret) {
			t.Errorf("the secret is in %q, %s or the log", location, got.Body)
		}
	}
	held := harness.Header("Cookie", harness.CookieName+"-pending="+secret)
	if said := a.Want(t, "POST /auth/cookie/login/pending 200", held, with()).Body; !strings.Contains(said, `"totp"`) ||
		strings.Contains(said, secret) {
		t.Errorf("what waits is %s", said)
	}
	a.Want(t, "GET /users/me 401", held)
	if got := a.Send(t, "POST", "/auth/cookie/totp", held, body("", p.code(t))); got.Status != 204 {
		t.Errorf("by the cookie: %d %s", got.Status, got.Body)
	}
}

// link links a person's account at acme.
func (a *app) link(t *testing.T, p *person, who core.OAuthIdentity) {
	t.Helper()
	err := a.Stores.Accounts.Create(t.Context(), &core.OAuthAccount{
		UserID: p.ID, Provider: "acme", Subject: who.Subject, Email: who.Email,
	})
	if err != nil {
		t.Fatal(err)
	}
}
