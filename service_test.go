package latchkey_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// newService makes a service account, and the Authorization line of its key.
func (a *keyed) newService() (robot *Member, line string) {
	a.t.Helper()
	robot = &Member{Nick: "nightly", Credits: 7}
	if err := a.Manager().CreateService(a.t.Context(), robot); err != nil {
		a.t.Fatal(err)
	}
	token, _, err := a.Manager().MakeAPIKey(a.t.Context(), robot.ID,
		apikey.Wanted{Name: "export", Scopes: []string{"orders:read"}})
	if err != nil {
		a.t.Fatal(err)
	}
	return robot, "Bearer " + token
}

func TestAServiceAccount(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, nil)
	robot, key := a.newService()
	got, err := a.Manager().Find(t.Context(), robot.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Email+got.EmailKey+string(got.HashedPassword) != "" || !got.IsActive || !got.IsVerified || got.IsSuperuser ||
		got.Nick != "nightly" || got.Credits != 7 {
		t.Errorf("it is stored as %+v", *got)
	}
	a.ask("GET", "/orders", key, "", 200, "")
	a.ask("POST", "/orders", key, "", 403, core.CodeInsufficientScope)
	another, second := a.newService() // no address is not an address that is taken
	if another.ID == robot.ID {
		t.Error("two service accounts are one")
	}
	no := false
	if _, err := a.Manager().Update(t.Context(), robot.ID, latchkey.Changes[Member]{IsActive: &no}); err != nil {
		t.Fatal(err)
	}
	a.ask("GET", "/orders", key, "", 401, "")
	a.ask("GET", "/orders", second, "", 200, "")
	if err := a.Manager().Delete(t.Context(), another.ID); err != nil {
		t.Fatal(err)
	}
	a.ask("GET", "/orders", second, "", 401, "")
	if err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(a.mails.mails) > 0 {
		t.Errorf("mails were sent: %+v", a.mails.mails)
	}
}

// What somebody could log in to is no service account, whoever has made it so.
func TestAServiceAccountWithAWayIn(t *testing.T) {
	t.Parallel()
	meddle := func(*Member) {}
	a := newKeyed(t, func(o *latchkey.Options[Member], _ *apikey.Options) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Member]) error {
			meddle(e.User)
			return nil
		}
	})
	for field, spoil := range map[string]func(*Member){
		"email":    func(u *Member) { u.Email = "robot@example.org" },
		"password": func(u *Member) { u.HashedPassword = "x" },
	} {
		u := &Member{}
		spoil(u)
		if err := a.Manager().CreateService(t.Context(), u); err == nil || !strings.Contains(errorText(t, err), field) {
			t.Errorf("with %s: %v", field, err)
		}
		meddle = spoil
		err := a.Manager().CreateService(t.Context(), &Member{})
		if err == nil || !strings.Contains(errorText(t, err), field) {
			t.Errorf("with %s of a hook: %v", field, err)
		}
		meddle = func(*Member) {}
	}
	meddle = func(u *Member) { u.Nick = "of a hook" } // the twin
	u := &Member{}
	if err := a.Manager().CreateService(t.Context(), u); err != nil || u.Nick != "of a hook" {
		t.Errorf("%+v, %v", u, err)
	}
	without := newApp(t, nil)
	if err := without.Manager().CreateService(t.Context(), &Member{}); err == nil {
		t.Error("without API keys there is a service account that nothing can use")
	}
}

