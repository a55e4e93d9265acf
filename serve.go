package latchkey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

var _ core.FrontDoor = (*Auth[User])(nil)

// Resolve is what an adapter's Require and Optional call. See core.FrontDoor.
func (a *Auth[U]) Resolve(optional bool, guards ...Guard) func(context.Context, core.Head) (context.Context, error) {
	return a.resolver.Compile(optional, guards...)
}

// Render is what an adapter answers an error with. See core.FrontDoor. Of
// failures with the same cause one line and a count a minute are logged, since
// a client can cause some of them at will.
func (a *Auth[U]) Render(ctx context.Context, err error) *core.Response {
	var e *core.Error
	if !errors.As(err, &e) {
		e = &core.Error{Status: http.StatusInternalServerError, Cause: err}
	}
	if e.Status >= http.StatusInternalServerError {
		a.failures.Log(ctx, e.Level(), fmt.Sprint(e.Status, " ", e.Code, " ", e.Cause),
			"latchkey: a request failed", "status", e.Status, "code", e.Code, "err", e.Cause)
	}
	if e.Status < http.StatusBadRequest { // a redirect is an answer, which PassErrors does not pass on
		resp := core.Empty(e.Status)
		maps.Copy(resp.Header, e.Header)
		return finish(resp)
	}
	body := map[string]any{"detail": a.detail(ctx, e)}
	if word := core.OAuthError(e.Code); word != "" {
		body["error"] = word
	}
	resp, encoding := core.JSON(e.Status, body)
	if encoding != nil { // strings and numbers can be encoded, but for an application's own Problem.Loc
		resp = core.Empty(e.Status)
	}
	resp.Err = e
	for name, values := range e.Header {
		resp.Header[name] = values
	}
	return finish(resp)
}

// detail is a list of problems, a code with its reason and members, a code, or
// the status' phrase.
func (a *Auth[U]) detail(ctx context.Context, e *core.Error) any {
	switch {
	case e.Problems != nil:
		problems := make([]core.Problem, len(e.Problems))
		for i, p := range e.Problems {
			p.Msg = a.localize(ctx, p.Type, p.Msg, nil)
			problems[i] = p
		}
		return problems
	case e.Reason != "" || e.Members != nil:
		object := map[string]any{}
		maps.Copy(object, e.Members)
		object["code"] = e.Code
		if e.Reason != "" {
			object["reason"] = a.localize(ctx, e.ReasonCode, e.Reason, e.Args)
		}
		return object
	case e.Code != "":
		return e.Code
	}
	return http.StatusText(e.Status)
}

func (a *Auth[U]) localize(ctx context.Context, key, english string, args map[string]any) string {
	if a.opts.Localize != nil {
		if s := a.opts.Localize(ctx, key, args); s != "" {
			return s
		}
	}
	return english
}

// finish writes the media type of a body. What concerns an account is not for
// caches.
func finish(resp *core.Response) *core.Response {
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	if resp.Body != nil {
		resp.Header.Set("Content-Type", cmp.Or(resp.Type, "application/json"))
	}
	if resp.Header.Get("Cache-Control") == "" {
		resp.Header.Set("Cache-Control", "no-store")
	}
	return resp
}

// bind closes protection, guards and rendering over a route; b is nil for
// routes of no backend.
func (a *Auth[U]) bind(route core.Route, b *Backend) core.Endpoint {
	handle := a.handler(route, b)
	serve := a.formed(route, b, func(ctx context.Context, r *core.Request) (resp *core.Response) {
		defer func() {
			if p := recover(); p != nil {
				resp = a.fail(ctx, route, r, a.panicked(ctx, route, p))
			}
		}()
		ctx, resp, err := handle(ctx, r)
		if err != nil {
			err = a.resolver.Challenged(core.CurrentFrom(ctx), err)
			a.refused(ctx, r, err)
			return a.fail(ctx, route, r, a.Render(ctx, err))
		}
		return finish(resp)
	})
	route.Doc = a.documented(route, b)
	return core.Endpoint{Route: route, Access: a.access(route), Serve: serve}
}

