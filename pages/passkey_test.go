package pages_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/internal/testclock"
)

// keys has the routes of flows/passkey, a module of its own, by their names. A
// browser is tried with that in integration/pages; this one believes everybody
// who says that they are Ada, and refuses what the test says.
type keys struct {
	refusal error
	seen    core.Object // the latest body
}

func (*keys) Name() string     { return "passkey" }
func (*keys) PerBackend() bool { return true }
func (*keys) Method() string   { return core.MethodPasskey }

func (*keys) Asks(_ context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	return u.(*pagewalk.Account).FullName == "Keys" && !core.Strong(done), nil
}
func (*keys) Enrols(context.Context, core.AnyUser) (bool, error) { return true, nil }

func (k *keys) Routes(svc *core.Services) ([]core.Route, error) {
	type credential struct {
		Pending    string         `json:"pending,omitempty"`
		Credential map[string]any `json:"credential"`
	}
	prove := func(context.Context, core.AnyUser) (core.Proof, error) {
		return core.Proof{Method: core.MethodPasskey, At: svc.Env.Now()}, k.refusal
	}
	answers := map[string]func(context.Context, *core.Request) (core.Admission, error){
		"first": func(ctx context.Context, r *core.Request) (core.Admission, error) {
			u, err := svc.Users.Find(ctx, core.ByEmail("ada@example.org"))
			if err != nil || k.refusal != nil {
				return core.Admission{}, k.refusal
			}
			proof, _ := prove(ctx, u)
			return svc.Gate.Admit(ctx, core.Attempt{User: u, Proof: proof, Request: r, Backend: svc.Backend.Name})
		},
		"login": func(ctx context.Context, r *core.Request) (core.Admission, error) {
			return svc.Gate.Continue(ctx, "", r, prove)
		},
		"enrol_confirm": func(ctx context.Context, r *core.Request) (core.Admission, error) {
			return svc.Gate.Continue(ctx, "", r, prove)
		},
		"prove": func(ctx context.Context, r *core.Request) (core.Admission, error) {
			return svc.Gate.Prove(ctx, r, prove)
		},
		"confirm": func(context.Context, *core.Request) (core.Admission, error) {
			return core.Admission{Answer: core.Empty(http.StatusCreated)}, k.refusal
		},
	}
	options := func(ctx context.Context, r *core.Request) (core.Admission, error) {
		if r.Path == "/login/factor/options" {
			if _, err := svc.Gate.Peek(ctx, "", r); err != nil {
				return core.Admission{}, err
			}
		}
		answer, err := core.JSON(http.StatusOK, map[string]any{"publicKey": map[string]any{}, "expires_in": 300})
		if k.refusal != nil {
			err = k.refusal
		}
		return core.Admission{Answer: answer}, err
	}
	for _, name := range []string{"first_options", "login_options", "prove_options", "begin", "enrol_begin"} {
		answers[name] = options
	}
	own := map[string][]core.Guard{
		"prove": {core.Via("web")}, "prove_options": {core.Via("web")},
		"begin": {svc.Security.Secure()}, "confirm": {svc.Security.Secure()},
	}
	var routes []core.Route
	for name, answer := range answers {
		routes = append(routes, core.Route{
			Name: "passkey:" + svc.Backend.Name + "." + name, Method: http.MethodPost, Pattern: "/keys/" + name,
			Public: own[name] == nil, Guards: own[name], Doc: core.Doc{Body: credential{}},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				in, err := core.ReadJSON(r)
				if err != nil {
					return nil, err
				}
				k.seen = in
				a, err := answer(ctx, r)
				return a.Answer, err
			},
		})
	}
	return routes, nil
}

// withKeys is an application with passkeys, and a browser at it.
func withKeys(t *testing.T, edit func(*pagewalk.Options)) (*pagewalk.App, *pagewalk.Browser, *keys) {
	t.Helper()
	k := &keys{}
	a := pagewalk.New(t, "", func(o *pagewalk.Options) {
		o.Flows = append(o.Flows, k)
		if edit != nil {
			edit(o)
		}
	})
	a.Add(t, "ada@example.org", nil)
	return a, pagewalk.NewBrowser(t, served(a), ""), k
}