// errorText is a 422 as clients read it.
func errorText(t *testing.T, err error) string {
	t.Helper()
	e, ok := err.(*core.Error)
	if !ok || e.Status != 422 {
		t.Fatalf("got %v, want a 422", err)
	}
	text, err := json.Marshal(e.Problems)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// K12: nobody logs in to a service account, by any way in that there is, and
// its key makes no session.
func TestAttackK12(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, nil)
	robot, key := a.newService()
	a.knock(robot, key)

	// An operator has set passwords, and there is still nothing to log in
	// by.
	if err := a.Manager().ForceReset(t.Context(), robot.ID); err != nil {
		t.Fatal(err)
	}
	chosen := password
	if _, err := a.Manager().Update(t.Context(), robot.ID, latchkey.Changes[Member]{Password: &chosen}); err != nil {
		t.Fatal(err)
	}
	a.knock(robot, key)
	link, _, err := a.Manager().ResetLink(t.Context(), robot.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	if _, err := a.Manager().ResetPassword(t.Context(), token, password); err != nil {
		t.Fatal(err)
	}
	a.clock.Advance(time.Second) // the reset has ended its keys
	a.knock(robot, "Bearer "+a.another(robot))
	a.logIn("ada@example.org") // the twin
}

func (a *keyed) another(robot *Member) string {
	a.t.Helper()
	token, _, err := a.Manager().MakeAPIKey(a.t.Context(), robot.ID,
		apikey.Wanted{Name: "x", Scopes: []string{"orders:read"}})
	if err != nil {
		a.t.Fatal(err)
	}
	return token
}

// knock tries every way in, and the key on every route that is not public.
func (a *keyed) knock(robot *Member, key string) {
	a.t.Helper()
	ctx := a.t.Context()
	for _, who := range []string{
		"", " ", robot.ID, strings.ToUpper(robot.ID), robot.Nick, "null", "@", robot.ID + "@", "\u0000", strings.TrimPrefix(key, "Bearer "),
	} {
		typed, err := json.Marshal(who)
		if err != nil {
			a.t.Fatal(err)
		}
		if u, err := a.Manager().Authenticate(ctx, who, password); err == nil {
			a.t.Errorf("K12 %q: Authenticate found %+v", who, u)
		}
		for _, route := range []string{"login", "mail-login", "forgot-password", "request-verify-token"} {
			path := "/auth/api/" + route
			if route == "forgot-password" || route == "request-verify-token" {
				path = "/auth/" + route
			}
			r := httptest.NewRequest("POST", path,
				strings.NewReader(`{"username": `+string(typed)+`, "email": `+string(typed)+`, "password": "`+password+`"}`))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			if a.mux.ServeHTTP(w, r); w.Code == 200 || w.Code == 404 || w.Code >= 500 {
				a.t.Errorf("K12 %s %q: %d %s", path, who, w.Code, w.Body)
			}
		}
	}
	a.fromAcme(`{"Subject": "7", "Email": "", "EmailVerified": true}`)
	a.fromAcme(`{"Subject": "` + robot.ID + `", "Email": "` + robot.ID + `", "EmailVerified": true}`)
	for name, group := range latchkey.AllGroups(a.Auth) {
		for _, route := range group {
			if route.Public {
				continue
			}
			if w := send(httpauth.Handler(route), route.Method, key); w.Code < 400 {
				a.t.Errorf("K12 %s %s with the key: %d", name, route.Name, w.Code)
			}
		}
	}
	if err := a.Wait(ctx); err != nil {
		a.t.Fatal(err)
	}
	for _, m := range a.mails.mails {
		if m.To != "ada@example.org" {
			a.t.Errorf("K12: a mail to %q", m.To)
		}
	}
	living, err := a.Manager().Sessions(ctx, robot.ID)
	if err != nil || len(living) > 0 {
		a.t.Errorf("K12: it is logged in: %+v, %v", living, err)
	}
	a.ask("GET", "/orders", key, "", 200, "") // the twin
}

// fromAcme comes from the provider with an identity, which must not be that of
// a service account.
func (a *keyed) fromAcme(identity string) {
	a.t.Helper()
	w := a.ask("GET", "/auth/api/acme/authorize", "", "", 200, "authorization_url")
	var begun struct {
		URL string `json:"authorization_url"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &begun); err != nil {
		a.t.Fatal(err)
	}
	to, err := url.Parse(begun.URL)
	if err != nil {
		a.t.Fatal(err)
	}
	q := url.Values{"state": {to.Query().Get("state")}, "code": {identity}}
	r := httptest.NewRequest("GET", "/auth/api/acme/callback?"+q.Encode(), nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	back := httptest.NewRecorder()
	if a.mux.ServeHTTP(back, r); back.Code != 400 {
		a.t.Errorf("K12 from the provider with %s: %d %s", identity, back.Code, back.Body)
	}
}
