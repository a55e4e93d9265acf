package pages

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// fail turns the answer to an error into a page. Who is not logged in is sent
// to log in, and comes back where that was a GET: a form is not posted again.
func (v *visit) fail(ctx context.Context, resp *core.Response) *core.Response {
	if to := v.elsewhere(resp); to != nil {
		return to
	}
	page, err := v.failed(ctx, resp.Err)
	if err != nil {
		v.svc.Env.Log.ErrorContext(ctx, "latchkey: the page of an error failed too", "err", err)
		return nil
	}
	return page
}

// elsewhere is the redirect to where an error is mended, nil for one that has a
// page.
func (v *visit) elsewhere(resp *core.Response) *core.Response {
	safe := core.IsSafeMethod(v.r.Method())
	switch e := resp.Err; {
	case resp.Status == http.StatusUnauthorized && safe && v.r.Query.Has("code"): // a provider's, which is a secret
		return v.toLogin(v.at("/account"))
	case resp.Status == http.StatusUnauthorized && safe && v.below() == "/prove": // a login is such a proof
		return v.toLogin(v.next)
	case resp.Status == http.StatusUnauthorized && safe:
		return v.toLogin(v.here())
	case resp.Status == http.StatusUnauthorized:
		return v.tell(v.toLogin(""), "notice.login_again")
	case e.Code == core.CodeProofRequired && safe:
		return v.toProve(e, v.here())
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, cmp.Or(v.from, v.at("/account")))
	case resp.Status == http.StatusForbidden && e.Code == "" && v.unverified():
		return redirect(v.at("/verify"))
	}
	return nil
}

// refused is the page of an answer of the API that is an error, and that no
// form has a place for. The route has raised what is to be raised about it.
func (v *visit) refused(ctx context.Context, answer *core.Response) (*core.Response, error) {
	e := refusal(answer)
	resp := v.fail(ctx, &core.Response{Status: answer.Status, Header: answer.Header, Err: e})
	if resp == nil {
		return nil, e
	}
	return carry(resp, answer), nil
}

// toLogin sends the browser to the login, and from there to a page.
func (v *visit) toLogin(next string) *core.Response {
	if !core.LocalPath(next) {
		next = ""
	}
	return redirect(v.at("/login", "next", next))
}

// again sends somebody who is logged in, and has no other proof to give, to log
// in once more, and from there to a page.
func (v *visit) again(next string) *core.Response {
	return v.tell(redirect(v.at("/login", "next", next, "again", "1")), "notice.prove")
}

// unverified reports whether who is asking must confirm their address first,
// and can.
func (v *visit) unverified() bool {
	u := v.user()
	return u != nil && !u.Base().IsVerified && len(v.svc.Env.AccountGuards) > 0 && v.offers("verify")
}

// failed is the page of an error, with its status. A notice that waits for a
// page goes on waiting.
func (v *visit) failed(ctx context.Context, e *core.Error) (*core.Response, error) {
	view := v.view(ctx, "error")
	view.Notice, view.Status = nil, e.Status
	if title, known := v.texts.find("title.error." + cmp.Or(statusKeys[e.Status], "general")); known {
		view.Title = title
	}
	var sentences []string
	for _, p := range e.Problems {
		sentences = append(sentences, v.problem(ctx, "", p))
	}
	text := strings.Join(sentences, " ")
	if text == "" {
		text = v.sentence(ctx, e)
	}
	view.Notice = &Notice{Text: text, Bad: true}
	view.Links = v.ways()
	resp, err := v.show(ctx, view)
	if err != nil {
		return nil, err
	}
	resp.Header.Del("Set-Cookie") // the notice that waits is another
	return resp, nil
}

// statusKeys are the statuses whose pages have a title of their own.
var statusKeys = map[int]string{
	http.StatusForbidden: "403", http.StatusNotFound: "404", http.StatusTooManyRequests: "429",
	http.StatusServiceUnavailable: "503",
}

// ways lead on from a page where nothing can be done.
func (v *visit) ways() []Button {
	if v.now != nil && v.offers("account") {
		return []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	}
	return []Button{{Text: v.texts.say("link.login"), Action: v.at("/login")}}
}
