package proofs_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	confirm    = "POST /auth/session/mail-login/confirm "
	badMail    = confirm + "400 MAIL_LOGIN_BAD_CODE"
	askForMail = "POST /auth/session/mail-login "
)

// mailLogins are attacks on logins by mail.
func mailLogins(t *testing.T, a *app) {
	p := a.person(t)
	flow, m := a.mailedLogin(t, "session", p.Email)
	for range 20 { // more than the tries of a mail
		a.Want(t, badMail, with("token", m.Token))
	}
	a.Want(t, badMail, harness.Case("M11 M50 a link that a program opens"), with("token", m.Token))
	a.Want(t, badMail, harness.Case("M08 the code without the flow"), with("code", m.Code))
	a.Want(t, badMail, harness.Case("M52 the code with another flow"),
		with("flow", strings.Repeat("A", 43), "code", m.Code))
	t.Run("M52 what the store keeps", func(t *testing.T) { kept(t, a, flow, m) })
	for _, backend := range []string{"cookie", "jwt"} {
		a.Want(t, "POST /auth/"+backend+"/mail-login/confirm 400 MAIL_LOGIN_BAD_CODE",
			harness.Case("M55 at the backend "+backend), with("flow", flow, "code", m.Code))
	}
	a.Want(t, confirm+"200 (M11 M50 M52 M55 the twin)", with("flow", flow, "token", m.Token))
	a.Want(t, badMail, harness.Case("M11 the link again"), with("flow", flow, "token", m.Token))
	a.Want(t, badMail, harness.Case("M11 the code of a link that was used"), with("flow", flow, "code", m.Code))
	t.Run("M51 the sixth try", func(t *testing.T) { tried(t, a) })
	t.Run("M02 M29 what is no code of a mail", func(t *testing.T) { oddMail(t, a) })
	t.Run("M53 whoever is asked for", func(t *testing.T) { silent(t, a) })
	t.Run("M55 what changes meanwhile", func(t *testing.T) { changed(t, a) })
	t.Run("M56 a sign-up", func(t *testing.T) { signUps(t, a) })
	t.Run("M30 two proofs of one kind", func(t *testing.T) { oneKind(t, a) })
	t.Run("M92 who has no address", func(t *testing.T) { addressless(t, a) })
}

// kept is what a mail leaves in the store of tickets: neither its link, nor its
// code, nor the key of the code's HMAC.
func kept(t *testing.T, a *app, flow string, m core.Mail) {
	found, err := a.Stores.Tickets.Find(t.Context(), "mail-login", core.Digest(flow))
	if err != nil || len(found.Data) == 0 {
		t.Fatalf("the ticket has %q, %v", found.Data, err)
	}
	for _, secret := range []string{flow, m.Token, m.Code} {
		if secret == "" || bytes.Contains(found.Data, []byte(secret)) {
			t.Errorf("%q is in %s", secret, found.Data)
		}
	}
}

func tried(t *testing.T, a *app) {
	p := a.person(t)
	for _, wrong := range []int{4, 5} {
		flow, m := a.mailedLogin(t, "session", p.Email)
		for range wrong {
			a.Want(t, badMail, with("flow", flow, "code", another(m.Code)))
		}
		if wrong == 4 {
			a.Want(t, confirm+"200 (M51 the twin: the fifth)", with("flow", flow, "code", m.Code))
			continue
		}
		a.Want(t, badMail, with("flow", flow, "code", m.Code))
		a.Want(t, badMail, with("flow", flow, "token", m.Token))
	}
}

func oddMail(t *testing.T, a *app) {
	p := a.person(t)
	flow, m := a.mailedLogin(t, "session", p.Email)
	arabic := ""
	for _, digit := range m.Code {
		arabic += string('٠' + digit - '0')
	}
	for _, typed := range []string{arabic, m.Code[:7], m.Code + "0", "+" + m.Code, m.Code + "e0", " "} { // none is a try
		a.Want(t, badMail, with("flow", flow, "code", typed))
	}
	got := a.Send(t, "POST", "/auth/session/mail-login/confirm", with("flow", flow, "code", 12345678))
	if got.Status != 422 {
		t.Errorf("a number: %d %s", got.Status, got.Body)
	}
	a.Want(t, confirm+"200 (M02 the twin: blanks and dashes)", with("flow", flow, "code", m.Code[:4]+" - "+m.Code[4:]))
}

