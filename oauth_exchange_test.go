package latchkey_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// exchange posts the code of a redirect; verifier is "" for none.
func (b *browser) exchange(code, verifier string) answer {
	b.a.t.Helper()
	body := `{"code": "` + code + `"}`
	if verifier != "" {
		body = `{"code": "` + code + `", "code_verifier": "` + verifier + `"}`
	}
	return b.send("POST", "/auth/web/exchange", "application/json", body)
}

// land goes to the provider and back to a page, and returns the page's code.
func (b *browser) land(query string) (code string) {
	b.a.t.Helper()
	state, _ := b.begin(web, "?redirect_to=/app"+query)
	return b.codeOf(b.finish(web, state, identity("id-1", "ada@example.org")))
}

func (b *browser) codeOf(got answer) string {
	b.a.t.Helper()
	at, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != 303 || at.Query().Get("code") == "" {
		b.a.t.Fatalf("the browser is sent to %d %v (%v)", got.status, at, err)
	}
	return at.Query().Get("code")
}

func (b *browser) cookies() (n int) {
	b.a.t.Helper()
	at, err := url.Parse(b.a.url)
	check(b.a.t, err, nil)
	return len(b.Jar.Cookies(at))
}

// The code of a redirect is valid for the browser, or the application, whose
// flow it ends, and for nobody else.
func TestO51CodesAreBound(t *testing.T) {
	a := newOAuthApp(t, nil)
	verifier := strings.Repeat("verifier-", 5)
	bound := "&code_challenge=" + challenge(core.Digest(verifier))
	t.Run("O51 to the browser, by the flow's cookie", func(t *testing.T) {
		b, other := a.browser(), a.browser()
		code := b.land("")
		other.land("")
		other.exchange(code, "").expect(t, 400, core.CodeOAuthInvalidState)
		a.browser().exchange(code, "").expect(t, 400, core.CodeOAuthInvalidState)
		b.exchange(code, verifier).expect(t, 400, core.CodeOAuthInvalidState) // RFC 9700, section 4.8.2
		if n := b.cookies(); n != 1 {
			t.Errorf("before the exchange the browser has %d cookies", n)
		}
		b.exchange(code, "").expect(t, 200, "token")
		if n := b.cookies(); n != 0 {
			t.Errorf("after the exchange the browser has %d cookies", n)
		}
		b.exchange(code, "").expect(t, 400, core.CodeOAuthInvalidState)
	})
	t.Run("O51 to the application, by its challenge", func(t *testing.T) {
		b, phone := a.browser(), a.browser()
		code := b.land(bound)
		if n := b.cookies(); n != 0 {
			t.Errorf("the browser keeps %d cookies of a flow that has a challenge", n)
		}
		phone.exchange(code, "").expect(t, 400, core.CodeOAuthInvalidState)
		phone.exchange(code, verifier+"x").expect(t, 400, core.CodeOAuthInvalidState)
		phone.exchange(code, challenge(core.Digest(verifier))).expect(t, 400, core.CodeOAuthInvalidState) // "plain"
		b.exchange(code, "").expect(t, 400, core.CodeOAuthInvalidState)
		phone.exchange(code, verifier).expect(t, 200, "token")
	})
	t.Run("O51 five tries", func(t *testing.T) {
		b, other := a.browser(), a.browser()
		late := b.land("")
		for range 5 {
			other.exchange(late, "").expect(t, 400, core.CodeOAuthInvalidState)
		}
		b.exchange(late, "").expect(t, 400, core.CodeOAuthInvalidState)
	})
	t.Run("O07 two tabs, whose pages exchange crosswise", func(t *testing.T) {
		b := a.browser()
		first, _ := b.begin(web, "?redirect_to=/app")
		second, _ := b.begin(web, "?redirect_to=/app")
		ada := identity("id-1", "ada@example.org")
		codes := []string{b.codeOf(b.finish(web, second, ada)), b.codeOf(b.finish(web, first, ada))}
		b.exchange(codes[1], "").expect(t, 200, "token")
		b.exchange(codes[0], "").expect(t, 200, "token")
	})
	t.Run("O02 a state is used up, although the cookie is still there", func(t *testing.T) {
		b := a.browser()
		state, _ := b.begin(web, "?redirect_to=/app")
		code := b.codeOf(b.finish(web, state, identity("id-1", "ada@example.org")))
		again := b.finish(web, state, identity("id-2", "eve@example.org")).expect(t, 303, "")
		if to := again.header.Get("Location"); to != "/app?error=OAUTH_INVALID_STATE" || again.header["Set-Cookie"] != nil {
			t.Errorf("the second time the browser is sent to %q, with %v", to, again.header)
		}
		b.exchange(code, "").expect(t, 200, "token")
	})
}

func TestO51Challenges(t *testing.T) {
	b := newOAuthApp(t, nil).browser()
	good := challenge(core.Digest("x"))
	for _, bad := range []string{
		"code_challenge=", "code_challenge=" + good[1:], "code_challenge=" + good + "A", "code_challenge=" + good + "%3D",
		"code_challenge=" + strings.Repeat("%2B", 43),
		"code_challenge=" + strings.Repeat("_", 43), // bits that are no part of 32 bytes
		"code_challenge=" + good + "&code_challenge=" + good, "code_challenge_method=plain&code_challenge=" + good,
		"code_challenge_method=s256&code_challenge=" + good, "code_challenge_method=&code_challenge=" + good,
		"code_challenge_method=plain",
	} {
		b.get(web+"/authorize?redirect_to=/app&"+bad).expect(t, 422, `["query","code_challenge`)
	}
	for _, fine := range []string{"code_challenge=" + good, "code_challenge_method=S256&code_challenge=" + good, ""} {
		if got := b.get(web + "/authorize?redirect_to=/app&" + fine); got.status != 303 {
			t.Errorf("%s: got %d %s", fine, got.status, got.body)
		}
	}
}
