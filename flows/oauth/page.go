package oauth

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// A browser that began with redirect_to is never left on an answer in JSON: it
// returns to its page with the code of whatever went wrong.

// atCallback is core.Route.Fail of a callback whose flows are mine.
func (e *engine) atCallback(
	mine func(record) bool,
) func(context.Context, *core.Request, *core.Response) *core.Response {
	return func(_ context.Context, r *core.Request, resp *core.Response) *core.Response {
		return e.sendBack(r, resp.Err, mine)
	}
}

// atBegin is core.Route.Fail of /authorize. These stay as they are: what a
// script reads; what the page's developer has done wrong; a refusal to begin
// what another site asks for, which must not lead the browser anywhere; a
// limit, for programs, which wait by its status.
func (e *engine) atBegin(_ context.Context, r *core.Request, resp *core.Response) *core.Response {
	target, _, err := e.redirect(r.Query)
	if err != nil || target == "" || resp.Status == http.StatusUnprocessableEntity ||
		resp.Err.Code == core.CodeCrossOriginRefused || fetches(r) {
		return nil
	}
	navigates := strings.Contains(core.Line(r, "Accept"), "text/html")
	if resp.Status == http.StatusTooManyRequests && !navigates {
		return nil
	}
	return toPage(target, resp.Err)
}

// toPage is a 303 to the page with the code of an error.
func toPage(target string, refusal *core.Error) *core.Response {
	resp := core.Empty(http.StatusSeeOther)
	for name, lines := range refusal.Header {
		resp.Header[name] = slices.Clone(lines)
	}
	code := cmp.Or(refusal.Code, http.StatusText(refusal.Status), core.CodeServiceUnavailable) // as in an answer in JSON
	back(resp, target, "error", code)
	return noReferrer(resp)
}

// sendBack is toPage for a callback that failed; nil where no page is known.
// The flow's cookie goes, unless the error may be about another request: one of
// another route, or a second one with the same state, while the first has put
// the exchange's cookie in its place.
func (e *engine) sendBack(r *core.Request, refusal *core.Error, mine func(record) bool) *core.Response {
	target, cookie := e.page(r, mine)
	if target == "" {
		return nil
	}
	resp := toPage(target, refusal)
	if cookie != "" && refusal.Code != core.CodeOAuthInvalidState {
		e.setCookie(resp, cookie, "", -1)
	}
	return resp
}

// page returns where the browser of a callback came from by redirect_to, and
// the name of the flow's cookie if it has that; "" if it did not. It logs
// nobody in, so it may believe what the server itself has sealed into a state,
// in whichever browser, used or expired. Without such a state it goes by the
// flow of the route that the browser began last.
func (e *engine) page(r *core.Request, mine func(record) bool) (target, cookie string) {
	for _, state := range states(r) {
		_, target, err := e.openState(state)
		if err != nil {
			continue
		}
		if rec, err := e.found(r, state); err == nil {
			return rec.RedirectTo, e.cookieName(state)
		}
		return target, ""
	}
	begun := e.begun(r)
	for _, name := range slices.Backward(begun[max(0, len(begun)-maxBegun):]) { // each costs a search of all cookies
		if rec, err := e.inCookie(r, name); err == nil && mine(rec) {
			return rec.RedirectTo, ""
		}
	}
	return "", ""
}

// states returns what may be the state of a callback. In a form that cannot be
// read it may be any word: a state of ours proves itself.
func states(r *core.Request) []string {
	all := slices.Clone(r.Query["state"])
	if r.Method() != http.MethodPost || r.Body == nil {
		return all
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, core.MaxBody)) // as far as it goes
	return append(all, strings.FieldsFunc(string(body), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})...)
}
