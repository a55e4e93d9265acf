package main

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/examples/internal/exampletest"
)

const ada, grace = "ada@example.org", "grace@example.org"

func TestLoginAtTheLocalProvider(t *testing.T) {
	p := start(t, t.TempDir())
	home := p.URL + "/"
	cookieLogin := p.URL + "/auth/cookie/local/authorize?redirect_to=/"

	t.Run("by cookie, from link to link", func(t *testing.T) {
		b := exampletest.NewBrowser(t)
		b.Open(home).Expect(t, 200, "/", `href="/auth/cookie/local/authorize?redirect_to=/"`)
		form := b.Open(cookieLogin).Expect(t, 200, "/authorize", p.URL)
		b.Answer(form, "allow", ada).Expect(t, 200, "/", "You are <b>Ada Lovelace</b> (ada@example.org, verified)")
		b.Send("POST", p.URL+"/auth/cookie/logout", "").Expect(t, 204, "/auth/cookie/logout", "")
		b.Open(home).Expect(t, 200, "/", "Nobody is signed in")
	})
	t.Run("by JWT, in JSON", func(t *testing.T) {
		b := exampletest.NewBrowser(t)
		begun := b.Open(p.URL+"/auth/jwt/local/authorize").Expect(t, 200, "/auth/jwt/local/authorize", "authorization_url")
		token := b.Answer(b.Open(begun.Member("authorization_url")), "allow", ada).Member("access_token")
		p.send("GET", "/authenticated-route", token, "", "", 200)
	})
	t.Run("by JWT, with a redirect and a code", func(t *testing.T) {
		b := exampletest.NewBrowser(t)
		landed := b.Answer(b.Open(p.URL+"/auth/jwt/local/authorize?redirect_to=/"), "allow", ada)
		code := `{"code": "` + landed.URL.Query().Get("code") + `"}`
		p.json("POST", "/auth/jwt/exchange", "", code, 400) // another client
		token := b.Send("POST", p.URL+"/auth/jwt/exchange", code).Expect(t, 200, "/auth/jwt/exchange",
			"bearer").Member("access_token")
		p.send("GET", "/authenticated-route", token, "", "", 200)
		b.Send("POST", p.URL+"/auth/jwt/exchange", code).Expect(t, 400, "/auth/jwt/exchange", "OAUTH_INVALID_STATE")
	})
	t.Run("by another name of the machine", func(t *testing.T) {
		b := exampletest.NewBrowser(t)
		elsewhere := strings.Replace(cookieLogin, "localhost", "127.0.0.1", 1)
		b.Answer(b.Open(elsewhere), "allow", ada).Expect(t, 200, "/", "You are")
	})
	t.Run("not after all", func(t *testing.T) {
		b := exampletest.NewBrowser(t)
		b.Answer(b.Open(cookieLogin), "deny", ada).Expect(t, 200, "/", "That did not work: access_denied")
	})
	t.Run("it may go, as a mail logs in too", func(t *testing.T) {
		b := exampletest.NewBrowser(t)
		b.Answer(b.Open(cookieLogin), "allow", ada)
		b.Send("DELETE", p.URL+"/auth/associate/local", "").Expect(t, 204, "/auth/associate/local", "")
	})
	p.Stop()
}

func TestAnAccountAtTheLocalProviderIsLinked(t *testing.T) {
	p := start(t, t.TempDir())
	p.json("POST", "/auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`, 201)
	b := exampletest.NewBrowser(t)
	b.Answer(b.Open(p.URL+"/auth/cookie/local/authorize?redirect_to=/"), "allow", ada).Expect(t, 200, "/",
		"has an account here already")

	b.Send("POST", p.URL+"/auth/cookie/login", `{"email": "ada@example.org", "password": "analytical engine"}`).Expect(t,
		204, "/auth/cookie/login", "")
	b.Open(p.URL+"/").Expect(t, 200, "/", `href="/auth/associate/local/authorize?redirect_to=/"`)
	b.Answer(b.Open(p.URL+"/auth/associate/local/authorize?redirect_to=/"), "allow", grace).Expect(t, 200, "/", "You are")
	b.Open(p.URL+"/auth/accounts").Expect(t, 200, "/auth/accounts", `"account_email":"grace@example.org"`)

	other := exampletest.NewBrowser(t)
	other.Answer(other.Open(p.URL+"/auth/cookie/local/authorize?redirect_to=/"), "allow", grace).Expect(t, 200, "/",
		"ada@example.org")

	b.SendFromElsewhere("DELETE", p.URL+"/auth/associate/local", "").Expect(t, 403, "/auth/associate/local",
		"CROSS_ORIGIN_REFUSED")
	b.Send("DELETE", p.URL+"/auth/associate/local", "").Expect(t, 204, "/auth/associate/local", "")
	b.Open(p.URL+"/auth/accounts").Expect(t, 200, "/auth/accounts", "[]")
	p.Stop()
}

func TestTheLocalProviderIsOffWhereOthersMightReachIt(t *testing.T) {
	p := start(t, t.TempDir(), "BASE_URL=https://app.example.com")
	exampletest.NewBrowser(t).Open(p.URL+"/").Expect(t, 200, "/", "The local provider is off")
	p.send("GET", "/auth/cookie/local/authorize", "", "", "", 404)
	if printed := p.Stop(); !strings.Contains(printed, "local provider is off") {
		t.Errorf("it does not say so: %s", printed)
	}
}
