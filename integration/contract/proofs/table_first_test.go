package proofs_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// proveFirst is the first proof. It returns the login, or nil and sets what the
// login waits with.
func (v *visitor) proveFirst(t *testing.T) (harness.Option, harness.Answer) {
	t.Helper()
	if v.form == "pages" {
		return v.byPages(t)
	}
	var got harness.Answer
	switch v.first {
	case "password":
		got = v.x.Send(t, "POST", "/auth/"+v.backend+"/login", harness.LoginForm(v.Email, harness.Password))
	case "mail":
		flow, m := v.mailedLogin(t, v.backend, v.Email)
		got = v.x.Send(t, "POST", "/auth/"+v.backend+"/mail-login/confirm", with("flow", flow, "code", m.Code))
	case "passkey":
		o := v.x.Send(t, "POST", "/auth/"+v.backend+"/login/passkey/options")
		got = v.x.Send(t, "POST", "/auth/"+v.backend+"/login/passkey", harness.JSON(v.device.get(t, o.Body)))
	case "provider":
		got = v.byProvider(t)
	}
	return v.outcome(t, got), got
}

// outcome is the login of an answer of the API. Without one it keeps what the
// login waits with.
func (v *visitor) outcome(t *testing.T, got harness.Answer) harness.Option {
	t.Helper()
	v.last = got
	if name := cookieName(v.backend); name != "" {
		if session := cookieOf(t, got, name); session != "" {
			return harness.Header("Cookie", name+"="+session)
		}
		v.pending = cookieOf(t, got, name+"-pending")
		return nil
	}
	if held := cookieOf(t, got, harness.CookieName+"-pending"); held != "" {
		t.Errorf("a backend without cookies sets one: %v", got.Header)
	}
	if token, _ := got.Member(t, "access_token").(string); token != "" {
		return harness.Bearer(token)
	}
	detail, _ := got.Member(t, "detail").(harness.Object)
	v.pending, _ = detail["pending"].(string)
	return nil
}

// byProvider logs in at the local provider, with its answer to the API's
// callback or, in redirect mode, at the application's own page.
func (v *visitor) byProvider(t *testing.T) harness.Answer {
	t.Helper()
	route, query := "/auth/"+v.backend+"/local", ""
	if v.form == "redirect" {
		query = "?redirect_to=" + url.QueryEscape("/app")
	}
	visit := v.x.Authorize(t, route, query)
	at := visit.Header.Get("Location")
	if v.form != "redirect" {
		at = visit.Member(t, "authorization_url").(string)
	}
	got := v.x.Send(t, "GET", route+"/callback", harness.Query(v.allows(t, at)), visit.Browser)
	if v.form != "redirect" {
		return got
	}
	location, err := url.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != http.StatusSeeOther || location.Path != "/app" {
		t.Fatalf("the provider's answer: %d %v %s", got.Status, got.Header, got.Body)
	}
	code := location.Query().Get("code")
	if cookieName(v.backend) != "" { // which needs no code
		if code != "" {
			t.Errorf("the browser is sent to %s", location)
		}
		return got
	}
	flow := ""
	for _, line := range got.Header["Set-Cookie"] { // the flow's, for the exchange
		flow, _, _ = strings.Cut(line, ";")
	}
	return v.x.Send(t, "POST", "/auth/"+v.backend+"/exchange", harness.Header("Cookie", flow), with("code", code))
}

// allows is a person at the provider's page, who says yes. It returns the query
// with which the browser comes back.
func (v *visitor) allows(t *testing.T, at string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(url.Values{
		"decision": {"allow"}, "email": {v.Email}, "verified": {"on"}, "name": {"Someone"},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	back, err := url.Parse(got.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" || !strings.HasPrefix(back.String(), origin) {
		t.Fatalf("the provider: %d %v", got.StatusCode, got.Header)
	}
	return back.RawQuery
}

// byPages is the first proof in pages.
func (v *visitor) byPages(t *testing.T) (harness.Option, harness.Answer) {
	t.Helper()
	b := v.browser
	var got pagewalk.Page
	switch v.first {
	case "password":
		got = b.Get("/login").Submit("login", "username", v.Email, "password", harness.Password)
	case "mail":
		b.Get("/login/mail").Submit("mail", "email", v.Email).WantRedirect("/login/mail?sent=1")
		got = b.Get("/login/mail?sent=1").Submit("mail-code", "code", v.mail(t, v.Email).Code)
	case "provider":
		got = b.Get("/login/local")
		got = b.Get("/login/local/callback?" + v.allows(t, got.Header.Get("Location")))
	}
	v.pending = b.Cookie("-pending")
	return v.browserLogin(), harness.Answer{Status: got.Status, Header: got.Header, Body: got.Body}
}

// browserLogin is that of the browser, nil for none.
func (v *visitor) browserLogin() harness.Option {
	if session := v.browser.Cookie(harness.CookieName); session != "" {
		return harness.Credential("cookie", session)
	}
	return nil
}
