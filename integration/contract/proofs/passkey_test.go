package proofs_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	keyLogin  = "POST /auth/session/login/passkey "
	noPasskey = `GET /passkey-now 403 {"detail":{"code":"PROOF_REQUIRED","max_age":300,"methods":["passkey"]}}`
)

// keyOptions are those of a login by a passkey.
func (a *app) keyOptions(t *testing.T, with ...harness.Option) string {
	t.Helper()
	return a.Want(t, "POST /auth/session/login/passkey/options 200", with...).Body
}

// passkeys are attacks on logins by a passkey.
func passkeys(t *testing.T, a *app) {
	p, eve := a.withPasskey(t), a.withPasskey(t)
	login := func(name, words string, answer string) {
		t.Helper()
		a.Want(t, keyLogin+words, harness.Case(name), harness.JSON(answer))
	}
	t.Run("M13 another origin, domain or type", func(t *testing.T) { elsewhere(t, p) })
	t.Run("M14 a challenge of something else", func(t *testing.T) { challenges(t, p, eve) })
	login("M13 the answer by another key", "400 PASSKEY_REFUSED", forged(t, p.device, a.keyOptions(t)))
	answer := p.device.get(t, a.keyOptions(t))
	login("M14 the twin", "200", answer)
	login("M14 M41 an answer again", "400 PASSKEY_BAD_CHALLENGE", answer)
	expired := p.device.get(t, a.keyOptions(t))
	a.Advance(5 * time.Minute)
	login("M41 expired", "400 PASSKEY_BAD_CHALLENGE", expired)
	t.Run("M45 user handles", func(t *testing.T) { handles(t, p, eve) })
	t.Run("M46 a host of the client's", func(t *testing.T) { hosts(t, p) })
	t.Run("M47 what no browser sends", func(t *testing.T) { malformed(t, p) })
	t.Run("M17 the passkey of somebody else, registered", func(t *testing.T) { registered(t, p, eve) })
	t.Run("M16 M43 counters", func(t *testing.T) { counters(t, a) })
	t.Run("M19 a passkey becomes a synced one", func(t *testing.T) { synced(t, a) })
	t.Run("M35 M15 beside a password", func(t *testing.T) { beside(t, a) })
	t.Run("M65 an older or weaker proof", func(t *testing.T) { justNow(t, a) })
	t.Run("M40 options by the hundred", func(t *testing.T) { forgotten(t, p) })
	t.Run("M42 nobody's passkey", func(t *testing.T) { gone(t, p, eve) })
}

// elsewhere are answers that another page has got.
func elsewhere(t *testing.T, p *person) {
	for what, change := range map[string]func(*device){
		"origin":              func(d *device) { d.rp.Origin = "https://app.example.org.evil.example" },
		"origin by http":      func(d *device) { d.rp.Origin = "http://app.example.org" },
		"subdomain":           func(d *device) { d.rp.Origin = "https://evil.app.example.org" },
		"domain":              func(d *device) { d.rp.ID = "example.org" },
		"user not verified":   func(d *device) { d.auth.Options.UserNotVerified = true },
		"user not even there": func(d *device) { d.auth.Options.UserNotPresent = true },
	} {
		wrong := *p.device
		change(&wrong)
		got := p.Send(t, "POST", "/auth/session/login/passkey", harness.JSON(wrong.get(t, p.keyOptions(t))))
		if got.Outcome() != "400 PASSKEY_REFUSED" {
			t.Errorf("%s: %d %s", what, got.Status, got.Body)
		}
		p.device.key.Counter = wrong.key.Counter
	}
	for from, to := range map[string]string{
		`"type":"webauthn.get"`: `"type":"webauthn.create"`, `"origin":`: `"crossOrigin":true,"origin":`,
	} {
		answer := p.device.signed(t, p.keyOptions(t), strings.NewReplacer(from, to).Replace)
		p.Want(t, keyLogin+"400 PASSKEY_REFUSED", harness.JSON(answer))
	}
}

// forged is an answer of another key under the ID of the device's.
func forged(t *testing.T, d *device, options string) string {
	t.Helper()
	thief := *d
	other := newDevice()
	thief.key.Key = other.key.Key
	return thief.get(t, options)
}

