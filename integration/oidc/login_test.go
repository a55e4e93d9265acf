package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestFirstLoginByJWTMakesAUserAndTheSecondFindsIt(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		a := newApp(t, s)
		first := a.browser()
		token := first.login(byJWT, "", ada).expect(t, 200, `"token_type":"bearer"`).member("access_token")
		me := first.me(token).expect(t, 200, `"email":"`+adaEmail+`"`).expect(t, 200, `"is_verified":false`)
		again := a.browser()
		token = again.login(byJWT, "", ada).expect(t, 200, "access_token").member("access_token")
		again.me(token).expect(t, 200, me.member("id"))
		a.wantUsers(1)
	})
}

func TestFirstLoginByCookieMakesAUserAndTheSecondFindsIt(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		a := newApp(t, s)
		first, again, other := a.browser(), a.browser(), a.browser()
		first.login(byCookie, "", ada).expect(t, 204, "")
		me := first.me("").expect(t, 200, adaEmail)
		again.login(byCookie, "", ada).expect(t, 204, "")
		again.me("").expect(t, 200, me.member("id"))
		a.wantUsers(1)
		other.login(byCookie, "", bob).expect(t, 204, "")
		if you := other.me("").expect(t, 200, "@"); you.member("id") == me.member("id") {
			t.Error("two people are one user")
		}
		a.wantUsers(2)
	})
}

func TestRedirectModeEndsOnThePageWithACookie(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		b := newApp(t, s).browser()
		b.login(byCookie, "?redirect_to=/app", ada).expectPage(t, "/app")
		b.me("").expect(t, 200, adaEmail)
	})
}

func TestRedirectModeGivesACodeThatIsExchangedOnceForAToken(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		b := newApp(t, s).browser()
		page, err := url.Parse(b.login(byJWT, "?redirect_to=/app", ada).location)
		code := page.Query().Get("code")
		if err != nil || page.Path != "/app" || len(page.Query()) != 1 || code == "" {
			t.Fatalf("the browser is sent to %v", page)
		}
		b.me(code).expect(t, 401, "Unauthorized")
		exchange := func() answer { return b.sendJSON(http.MethodPost, "/auth/jwt/exchange", `{"code": "`+code+`"}`) }
		token := exchange().expect(t, 200, `"token_type":"bearer"`).member("access_token")
		b.me(token).expect(t, 200, adaEmail)
		exchange().expect(t, 400, core.CodeOAuthInvalidState)
	})
}

const password = "correct horse 17 battery"

// register creates a user with a password, who is then logged in by cookie.
func (b *browser) register(email string) (id string) {
	b.a.t.Helper()
	credentials := `{"email": "` + email + `", "password": "` + password + `"}`
	id = b.sendJSON(http.MethodPost, "/auth/register", credentials).expect(b.a.t, 201, email).member("id")
	b.sendJSON(http.MethodPost, "/auth/cookie/login", credentials).expect(b.a.t, 204, "")
	return id
}

func TestAssociationLinksAnAccountThatThenLogsIn(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		a := newApp(t, s)
		owner, other, later := a.browser(), a.browser(), a.browser()
		id := owner.register("owner@example.org")
		owner.login(association, "", ada).expect(t, 200, "owner@example.org")
		owner.get(a.server.URL+"/auth/accounts").expect(t, 200, `"oauth_name":"zitadel","account_email":"`+adaEmail+`"`)

		other.register("other@example.org")
		other.login(association, "", ada).expect(t, 400, core.CodeOAuthAlreadyLinked)
		other.login(association, "?redirect_to=/settings", ada).expectPage(t, "/settings?error="+core.CodeOAuthAlreadyLinked)
		later.login(byCookie, "", ada).expect(t, 204, "")
		later.me("").expect(t, 200, id)
		a.wantUsers(2)
	})
}

func TestUnlinkEndsTheLinkAndTheTokensAtTheProvider(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		a := newApp(t, s)
		b := a.browser()
		id := b.register("owner@example.org")
		b.login(association, "?redirect_to=/settings", ada).expectPage(t, "/settings")
		access, err := a.social.Token(t.Context(), id, "zitadel")
		if err != nil || !a.provider.accepts(t, access) {
			t.Fatalf("the provider's token does not work (%v)", err)
		}
		b.sendJSON(http.MethodDelete, association, "").expect(t, 204, "")
		b.get(a.server.URL+"/auth/accounts").expect(t, 200, "[]")
		a.close() // RFC 7009 runs outside the request
		if a.provider.accepts(t, access) {
			t.Error("the provider's token still works")
		}
	})
}

func TestUnlinkedAccountLogsInAsANewUserWhoCannotUnlinkIt(t *testing.T) {
	a := newApp(t, settings{})
	owner, later := a.browser(), a.browser()
	id := owner.register("owner@example.org")
	owner.login(association, "", ada).expect(t, 200, id)
	owner.sendJSON(http.MethodDelete, association, "").expect(t, 204, "")
	later.login(byCookie, "", ada).expect(t, 204, "")
	if me := later.me("").expect(t, 200, adaEmail); me.member("id") == id {
		t.Error("an account that was unlinked logs in as its old user")
	}
	later.sendJSON(http.MethodDelete, association, "").expect(t, 409, core.CodeOAuthLastLoginMethod)
}

// The provider sends no iss and announces none (RFC 9207); the browser adds it.
func TestIssOfAnotherIssuerIsRefused(t *testing.T) {
	a := newApp(t, settings{})
	for iss, want := range map[string]int{a.provider.issuer: 204, a.provider.issuer + "/": 400,
		"https://evil.example": 400, "": 400} {
		b := a.browser()
		callback := b.signIn(b.begin(byCookie, ""), ada)
		if strings.Contains(callback.RawQuery, "iss=") {
			t.Fatal("the provider sends iss by itself")
		}
		b.get(callback.String()+"&iss="+url.QueryEscape(iss)).expect(t, want, "")
	}
	a.wantUsers(1)
}