const connects = "; connect-src 'self'"

// Only a page that asks for a passkey has the script, and a policy that lets it
// send requests.
func TestWhereTheScriptOfPasskeysIs(t *testing.T) {
	t.Parallel()
	_, b, _ := withKeys(t, nil)
	page := b.Get("/login?next=%2Faccount%3Fx").
		Want(200, `autocomplete="username webauthn"`, "data-autofill", "passkey.js",
			`action="/login/passkey?next=`, `data-options="/login/passkey/options"`, `hidden data-passkey="get"`,
			"<noscript><p class=\"lk-help\">Passkeys need JavaScript", "https://app.example.org instead", "!ZgotmplZ", "!data-unknown")
	if policy := page.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, connects) {
		t.Errorf("the policy is %s", policy)
	}
	exact := page.Header.Get("Content-Security-Policy")
	exact = strings.TrimSuffix(exact, connects)
	without := pagewalk.New(t, "", nil)
	other := pagewalk.NewBrowser(t, served(without), "")
	for path, b := range map[string]*pagewalk.Browser{"/forgot": b, "/register": b, "/login": other} {
		page := b.Get(path).Want(200, "!passkey", "!webauthn")
		if got := page.Header.Get("Content-Security-Policy"); got != exact {
			t.Errorf("%s: the policy is %s, want %s", path, got, exact)
		}
	}
	other.Post("/login/passkey", "credential", "{}").Want(404)
	other.Post("/login/passkey/options").WantJSON(404)
	other.Get("/account/passkeys").WantRedirect("/login?next=%2Faccount%2Fpasskeys")
	b.Get("/login/passkey?next=%2Faccount%3Fx").WantRedirect("/login?next=%2Faccount%3Fx")
}

func TestLoginByPasskey(t *testing.T) {
	t.Parallel()
	_, b, k := withKeys(t, nil)
	b.Post("/login/passkey/options").WantJSON(200, `"expires_in":300`, `"publicKey"`)
	login := func(credential string) pagewalk.Page {
		return b.Get("/login?next=%2Faccount%3Fx").Submit("passkey", "credential", credential)
	}
	for code, sentence := range map[string]string{
		core.CodePasskeyUnknown: "not known here any more", core.CodePasskeyBadChallenge: "That took too long",
		core.CodePasskeyRefused: "was not accepted",
	} {
		k.refusal = core.Refuse(code)
		page := login(`{"id": "a_-9", "type": "public-key"}`).Want(400, sentence, `id="login"`)
		if forgets := strings.Contains(page.Body, `data-unknown="a_-9"`); forgets != (code == core.CodePasskeyUnknown) {
			t.Errorf("%s: the browser is told to forget the passkey: %v", code, forgets)
		}
	}
	k.refusal = core.Refuse(core.CodePasskeyUnknown)
	for _, credential := range []string{
		`{"id": "\"><script>"}`, `{"id": "` + strings.Repeat("a", 2000) + `"}`, `{"id": 1}`, "x", "",
	} {
		login(credential).Want(400, "!data-unknown", "!<script>")
	}
	b.Language = "de"
	login("{}").Want(400, "Dieser Passkey ist hier nicht mehr bekannt", "Mit einem Passkey anmelden")
	k.refusal = &core.Error{Status: 429, Code: core.CodeRateLimited, Header: http.Header{"Retry-After": {"30"}}}
	limited := b.Post("/login/passkey/options").WantJSON(429, "30 Sekunden")
	if limited.Header.Get("Retry-After") != "30" {
		t.Error("nothing says when to ask again")
	}
	k.refusal = nil
	login(`{"id": "a", "n": 1.50}`).WantRedirect("/account?x")
	if got := string(k.seen["credential"]); got != `{"id":"a","n":1.50}` {
		t.Errorf("the API got %s", got)
	}
}