// challenges are those of another purpose, backend, session or pending login.
func challenges(t *testing.T, p, eve *person) {
	try := func(what, line, options string, more ...harness.Option) {
		t.Helper()
		p.Want(t, line+" 400 PASSKEY_BAD_CHALLENGE", append(more, harness.Case("M14 "+what),
			harness.JSON(p.device.get(t, options)))...)
	}
	registration := p.Want(t, "POST /auth/session/passkeys/options 200", p.in).Body
	try("of a registration", "POST /auth/session/login/passkey", registration)
	try("of another backend", "POST /auth/session/login/passkey",
		p.Want(t, "POST /auth/jwt/login/passkey/options 200").Body)
	stepUp := func(who *person) string {
		return p.Want(t, "POST /auth/session/prove/passkey/options 200", who.in).Body
	}
	try("of a step-up", "POST /auth/session/login/passkey", stepUp(p))
	try("of another session", "POST /auth/session/prove/passkey", stepUp(eve), p.in)
	try("of a login, for a step-up", "POST /auth/session/prove/passkey", p.keyOptions(t), p.in)
	p.Want(t, "POST /auth/session/prove/passkey 400 PASSKEY_REFUSED", harness.Case("M60 another user's passkey"), p.in,
		harness.JSON(eve.device.get(t, stepUp(p))))
	p.in = bearer(t, p.Want(t, "POST /auth/session/prove/passkey 200 (M14 M60 the twin)", p.in,
		harness.JSON(p.device.get(t, stepUp(p)))))
}

// handles are those of the answer to a login: whose the passkey is.
func handles(t *testing.T, p, eve *person) {
	for what, handle := range map[string][]byte{
		"none": nil, "another user's": eve.device.auth.Options.UserHandle, "65 bytes": make([]byte, 65),
	} {
		wrong := *p.device
		wrong.auth.Options.UserHandle = handle
		got := p.Send(t, "POST", "/auth/session/login/passkey", harness.JSON(wrong.get(t, p.keyOptions(t))))
		if got.Status != 400 {
			t.Errorf("%s: %d %s", what, got.Status, got.Body)
		}
		p.device.key.Counter = wrong.key.Counter
	}
	p.Want(t, keyLogin+"200 (M45 the twin)", harness.JSON(p.device.get(t, p.keyOptions(t))))
}

// hosts are what a client says of the application's.
func hosts(t *testing.T, p *person) {
	o := p.keyOptions(t, func(r *request) { r.Host = "evil.example" }, harness.Header("X-Forwarded-Host", "evil.example"),
		harness.Header("Forwarded", "host=evil.example"))
	if strings.Contains(o, "evil") || !strings.Contains(o, `"rpId":"app.example.org"`) {
		t.Errorf("the options are %s", o)
	}
	wrong := *p.device
	wrong.rp.ID, wrong.rp.Origin = "evil.example", "https://evil.example"
	p.Want(t, keyLogin+"400 PASSKEY_REFUSED", harness.JSON(wrong.get(t, o)),
		func(r *request) { r.Host = "evil.example" })
	p.device.key.Counter = wrong.key.Counter
}

// malformed are bodies that no browser sends. None is a fault of the server,
// and none spends the challenge.
func malformed(t *testing.T, p *person) {
	right := p.device.get(t, p.keyOptions(t))
	var credential map[string]json.RawMessage
	var envelope map[string]json.RawMessage
	if json.Unmarshal([]byte(right), &envelope) != nil || json.Unmarshal(envelope["credential"], &credential) != nil {
		t.Fatal(right)
	}
	bodies := []string{`{}`, `{"credential": null}`, `{"credential": []}`, `{"credential": "x"}`, `{"credential": {}}`}
	for member := range credential {
		for _, value := range []string{`null`, `1`, `[]`, `{}`, `""`, `"%%%"`, `"` + strings.Repeat("A", 30_000) + `"`} {
			if member == "authenticatorAttachment" || member == "clientExtensionResults" {
				continue
			}
			broken := map[string]json.RawMessage{}
			for name, text := range credential {
				broken[name] = text
			}
			broken[member] = json.RawMessage(value)
			text, _ := json.Marshal(map[string]any{"credential": broken})
			bodies = append(bodies, string(text))
		}
	}
	for _, text := range bodies {
		got := p.Send(t, "POST", "/auth/session/login/passkey", harness.JSON(text))
		if got.Status != 400 && got.Status != 422 {
			t.Errorf("%.100s: %d %s", text, got.Status, got.Body)
		}
	}
	p.Want(t, keyLogin+"200 (M47 the twin)", harness.JSON(right))
}

// registered is a credential ID that somebody has already.
func registered(t *testing.T, p, eve *person) {
	o := p.Want(t, "POST /auth/session/passkeys/options 200", eve.in).Body
	thief := *p.device
	p.Want(t, "POST /auth/session/passkeys 409 FACTOR_ALREADY_EXISTS", eve.in, harness.JSON(thief.create(t, o)))
	p.Want(t, keyLogin+"200 (M17 the twin: it stays theirs)", harness.JSON(p.device.get(t, p.keyOptions(t))))
}