// silent asks for users, for those who may not log in, and for nobody.
func silent(t *testing.T, a *app) {
	known, blocked := a.person(t), a.NewUser(t, harness.Verified)
	a.EditStored(t, blocked, harness.Inactive)
	var asked, confirmed []string
	for _, address := range []string{known.Email, blocked.Email, "nobody." + known.Email} {
		got := a.Want(t, askForMail+"202", with("email", address))
		flow := got.Member(t, "flow").(string)
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, strings.Replace(got.Body, flow, "", 1))
		confirmed = append(confirmed, a.Want(t, badMail, with("flow", flow, "code", "00000000")).Body)
	}
	for i := range asked {
		if asked[i] != asked[0] || confirmed[i] != confirmed[0] {
			t.Errorf("the answers differ: %q %q", asked, confirmed)
		}
	}
	if m := a.mail(t, known.Email); m.Code == "" { // the twin
		t.Error("the user got no code")
	}
}

// changed are mails whose user is another one by the time of the confirmation.
func changed(t *testing.T, a *app) {
	for what, change := range map[string]func(*harness.Account){
		"as it was": func(u *harness.Account) { u.Credits++ },
		"address":   func(u *harness.Account) { u.Email, u.EmailKey = "new."+u.Email, "new."+u.EmailKey },
		"epoch":     func(u *harness.Account) { u.TokenEpoch++ },
		"activity":  harness.Inactive,
		"suspended": func(u *harness.Account) { u.SuspendedUntil = a.Now().Add(1e12) },
	} {
		p := a.person(t)
		flow, m := a.mailedLogin(t, "session", p.Email)
		a.EditStored(t, p.Account, change)
		want := badMail
		if what == "as it was" {
			want = confirm + "200"
		}
		a.Want(t, want, harness.Case("M55 "+what), with("flow", flow, "code", m.Code))
	}
}

// signUps are those of an address that nobody has: many at once, and of one
// that somebody registers meanwhile.
func signUps(t *testing.T, a *app) {
	address := strings.ToLower(a.person(t).Email)
	fresh, taken := "m56.fresh."+address, "m56.taken."+address
	flow, m := a.mailedLogin(t, "session", fresh)
	in := 0
	for got := range a.SendAtOnce(t, 64, "POST", "/auth/session/mail-login/confirm",
		func(int) harness.Option { return with("flow", flow, "code", m.Code) }) {
		switch {
		case got.Status == 200:
			in++
		case got.Outcome() != "400 MAIL_LOGIN_BAD_CODE":
			t.Errorf("%d %s", got.Status, got.Body)
		}
	}
	made, err := a.Stores.Users.Find(t.Context(), core.ByEmail(fresh))
	if err != nil || !made.IsVerified || made.HashedPassword != "" || in != 1 {
		t.Errorf("%d logins, the user is %+v, %v", in, made, err)
	}
	flow, m = a.mailedLogin(t, "session", taken)
	a.Want(t, "POST /auth/register 201", with("email", taken, "password", harness.OtherPassword))
	a.Want(t, badMail, with("flow", flow, "code", m.Code))
}

// oneKind are proofs by one mailbox, or by an account elsewhere and a mailbox:
// as good as one of them.
func oneKind(t *testing.T, a *app) {
	p := a.withCard(t)
	a.EditStored(t, p.Account, called(mailed))
	flow, m := a.mailedLogin(t, "session", p.Email)
	got := a.Send(t, "POST", "/auth/session/mail-login/confirm", with("flow", flow, "token", m.Token))
	if asked := factors(t, got); len(asked) != 1 || asked[0] != "card" {
		t.Fatalf("after a mail, another one would do: %d %s", got.Status, got.Body)
	}
	pending := got.Member(t, "detail").(harness.Object)["pending"]
	a.Want(t, "POST /auth/session/mail 403", with("pending", pending))
	in := bearer(t, a.Want(t, "POST /auth/session/card 200 (M30 the twin: a mail and a thing)",
		with("pending", pending, "word", p.card[0])))
	a.Want(t, "GET /strong 200", in)

	who := harness.Identity("of "+p.ID, p.Email, true)
	a.link(t, p, who)
	got = a.Send(t, "GET", harness.AcmeByJWT+"/callback", a.Consent(t, harness.AcmeByJWT, who))
	if asked := factors(t, got); len(asked) != 1 || asked[0] != "card" {
		t.Errorf("after a provider, a mail would do: %d %s", got.Status, got.Body)
	}
}