// The second factor, and the enrolment of one that is required.
func TestPasskeyInAPendingLogin(t *testing.T) {
	t.Parallel()
	a, b, k := withKeys(t, nil)
	a.Add(t, "kay@example.org", func(u *pagewalk.Account) { u.FullName = "Keys" })
	a.Add(t, pagewalk.Careful, nil)
	b.Post("/login/factor/options?method=passkey").WantJSON(400, `{"location":"/login"}`)
	b.Post("/login/factor/options?method=nobody").WantJSON(404, "nothing at this address")
	b.Post("/login", "username", "kay@example.org", "password", pagewalk.Password).WantRedirect("/login/factor")
	page := b.Get("/login/factor").Want(200, `data-options="/login/factor/options?method=passkey"`, ">Passkey</h2>")
	b.Post("/login/factor/options?method=passkey").WantJSON(200, "publicKey")
	k.refusal = core.Refuse(core.CodePasskeyUnknown)
	page.Submit("passkey", "credential", `{"id": "abc"}`).Want(400, "not known here any more", `data-unknown="abc"`)
	k.refusal = nil
	page.Submit("passkey", "credential", `{"id": "abc"}`).WantRedirect("/account")

	b.Post("/logout").WantRedirect("/login")
	b.Post("/login/enrol/passkey", "credential", "{}").WantRedirect("/login")
	b.Post("/login", "username", pagewalk.Careful, "password", pagewalk.Password).WantRedirect("/login/factor")
	b.Get("/login/enrol/passkey").WantRedirect("/login/factor")
	page = b.Get("/login/factor").
		Want(200, `data-passkey="create"`, `data-options="/login/enrol/passkey/options"`, `id="enrol"`)
	b.Post("/login/enrol/passkey/options").WantJSON(200, "publicKey")
	k.refusal = core.Refuse(core.CodePasskeyRefused)
	page.Submit("enrol-passkey", "credential", "{}", "label", "blue").Want(400, "was not accepted", `value="blue"`)
	k.refusal = nil
	page.Submit("enrol-passkey", "credential", "{}", "label", "blue").WantRedirect("/account")
	if string(k.seen["label"]) != `"blue"` {
		t.Errorf("the API got %s", k.seen["label"])
	}
}

// A passkey is added by a login that has proved itself just now.
func TestAddAPasskey(t *testing.T) {
	t.Parallel()
	clock := testclock.New(time.Now())
	_, b, k := withKeys(t, func(o *pagewalk.Options) { o.Now = clock.Now })
	b.Post("/account/passkeys/options").WantJSON(401, `{"location":"/login"}`)
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/account").Want(200, `href="/account/passkeys"`, "Passkeys and second step")
	page := b.Get("/account/passkeys").Want(200, "Add a passkey", `data-passkey="create"`, "!autofocus")
	b.Post("/account/passkeys/options").WantJSON(200, "publicKey")
	k.refusal = &core.Error{Status: 409, Code: core.CodeFactorExists}
	page.Submit("passkey", "credential", "{}", "label", "blue").
		Want(409, "This device has a passkey for your account already.", `value="blue"`, "!an app")
	k.refusal = nil
	page.Submit("passkey", "credential", "{}", "label", "blue").WantRedirect("/account#factors")
	b.Get("/account").Want(200, "The passkey is added")

	clock.Advance(11 * time.Minute)
	const prove = "/prove?next=%2Faccount%2Fpasskeys"
	b.Get("/account/passkeys").WantRedirect(prove)
	b.Post("/account/passkeys/options").WantJSON(403, `{"location":"/prove?next=%2Faccount%2Fpasskeys\u0026repeat=1"}`)
	page.Submit("passkey", "credential", "{}").WantRedirect(prove + "&repeat=1")
	b.Get(prove + "&methods=passkey").WantRedirect("/login?again=1&next=%2Faccount%2Fpasskeys") // there is none
	b.Post("/prove/options?method=passkey").WantJSON(200, "publicKey")
	b.Get(prove).Submit("password", "password", pagewalk.Password).WantRedirect("/account/passkeys")
	b.Get("/account/passkeys").Want(200, "Add a passkey")
}