// counters are those of a passkey on one device, and of a synced one.
func counters(t *testing.T, a *app) {
	for _, bound := range []bool{true, false} {
		p := a.person(t)
		p.device = newDevice()
		p.device.auth.Options.BackupEligible, p.device.auth.Options.BackupState = !bound, !bound
		p.register(t, p.device)
		login := func(count uint32) string {
			t.Helper()
			p.device.key.Counter = count - 1
			return p.Send(t, "POST", "/auth/session/login/passkey", harness.JSON(p.device.get(t, p.keyOptions(t)))).Outcome()
		}
		refused := "200"
		if bound {
			refused = "400 PASSKEY_REFUSED"
		}
		for _, step := range []struct {
			count uint32
			want  string
		}{{7, "200"}, {7, refused}, {6, refused}, {0, refused}, {8, "200"}} {
			if got := login(step.count); got != step.want {
				t.Errorf("on one device %t, the count %d: %s, want %s", bound, step.count, got, step.want)
			}
		}
	}
}

func synced(t *testing.T, a *app) {
	p := a.person(t)
	p.device = newDevice()
	p.device.auth.Options.BackupEligible, p.device.auth.Options.BackupState = false, false
	p.register(t, p.device)
	for _, eligible := range []bool{true, false, true} {
		p.device.auth.Options.BackupEligible, p.device.auth.Options.BackupState = eligible, eligible
		p.Want(t, keyLogin+"200", harness.JSON(p.device.get(t, p.keyOptions(t))))
	}
}

// beside are passwords of whoever has a passkey.
func beside(t *testing.T, a *app) {
	p := a.withPasskey(t)
	a.Token(t, "session", p.Account) // a way in, and no lock
	p.locks(t)
	pending := p.pending(t)
	options := func() string { return a.Want(t, "POST /auth/session/passkey/options 200", body(pending, "")).Body }
	key := *p.device
	key.auth.Options.UserNotVerified = true // a thing, beside the password
	in := bearer(t, a.Want(t, "POST /auth/session/passkey 200", harness.JSON(key.answer(t, options(), pending))))
	p.device.key.Counter = key.key.Counter
	a.Want(t, "GET /strong 200", in)
	a.Want(t, noPasskey, harness.Case("M15 presence alone is no passkey"), in)
}

// justNow is a route that wants a passkey, at most five minutes ago.
func justNow(t *testing.T, a *app) {
	p := a.withApp(t)
	p.device = newDevice()
	p.register(t, p.device)
	p.in = bearer(t, a.Want(t, appProof+"200", p.in, body("", p.code(t))))
	got := a.Want(t, noPasskey, p.in)
	got.WantChallenge(t, `Bearer error="insufficient_user_authentication", acr_values="passkey", max_age=300`)
	o := a.Want(t, "POST /auth/session/prove/passkey/options 200", p.in).Body
	p.in = bearer(t, a.Want(t, "POST /auth/session/prove/passkey 200", p.in, harness.JSON(p.device.get(t, o))))
	a.Want(t, "GET /passkey-now 200", p.in)
	a.Advance(5*time.Minute + time.Second)
	a.Want(t, noPasskey, p.in)
}

// forgotten are options that nobody answers: nothing is kept of them.
func forgotten(t *testing.T, p *person) {
	all := make([]string, 100)
	for i := range all {
		all[i] = p.keyOptions(t)
	}
	if n := len(p.rows(t, "")); n != 1 {
		t.Errorf("%d rows", n)
	}
	for _, i := range []int{99, 0, 50} {
		p.Want(t, keyLogin+"200", harness.JSON(p.device.get(t, all[i])))
	}
}

// gone are users whose passkeys log nobody in any more.
func gone(t *testing.T, p, eve *person) {
	p.EditStored(t, p.Account, harness.Inactive)
	p.Want(t, keyLogin+"400 LOGIN_BAD_CREDENTIALS", harness.Case("M42 of an inactive user"),
		harness.JSON(p.device.get(t, p.keyOptions(t))))
	p.EditStored(t, p.Account, func(u *harness.Account) { u.IsActive = true })
	p.Want(t, keyLogin+"200 (M42 the twin)", harness.JSON(p.device.get(t, p.keyOptions(t))))
	if err := p.Manager().Delete(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	p.Want(t, keyLogin+"400 PASSKEY_UNKNOWN", harness.Case("M42 of a deleted user"),
		harness.JSON(p.device.get(t, p.keyOptions(t))))
	p.Want(t, keyLogin+"200 (M42 the twin: another user)", harness.JSON(eve.device.get(t, p.keyOptions(t))))
	if rows, err := p.Stores.Credentials.List(t.Context(), core.MethodPasskey, p.ID); err != nil || len(rows) != 0 {
		t.Errorf("left are %d rows, %v", len(rows), err)
	}
}
