package contract_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// landing is a browser on the page to which a flow has sent it with a code.
type landing struct {
	code   string
	cookie *http.Cookie // of the flow; nil where the callback sets none
	answer
}

// land goes through a flow of the JWT backend that ends on a page.
func (a *app) land(t *testing.T, query string) landing {
	t.Helper()
	who := someone("id-1", "ada@example.org")
	got := a.back(t, a.authorize(t, byJWT, "?redirect_to=/app"+query), who)
	at, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != 303 || at.Path != "/app" || at.Query().Get("code") == "" {
		t.Fatalf("got %d to %v (%v)", got.status, at, err)
	}
	if n := len(got.header["Set-Cookie"]); n != 1 { // kept, or dropped: RFC 6265, section 4.1.1
		t.Fatalf("the callback sets %d cookies", n)
	}
	l := landing{code: at.Query().Get("code"), answer: got}
	for _, line := range got.header["Set-Cookie"] {
		if c, err := http.ParseSetCookie(line); err == nil && c.MaxAge > 0 {
			l.cookie = c
		}
	}
	return l
}

// browser is the landing's cookie.
func (l landing) browser() option { return header("Cookie", l.cookie.Name+"="+l.cookie.Value) }

// traded is the body of an exchange of the landing's code.
func (l landing) traded(verifier ...string) option {
	body := object{"code": l.code}
	for _, v := range verifier {
		body["code_verifier"] = v
	}
	return members(body)
}

// challengeOf is PKCE's S256 (RFC 7636, section 4.2).
func challengeOf(verifier string) string {
	digest := core.Digest(verifier)
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

const (
	exchanged    = "POST /auth/jwt/exchange 200"
	notExchanged = "POST /auth/jwt/exchange 400 OAUTH_INVALID_STATE"
	verifier     = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
)

func TestAttackO51ForeignBrowsers(t *testing.T) {
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		mine, other := a.land(t, ""), a.land(t, "")
		c := mine.cookie
		if c == nil || !strings.HasPrefix(c.Name, "__Host-latchkey-oauth-") || !c.Secure || !c.HttpOnly || c.Path != "/" ||
			c.SameSite != http.SameSiteLaxMode || c.MaxAge != 60 || strings.Contains(c.Value, mine.code) {
			t.Fatalf("the flow's cookie is %+v", c)
		}
		a.attack(t, "O51 another browser", notExchanged, mine.traded())
		a.attack(t, "O51 a browser with a flow of its own", notExchanged, mine.traded(), other.browser())
		a.attack(t, "O51 the cookie of another flow under this one's name", notExchanged, mine.traded(),
			header("Cookie", c.Name+"="+other.cookie.Value))
		a.attack(t, "O51 another code of a cookie", notExchanged, other.traded(), mine.browser())
		for name, forged := range map[string]option{
			"O51 a changed cookie": header("Cookie", c.Name+"="+c.Value[:len(c.Value)-1]),
			"O51 two cookies":      header("Cookie", c.Name+"="+c.Value+"; "+c.Name+"="+c.Value),
		} {
			later := a.land(t, "")
			a.attack(t, name, notExchanged, later.traded(), forged)
			a.want(t, exchanged+" (twin)", later.traded(), later.browser())
		}
		a.attack(t, "O51 a verifier of no challenge", notExchanged, mine.traded(verifier), mine.browser())
		gone := a.want(t, exchanged+" (twin)", mine.traded(), mine.browser()).header.Get("Set-Cookie")
		if !strings.HasPrefix(gone, c.Name+"=;") || !strings.Contains(gone, "Max-Age=0") {
			t.Errorf("after the exchange the cookie is %q", gone)
		}
		a.attack(t, "O51 once", notExchanged, mine.traded(), mine.browser())
		a.want(t, exchanged+" (twin, which was tried twice by others)", other.traded(), other.browser())
	})
}

func TestAttackO51ForeignApplications(t *testing.T) {
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		query := "&code_challenge=" + challengeOf(verifier)
		mine := a.land(t, query)
		if mine.cookie != nil {
			t.Errorf("a flow with a challenge keeps the cookie %v", mine.cookie)
		}
		a.attack(t, "O51 an application without the verifier", notExchanged, mine.traded())
		a.attack(t, "O51 an application with another verifier", notExchanged, mine.traded(strings.ToLower(verifier)))
		a.attack(t, "O51 the challenge as the verifier", notExchanged, mine.traded(challengeOf(verifier)))
		a.attack(t, "O51 a verifier that is no text", "POST /auth/jwt/exchange 422 body.code_verifier string_type",
			members(object{"code": mine.code, "code_verifier": 1}))
		a.want(t, exchanged+" (twin)", mine.traded(verifier))
		a.attack(t, "O51 once, with a verifier", notExchanged, mine.traded(verifier))
		a.want(t, exchanged+" (twin, the method by name)", a.land(t, query+"&code_challenge_method=S256").traded(verifier))
		begin := "GET " + byJWT + "/authorize?redirect_to=/app" + query
		a.attack(t, "O51 a short challenge", begin[:len(begin)-1]+" 422 query.code_challenge value_error")
		a.attack(t, "O51 the method plain", begin+"&code_challenge_method=plain 422 query.code_challenge_method value_error")
	})
}

func TestAttackO51Tries(t *testing.T) {
	onEveryStore(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		for wrong, line := range map[int]string{4: exchanged, 5: notExchanged} {
			l := a.land(t, "")
			for range wrong {
				a.want(t, notExchanged, l.traded())
			}
			a.attack(t, fmt.Sprintf("O51 the owner after %d tries of others", wrong), line, l.traded(), l.browser())
		}
		elsewhere := a.land(t, "")
		a.attack(t, "O51 at another backend", "POST /auth/session/exchange 400 OAUTH_INVALID_STATE",
			elsewhere.traded(), elsewhere.browser())
		a.want(t, exchanged+" (twin, its own backend)", elsewhere.traded(), elsewhere.browser())
		late, inTime := a.land(t, ""), a.land(t, "")
		a.pass(time.Minute - time.Second)
		a.want(t, exchanged+" (twin, in time)", inTime.traded(), inTime.browser())
		a.pass(time.Second)
		a.attack(t, "O51 after a minute", notExchanged, late.traded(), late.browser())
		t.Run("O51 64 exchanges at once", func(t *testing.T) {
			l := a.land(t, "")
			counts := map[string]int{}
			both := func(r *http.Request) { l.browser()(r); l.traded()(r) }
			for got := range a.atOnce(t, 64, "POST", "/auth/jwt/exchange", func(int) option { return both }) {
				counts[fmt.Sprint(got.status, " ", got.says())]++
			}
			if counts["200 "] != 1 || counts["400 OAUTH_INVALID_STATE"] != 63 {
				t.Errorf("got %v", counts)
			}
		})
		t.Run("O07 two tabs, crosswise to their codes", func(t *testing.T) {
			one, two := a.land(t, ""), a.land(t, "")
			a.want(t, exchanged, two.traded(), one.browser(), two.browser())
			a.want(t, exchanged, one.traded(), one.browser(), two.browser())
		})
		l := a.land(t, "")
		a.begin("tickets")
		a.attack(t, "F01 tickets cannot be asked", "POST /auth/jwt/exchange 503 SERVICE_UNAVAILABLE", l.traded(), l.browser())
		a.end()
		a.want(t, exchanged+" (twin)", l.traded(), l.browser())
	})
}
