package harness

import (
	"net/http"
	"testing"
)

// TrustRoute is the line by which a browser of the backend cookie is trusted,
// up to the status.
const TrustRoute = "POST /auth/cookie/trusted-devices "

// Trust trusts the browser of a login of the backend cookie. It returns what
// the browser keeps, and the ID in the user's list.
func (a *App) Trust(t *testing.T, in Option) (browser Option, id string) {
	t.Helper()
	got := a.Want(t, TrustRoute+"201", in)
	c, err := http.ParseSetCookie(got.Header.Get("Set-Cookie"))
	if err != nil || c.Name != CookieName+"-trusted" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode {
		t.Fatalf("%v: %q", err, got.Header["Set-Cookie"])
	}
	id, _ = got.Member(t, "id").(string)
	return Header("Cookie", c.Name+"="+c.Value), id
}
