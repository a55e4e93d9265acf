package latchkey

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/typed"
)

// serving answers a request.
type serving func(context.Context, *core.Request) *core.Response

// formed lets an HTML form post to a route of core.Route.Forms: its fields
// become the JSON that clients send (see read), and its answer a redirect where
// it names one. It stands around everything else, so that a browser also
// returns from a refused credential.
func (a *Auth[U]) formed(route core.Route, b *Backend, serve serving) serving {
	if !route.Forms {
		return serve
	}
	ownField := func(c core.Column) bool { return c.Name == "redirect_to" || c.Name == "error_to" }
	returns := (b == nil || ambient(b.Transport)) && // else a redirect would lose the token
		!slices.ContainsFunc(route.Doc.Own, ownField)
	return func(ctx context.Context, r *core.Request) *core.Response {
		if !core.IsForm(r) {
			return serve(ctx, r)
		}
		body, err := core.Buffer(r)
		if err != nil {
			return a.Render(ctx, err)
		}
		var back landing
		if returns {
			back, err = landingOf(again(r, body))
		}
		r = again(r, body)
		r.Head = formHead{Head: r.Head, wrong: err}
		return back.from(serve(ctx, r))
	}
}

// read returns the request that a route handles: of a form, the JSON that it
// stands for. It is called once it is known who may send it, and where a panic
// of the application's types is an answer; f is nil for a route that reads
// forms itself.
func (f fields) read(r *core.Request) (*core.Request, error) {
	h, is := r.Head.(formHead)
	if !is {
		return r, nil
	}
	if h.wrong != nil {
		return r, h.wrong
	}
	if f == nil {
		return r, nil
	}
	return f.json(r)
}

// formHead is the head of a form.
type formHead struct {
	core.Head
	wrong error // of where it wants to go
}

// Target implements core.Targeter.
func (h formHead) Target() string { return core.Target(h.Head) }

// again returns the request with the whole body before it.
func again(r *core.Request, body []byte) *core.Request {
	same := *r
	same.Body = bytes.NewReader(body)
	return &same
}

// protectForm refuses the form of another site on a route of no backend, which
// a browser would post without asking first: as each backend whose token
// browsers send by themselves does, unless one of them trusts the origin.
func (a *Auth[U]) protectForm(r *core.Request) (err error) {
	protected := false
	for _, b := range a.opts.Backends {
		if ambient(b.Transport) {
			if err = b.Transport.Protect(r); err == nil {
				return nil
			}
			protected = true
		}
	}
	if !protected && core.IsCrossOrigin(r, nil) {
		err = &core.Error{Code: core.CodeCrossOriginRefused, Status: http.StatusForbidden}
	}
	return err
}

// fields are those of a form, by name.
type fields map[string]field

// field has the type of its JSON. The application's own columns may be
// textareas.
type field struct {
	reflect.Type
	own bool
}

// fieldsOf returns nil for a route without forms or a body, and for one whose
// handler reads forms itself.
func fieldsOf(route core.Route) fields {
	d := route.Doc
	if !route.Forms || d.Form || d.Body == nil {
		return nil
	}
	found := fields{}
	body := reflect.TypeOf(d.Body)
	for i := range body.NumField() {
		name, _, _ := strings.Cut(body.Field(i).Tag.Get("json"), ",")
		found[name] = field{Type: body.Field(i).Type}
	}
	for _, c := range d.Own {
		found[c.Name] = field{c.Type, true}
	}
	return found
}

// json returns the request with the JSON that stands for its form. A field that
// is not there, or that is empty and not a text, is no member.
func (f fields) json(r *core.Request) (*core.Request, error) {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	in, err := core.ReadForm(r, names...)
	if err != nil {
		return r, err
	}
	for name := range in {
		text, _, _ := in.String(name)
		if text == "" && f[name].Kind() != reflect.String {
			delete(in, name)
			continue
		}
		if f[name].own {
			text = typed.LineBreaks(text)
		}
		value, err := typed.Parse(f[name].Type, text)
		if err != nil { // the route says what it misses
			continue
		}
		in[name] = value
	}
	body, err := json.Marshal(in)
	if err != nil {
		return r, err
	}
	r = again(r, body)
	r.Head = jsonHead{r.Head}
	return r, nil
}

