package pages

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/latchkey-go/latchkey/core"
)

// question is a request to a route of the API, as the browser's own client
// would make it.
type question struct {
	route string
	in    core.Object // the JSON body of a route that has one
	query url.Values
	param map[string]string
	path  string // of the route, below where the pages are; "" for the page's own
	ours  bool   // the page asks of its own accord, wherever the browser comes from
	// after is an answer whose cookies the question has besides.
	after *core.Response
}

// ask answers a question by the route of that name; 404 if the application has
// none, or if it is a page.
func (v *visit) ask(ctx context.Context, q question) (*core.Response, error) {
	e, ok := v.svc.Pages.Route(q.route)
	if !ok || e.Doc.Hidden {
		return nil, core.NotFound()
	}
	asked := *v.r
	head := asking{Head: v.r.Head, method: e.Method, ours: q.ours, cookies: v.cookies(q)}
	asked.Body = nil
	if q.in != nil {
		body, err := json.Marshal(q.in)
		if err != nil {
			return nil, err
		}
		head.media, asked.Body = "application/json", bytes.NewReader(body)
	}
	asked.Head, asked.Query = head, q.query
	if q.path != "" {
		asked.Path = v.local + q.path
	}
	asked.Param = func(name string) string { return q.param[name] }
	return e.Serve(ctx, &asked), nil
}

// pass lets a route answer the browser's request as it is: a provider's post.
func (v *visit) pass(ctx context.Context, route string) (*core.Response, error) {
	e, ok := v.svc.Pages.Route(route)
	if !ok || e.Doc.Hidden {
		return nil, core.NotFound()
	}
	asked := *v.r
	return e.Serve(ctx, &asked), nil
}

// asking is the browser's head as that of a request to the API.
type asking struct {
	core.Head
	method, media string // media is "" where there is no body
	ours          bool
	cookies       []string
}

func (a asking) Method() string { return a.method }

func (a asking) Lines(name string) []string {
	switch name {
	case "Content-Type":
		if a.media == "" {
			return nil
		}
		return []string{a.media}
	case "Cookie":
		return a.cookies
	case "Content-Encoding", "Content-Length", "Transfer-Encoding":
		return nil
	case "Accept":
		return []string{"text/html"} // whatever shows the page: a provider's URL is one to visit
	case "Origin", "Sec-Fetch-Site":
		if a.ours {
			return nil
		}
	}
	return a.Head.Lines(name)
}

// refusal returns the error in an answer; nil for a success. A login that lacks
// a factor is an answer of its own, without Err.
func refusal(answer *core.Response) *core.Error {
	if answer.Err != nil {
		return answer.Err
	}
	if answer.Status < http.StatusBadRequest {
		return nil
	}
	var body struct {
		Detail struct{ Code string }
	}
	_ = json.Unmarshal(answer.Body, &body) // what is no such object has no code
	return &core.Error{Status: answer.Status, Code: body.Detail.Code, Header: answer.Header}
}

// carry takes the cookies of the API's answer along, and how long to wait.
func carry(page, answer *core.Response) *core.Response {
	page.Header["Set-Cookie"] = append(page.Header["Set-Cookie"], answer.Header["Set-Cookie"]...)
	if after := cmp.Or(answer.Header.Get("Retry-After"), page.Header.Get("Retry-After")); after != "" {
		page.Header.Set("Retry-After", after)
	}
	return page
}

// admitted ends a login: the browser goes where it was going, and what it was
// logged in with before, which nothing can reach any more, ends.
func (v *visit) admitted(ctx context.Context, answer *core.Response) *core.Response {
	v.leave(ctx)
	return carry(redirect(v.after()), answer)
}

// leave ends the login that the request came with. The answer's cookies are not
// the browser's: it has a new login, which a provider may have sent it back
// for. A failure ends nothing and changes nothing.
func (v *visit) leave(ctx context.Context) {
	if v.now != nil {
		_, _ = v.ask(ctx, question{route: v.of("auth", "logout"), ours: true})
	}
}