// handler closes protection and guards over a route. The context that it
// returns has the caller, of refused requests too.
func (a *Auth[U]) handler(
	route core.Route, b *Backend,
) func(context.Context, *core.Request) (context.Context, *core.Response, error) {
	authenticate := func(ctx context.Context, _ core.Head) (context.Context, error) { return ctx, nil }
	if !route.Public || route.Optional {
		authenticate = a.Resolve(route.Public, route.Guards...)
	}
	form := fieldsOf(route)
	return func(ctx context.Context, r *core.Request) (context.Context, *core.Response, error) {
		if r.Route == "" {
			r.Remote = a.clients.of(r)
		} else { // a page asks, whose own request has been looked at
			ctx = core.WithoutCurrent(ctx)
		}
		r.Route = route.Name
		if b != nil && !route.CrossSite && !core.IsSafeMethod(r.Method()) {
			if err := b.Transport.Protect(r); err != nil {
				return ctx, nil, err
			}
		}
		if b == nil && route.Forms && core.IsForm(r) {
			if err := a.protectForm(r); err != nil {
				return ctx, nil, err
			}
		}
		known, err := authenticate(ctx, r)
		if known == nil {
			known = ctx
		}
		if err != nil {
			return known, nil, err
		}
		if c := core.CurrentFrom(known); c != nil && !route.Public {
			c.Route, c.Request = &route, r
		}
		if r, err = form.read(r); err != nil {
			return known, nil, err
		}
		resp, err := route.Handle(known, r)
		if errors.Is(err, core.Unauthorized()) { // the user has gone since the guard looked
			err = a.resolver.Unauthorized()
		}
		return known, resp, err
	}
}

// panicked does not log the panic's value, which may hold anything: its type
// and the stack show where to look.
func (a *Auth[U]) panicked(ctx context.Context, route core.Route, p any) *core.Response {
	return a.Render(ctx, fmt.Errorf("route %s panicked with a %T: %s", route.Name, p, debug.Stack()))
}

// fail lets a route turn the answer to an error into another one.
func (a *Auth[U]) fail(ctx context.Context, route core.Route, r *core.Request, rendered *core.Response) (
	resp *core.Response,
) {
	if route.Fail == nil {
		return rendered
	}
	defer func() {
		if p := recover(); p != nil {
			resp = a.panicked(ctx, route, p)
		}
	}()
	header := maps.Clone(rendered.Header)
	delete(header, "Content-Type")
	resp = route.Fail(ctx, r, rendered)
	if resp == nil {
		return rendered
	}
	resp.Err = nil // it is answered: PassErrors has nothing to pass on
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	for name, lines := range header {
		if resp.Header[name] == nil {
			resp.Header[name] = lines
		}
	}
	return finish(resp)
}

// refused raises an event where a request was refused because of its
// credential, its rights or origin, or a limit.
func (a *Auth[U]) refused(ctx context.Context, r *core.Request, err error) {
	var e *core.Error
	if !errors.As(err, &e) {
		return
	}
	switch e.Status {
	case http.StatusForbidden, http.StatusTooManyRequests:
	case http.StatusUnauthorized:
		if !a.presents(r) {
			return
		}
	default:
		return
	}
	event := core.Event{Kind: core.EventRefused, Code: cmp.Or(e.Code, http.StatusText(e.Status)), Request: r}
	if c := core.CurrentFrom(ctx); c != nil {
		event.User = c.User
	}
	a.svc.Events.Raise(ctx, event)
}

// presents reports whether a request has a credential for any backend.
func (a *Auth[U]) presents(r *core.Request) bool {
	return slices.ContainsFunc(a.opts.Backends, func(b Backend) bool {
		_, err := b.Transport.Extract(r)
		return !errors.Is(err, core.ErrNoCredential)
	})
}
