package attacks_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// landing is a browser on the page to which a flow has sent it with a code.
type landing struct {
	code   string
	cookie *http.Cookie // of the flow; nil where the callback sets none
	harness.Answer
}

// land goes through a flow of the JWT backend that ends on a page.
func land(t *testing.T, a *harness.App, query string) landing {
	t.Helper()
	who := harness.Identity("id-1", "ada@example.org")
	got := a.Want(t, "GET /auth/jwt/acme/callback <500",
		a.Authorize(t, harness.AcmeByJWT, "?redirect_to=/app"+query).As(who))
	at, err := url.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != 303 || at.Path != "/app" || at.Query().Get("code") == "" {
		t.Fatalf("got %d to %v (%v)", got.Status, at, err)
	}
	if n := len(got.Header["Set-Cookie"]); n != 1 { // kept, or dropped: RFC 6265, section 4.1.1
		t.Fatalf("the callback sets %d cookies", n)
	}
	l := landing{code: at.Query().Get("code"), Answer: got}
	for _, line := range got.Header["Set-Cookie"] {
		if c, err := http.ParseSetCookie(line); err == nil && c.MaxAge > 0 {
			l.cookie = c
		}
	}
	return l
}

// browser is the landing's cookie.
func (l landing) browser() harness.Option {
	return harness.Header("Cookie", l.cookie.Name+"="+l.cookie.Value)
}

// traded is the body of an exchange of the landing's code.
func (l landing) traded(verifier ...string) harness.Option {
	body := harness.Object{"code": l.code}
	for _, v := range verifier {
		body["code_verifier"] = v
	}
	return harness.JSONObject(body)
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
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		mine, other := land(t, a, ""), land(t, a, "")
		c := mine.cookie
		if c == nil || !strings.HasPrefix(c.Name, "__Host-latchkey-oauth-") || !c.Secure || !c.HttpOnly || c.Path != "/" ||
			c.SameSite != http.SameSiteLaxMode || c.MaxAge != 60 || strings.Contains(c.Value, mine.code) {
			t.Fatalf("the flow's cookie is %+v", c)
		}
		a.Want(t, notExchanged, harness.Case("O51 another browser"), mine.traded())
		a.Want(t, notExchanged, harness.Case("O51 a browser with a flow of its own"), mine.traded(), other.browser())
		a.Want(t, notExchanged, harness.Case("O51 the cookie of another flow under this one's name"), mine.traded(),
			harness.Header("Cookie", c.Name+"="+other.cookie.Value))
		a.Want(t, notExchanged, harness.Case("O51 another code of a cookie"), other.traded(), mine.browser())
		for name, forged := range map[string]harness.Option{
			"O51 a changed cookie": harness.Header("Cookie", c.Name+"="+c.Value[:len(c.Value)-1]),
			"O51 two cookies":      harness.Header("Cookie", c.Name+"="+c.Value+"; "+c.Name+"="+c.Value),
		} {
			later := land(t, a, "")
			a.Want(t, notExchanged, harness.Case(name), later.traded(), forged)
			a.Want(t, exchanged+" (twin)", later.traded(), later.browser())
		}
		a.Want(t, notExchanged, harness.Case("O51 a verifier of no challenge"), mine.traded(verifier), mine.browser())
		gone := a.Want(t, exchanged+" (twin)", mine.traded(), mine.browser()).Header.Get("Set-Cookie")
		if !strings.HasPrefix(gone, c.Name+"=;") || !strings.Contains(gone, "Max-Age=0") {
			t.Errorf("after the exchange the cookie is %q", gone)
		}
		a.Want(t, notExchanged, harness.Case("O51 once"), mine.traded(), mine.browser())
		a.Want(t, exchanged+" (twin, which was tried twice by others)", other.traded(), other.browser())
	})
}

func TestAttackO51ForeignApplications(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		query := "&code_challenge=" + challengeOf(verifier)
		mine := land(t, a, query)
		if mine.cookie != nil {
			t.Errorf("a flow with a challenge keeps the cookie %v", mine.cookie)
		}
		a.Want(t, notExchanged, harness.Case("O51 an application without the verifier"), mine.traded())
		a.Want(t, notExchanged, harness.Case("O51 an application with another verifier"),
			mine.traded(strings.ToLower(verifier)))
		a.Want(t, notExchanged, harness.Case("O51 the challenge as the verifier"), mine.traded(challengeOf(verifier)))
		a.Want(t, "POST /auth/jwt/exchange 422 body.code_verifier string_type",
			harness.Case("O51 a verifier that is no text"),
			harness.JSONObject(harness.Object{"code": mine.code, "code_verifier": 1}))
		a.Want(t, exchanged+" (twin)", mine.traded(verifier))
		a.Want(t, notExchanged, harness.Case("O51 once, with a verifier"), mine.traded(verifier))
		a.Want(t, exchanged+" (twin, the method by name)", land(t, a, query+"&code_challenge_method=S256").traded(verifier))
		begin := "GET " + harness.AcmeByJWT + "/authorize?redirect_to=/app" + query
		a.Want(t, begin[:len(begin)-1]+" 422 query.code_challenge value_error", harness.Case("O51 a short challenge"))
		a.Want(t, begin+"&code_challenge_method=plain 422 query.code_challenge_method value_error",
			harness.Case("O51 the method plain"))
	})
}

func TestAttackO51Tries(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		for wrong, line := range map[int]string{4: exchanged, 5: notExchanged} {
			l := land(t, a, "")
			for range wrong {
				a.Want(t, notExchanged, l.traded())
			}
			a.Want(t, line, harness.Case(fmt.Sprintf("O51 the owner after %d tries of others", wrong)), l.traded(), l.browser())
		}
		elsewhere := land(t, a, "")
		a.Want(t, "POST /auth/session/exchange 400 OAUTH_INVALID_STATE", harness.Case("O51 at another backend"),
			elsewhere.traded(), elsewhere.browser())
		a.Want(t, exchanged+" (twin, its own backend)", elsewhere.traded(), elsewhere.browser())
		late, inTime := land(t, a, ""), land(t, a, "")
		a.Advance(time.Minute - time.Second)
		a.Want(t, exchanged+" (twin, in time)", inTime.traded(), inTime.browser())
		a.Advance(time.Second)
		a.Want(t, notExchanged, harness.Case("O51 after a minute"), late.traded(), late.browser())
		t.Run("O51 64 exchanges at once", func(t *testing.T) {
			l := land(t, a, "")
			counts := map[string]int{}
			both := func(r *http.Request) { l.browser()(r); l.traded()(r) }
			for got := range a.SendAtOnce(t, 64, "POST", "/auth/jwt/exchange", func(int) harness.Option { return both }) {
				counts[fmt.Sprint(got.Status, " ", got.Words())]++
			}
			if counts["200 "] != 1 || counts["400 OAUTH_INVALID_STATE"] != 63 {
				t.Errorf("got %v", counts)
			}
		})
		t.Run("O07 two tabs, crosswise to their codes", func(t *testing.T) {
			one, two := land(t, a, ""), land(t, a, "")
			a.Want(t, exchanged, two.traded(), one.browser(), two.browser())
			a.Want(t, exchanged, one.traded(), one.browser(), two.browser())
		})
		l := land(t, a, "")
		a.Break("tickets")
		a.Want(t, "POST /auth/jwt/exchange 503 SERVICE_UNAVAILABLE", harness.Case("F01 tickets cannot be asked"), l.traded(),
			l.browser())
		a.Mend()
		a.Want(t, exchanged+" (twin)", l.traded(), l.browser())
	})
}