// addressless are users whom no mail finds.
func addressless(t *testing.T, a *app) {
	p := a.person(t)
	a.EditStored(t, p.Account, func(u *harness.Account) { u.Email, u.EmailKey = "", "" })
	a.Want(t, "POST /auth/session/prove/mail 403", p.in)
	for _, address := range []string{"", " ", "@"} {
		if got := a.Send(t, "POST", "/auth/session/mail-login", with("email", address)); got.Status != 422 {
			t.Errorf("%q: %d %s", address, got.Status, got.Body)
		}
	}
	a.Want(t, "GET /users/me 200 (M92 the twin)", p.in)
}

// takeOvers are accounts that somebody else has registered in advance, with
// everything that they may have left (M36).
func takeOvers(t *testing.T, a *app) {
	for _, way := range []string{"reset", "mail", "provider"} {
		for _, squatted := range []bool{true, false} {
			what := map[bool]string{true: "M36 by ", false: "M36 the twin: a verified account, by "}[squatted]
			t.Run(what+way, func(t *testing.T) { takeOver(t, a, way, squatted) })
		}
	}
}

func takeOver(t *testing.T, a *app, way string, squatted bool) {
	p := a.withApp(t)
	p.device = newDevice()
	p.in = bearer(t, a.Want(t, appProof+"200", p.in, body("", p.code(t))))
	p.register(t, p.device)
	a.link(t, p, harness.Identity("squatter of "+p.ID, "squatter@example.org", true))
	if squatted {
		a.EditStored(t, p.Account, unverified)
	}
	owner := a.proveMailbox(t, p, way, squatted)
	rows, links := p.rows(t, ""), a.Links(t, p.ID)
	got := a.Send(t, "GET", "/users/me", p.in)
	if squatted {
		if owner.Status != 200 || len(rows) != 0 || len(links) > 1 || got.Status != 401 {
			t.Errorf("the owner gets %d %s; left are %d rows, %d links, and the squatter's session: %d", owner.Status, owner.Body,
				len(rows), len(links), got.Status)
		}
		o := a.Want(t, "POST /auth/session/login/passkey/options 200")
		a.Want(t, "POST /auth/session/login/passkey 400 PASSKEY_UNKNOWN", harness.JSON(p.device.get(t, o.Body)))
		return
	}
	if len(rows) != 3 || len(links) == 0 {
		t.Errorf("left are %d rows and %d links, want the app, codes, the passkey and the link", len(rows), len(links))
	}
	p.pending(t)
}

// proveMailbox is the owner of the address, who proves it.
func (a *app) proveMailbox(t *testing.T, p *person, way string, squatted bool) harness.Answer {
	t.Helper()
	switch way {
	case "reset":
		a.Want(t, harness.MailRoutes["reset"]+"202", with("email", p.Email))
		got := a.Want(t, harness.ResetRoute+"200", with("token", a.mail(t, p.Email).Token, "password", harness.Password))
		if squatted { // the new password logs in alone
			got = a.Send(t, "POST", "/auth/session/login", harness.LoginForm(p.Email, harness.Password))
		}
		return got
	case "mail":
		flow, m := a.mailedLogin(t, "session", p.Email)
		return a.Send(t, "POST", "/auth/session/mail-login/confirm", with("flow", flow, "code", m.Code))
	default:
		who := harness.Identity("owner of "+p.ID, p.Email, true)
		return a.Send(t, "GET", harness.AcmeByJWT+"/callback", a.Consent(t, harness.AcmeByJWT, who))
	}
}