// jsonHead is the head of a form whose body has become JSON.
type jsonHead struct{ core.Head }

func (h jsonHead) Lines(header string) []string {
	if header == "Content-Type" {
		return []string{"application/json"}
	}
	return h.Head.Lines(header)
}

// Target implements core.Targeter.
func (h jsonHead) Target() string { return core.Target(h.Head) }

// landing is where a browser goes after its form; empty where the form names
// nothing.
type landing struct{ ok, failed string }

func landingOf(r *core.Request) (landing, error) {
	in, err := core.ReadForm(r, "redirect_to", "error_to")
	if err != nil {
		return landing{}, err
	}
	var l landing
	var problems []*core.Problem
	for _, path := range []struct {
		name string
		to   *string
	}{{"redirect_to", &l.ok}, {"error_to", &l.failed}} {
		if *path.to, _, _ = in.String(path.name); *path.to != "" && !core.LocalPath(*path.to) {
			problem := core.BadValue(path.name, "it must be a path on this site that begins with one slash")
			problems = append(problems, &problem)
		}
	}
	if l.ok == "" { // error_to stands beside it
		return landing{}, core.InvalidProblems(problems...)
	}
	l.failed = cmp.Or(l.failed, l.ok)
	if err := core.InvalidProblems(problems...); err != nil {
		return landing{}, err
	}
	return l, nil
}

// from turns an answer into the redirect, with its cookies. What another site
// asked for leads nowhere.
func (l landing) from(resp *core.Response) *core.Response {
	code, params := failure(resp)
	if l.ok == "" || code == core.CodeCrossOriginRefused || resp.Status >= 300 && resp.Status < 400 {
		return resp
	}
	target := l.ok
	if code != "" {
		target, params["error"] = l.failed, []string{code}
	}
	resp.Drop(http.StatusSeeOther)
	resp.Header.Set("Location", withParams(target, params))
	resp.Err = nil // it is answered: PassErrors has nothing to pass on
	return resp
}

// failure returns the code of an error, "" for a success, and what a page can
// say about it: the names of the fields, the key of the reason, the factors. A
// text of ours is not among it, so that a link cannot put words on a page.
func failure(resp *core.Response) (code string, params url.Values) {
	params = url.Values{}
	if resp.Status < http.StatusBadRequest {
		return "", params
	}
	code = http.StatusText(resp.Status)
	if e := resp.Err; e != nil {
		for _, p := range e.Problems {
			if len(p.Loc) == 0 { // the application's own
				continue
			}
			if name, ok := p.Loc[len(p.Loc)-1].(string); ok && !slices.Contains(params["field"], name) {
				params.Add("field", name)
			}
		}
		if e.Problems != nil {
			return "VALIDATION_ERROR", params
		}
		if e.ReasonCode != "" {
			params.Set("reason", e.ReasonCode)
		}
		return cmp.Or(e.Code, code), params
	}
	var body struct { // a login that is not complete is an answer, and no error
		Detail struct {
			Code           string
			Factors, Enrol []string
		}
	}
	_ = json.Unmarshal(resp.Body, &body)
	if methods := slices.Concat(body.Detail.Factors, body.Detail.Enrol); methods != nil {
		params["factor"] = methods
	}
	return cmp.Or(body.Detail.Code, code), params
}

// withParams returns a path with these parameters, and without those of an
// attempt before: a form may name the page that it stands on.
func withParams(path string, params url.Values) string {
	path, fragment, hasFragment := strings.Cut(path, "#")
	path, query, _ := strings.Cut(path, "?")
	q, _ := url.ParseQuery(query) // as far as it can be read
	for _, old := range []string{"error", "field", "reason", "factor"} {
		q.Del(old)
	}
	for name, values := range params {
		q[name] = values
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	if hasFragment {
		path += "#" + fragment
	}
	return path
}
