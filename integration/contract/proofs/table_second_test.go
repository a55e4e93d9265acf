package proofs_test

import (
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// proveSecond is the second proof, and returns the login, or nil.
func (v *visitor) proveSecond(t *testing.T) harness.Option {
	t.Helper()
	if v.form == "pages" {
		return v.secondByPages(t)
	}
	got := v.secondAt(t, v.backend, v.pending)
	if got.Status >= 300 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	return v.outcome(t, got)
}

// secondAt presents the second proof to a backend's routes. What a browser
// waits with is in its cookie.
func (v *visitor) secondAt(t *testing.T, backend, pending string) harness.Answer {
	t.Helper()
	held, named := harness.All(), pending
	if name := cookieName(backend); name != "" {
		held, named = harness.Header("Cookie", name+"-pending="+pending), ""
	}
	post := func(route string, body harness.Option) harness.Answer {
		return v.x.Send(t, "POST", "/auth/"+backend+route, held, body)
	}
	switch v.second {
	case core.MethodTOTP:
		return post("/totp", body(named, v.code(t)))
	case core.MethodRecovery:
		return post("/recovery", body(named, v.codes[0]))
	case core.MethodPasskey:
		o := post("/passkey/options", with("pending", named))
		if o.Status != http.StatusOK {
			return o
		}
		return post("/passkey", harness.JSON(v.device.answer(t, o.Body, named)))
	case core.MethodEmail:
		asked := post("/mail", with("pending", named))
		if asked.Status != http.StatusAccepted {
			return asked
		}
		return post("/mail/confirm", with("pending", named, "flow", asked.Member(t, "flow"), "code", v.mail(t, v.Email).Code))
	default:
		return post("/card", with("pending", named, "word", v.card[0]))
	}
}

// secondByPages is the second proof in pages, whose form of a third party's
// factor is made of its route alone.
func (v *visitor) secondByPages(t *testing.T) harness.Option {
	t.Helper()
	page := v.browser.Get("/login/factor").Want(http.StatusOK, "One more step")
	switch v.second {
	case core.MethodTOTP:
		page.Submit("totp", "code", v.code(t)).WantRedirect("/account")
	case core.MethodRecovery:
		page.Submit("recovery", "code", v.codes[0]).WantRedirect("/account")
	case core.MethodEmail:
		v.browser.Post("/login/factor", "method", "email", "send", "1").WantRedirect("/login/factor")
		page.Submit("email", "code", v.mail(t, v.Email).Code).WantRedirect("/account")
	default:
		page.Submit("card", "word", "a wrong one").Want(http.StatusBadRequest, "CARD_BAD_WORD")
		page.Submit("card", "word", v.card[0]).WantRedirect("/account")
	}
	return v.browserLogin()
}
