package pages

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/flowcookie"
)

// trustedBy are the second factors after which a browser can be trusted.
var trustedBy = []string{core.MethodTOTP, core.MethodPasskey, core.MethodSecurityKey}

// trustRoute is the route that trusts a browser.
func (v *visit) trustRoute() string { return v.of("trusted", "create") }

// trustField is the name of the box that trusts the browser.
const trustField = "trust"

// canTrust reports whether the browser can be trusted after a second factor.
func (v *visit) canTrust(method string) bool {
	return slices.Contains(trustedBy, method) && v.has(v.trustRoute())
}

// offerTrust adds the box to the form of a second factor.
func (v *visit) offerTrust(f *Form) {
	if !v.canTrust(f.ID) {
		return
	}
	f.Inputs = append(f.Inputs, Input{
		Name: trustField, ID: f.ID + "-" + trustField, Type: "checkbox", Value: "on", Checked: v.trusts,
		Label: v.texts.say("factor.trust"), Help: v.texts.say("factor.trust.help"),
	})
}

// trusting ends a login as admitted does, and trusts the browser with it where
// the box is ticked. Where that is refused they are logged in all the same.
func (v *visit) trusting(ctx context.Context, method string, answer *core.Response) *core.Response {
	resp := v.admitted(ctx, answer)
	if !v.trusts || !v.canTrust(method) {
		return resp
	}
	trusted, err := v.ask(ctx, question{route: v.trustRoute(), after: answer})
	if err != nil || refusal(trusted) != nil {
		return v.tell(resp, "notice.not_trusted")
	}
	return carry(resp, trusted)
}

// trustPages are the routes of the button on the account page.
func (s *site) trustPages() []core.Route {
	return []core.Route{
		s.page("trusted_form", "GET /account/trusted", loggedIn, s.toTOTP),
		s.page("trusted", "POST /account/trusted", loggedIn, s.trust),
	}
}

// trust trusts the browser of somebody who is logged in.
func (s *site) trust(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: v.trustRoute()})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.at("/account")+"#factors"), "notice.trusted"), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account")+"#factors"), nil
	case is(e, http.StatusConflict):
		return v.accountPage(ctx, e.Status, &Form{Error: v.sentence(ctx, e)}, answer)
	}
	return v.refused(ctx, answer)
}

// cookies are those of a question: the browser's with what an earlier answer
// has set, which the browser does not have yet. Somebody who is logged in and
// logs in again does so because a recent proof is missing: then a browser that
// they trust spares them nothing.
func (v *visit) cookies(q question) []string {
	lines := v.r.Lines("Cookie")
	if v.now != nil && q.route != v.trustRoute() {
		lines = withCookie(lines, flowcookie.Of(v.svc.Backend, core.KindTrusted).Name, "")
	}
	if q.after == nil {
		return lines
	}
	for _, line := range q.after.Header["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			continue
		}
		if c.MaxAge < 0 {
			c.Value = ""
		}
		lines = withCookie(lines, c.Name, c.Value)
	}
	return lines
}

// withCookie returns Cookie lines with a value in place of any of that name; ""
// for none.
func withCookie(lines []string, name, value string) []string {
	var all []string
	for _, line := range lines {
		var pairs []string
		for pair := range strings.SplitSeq(line, ";") {
			if n, _, _ := strings.Cut(pair, "="); strings.Trim(n, " \t") != name {
				pairs = append(pairs, pair)
			}
		}
		if pairs != nil {
			all = append(all, strings.Join(pairs, ";"))
		}
	}
	if value != "" {
		all = append(all, name+"="+value)
	}
	return all
}
