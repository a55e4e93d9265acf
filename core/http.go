package core

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
)

// Head is a request's head, as adapters hand it over. Its strings are valid
// after the request (the fiber adapter clones them).
type Head interface {
	Method() string
	Host() string
	// Lines returns the raw values of a header, one a line, in their order.
	// The name is in canonical form ("Sec-Fetch-Site").
	Lines(header string) []string
}

// PathValuer is a Head of a router that has matched the request (optional).
type PathValuer interface {
	// PathValue returns the value, decoded once, of a parameter of the
	// path. It is false where the matched pattern has no such parameter,
	// and where nothing is matched yet, as in middleware around a router.
	PathValue(name string) (value string, ok bool)
}

// PathValue returns the value of a parameter of the path ("org" of
// "/{org}/members"), for Guard.CheckRequest. It is false where h does not have
// it; a guard refuses then.
func PathValue(h Head, name string) (value string, ok bool) {
	if p, is := h.(PathValuer); is {
		return p.PathValue(name)
	}
	return "", false
}

// Targeter is a Head that has the request line's target (optional).
type Targeter interface {
	// Target returns the path and the query of the request, as they were
	// sent, before anything was cut off: "/app/plan?year=1".
	Target() string
}

// Target returns the path and the query of a request as they were sent, and ""
// where h does not have them.
func Target(h Head) string {
	if t, is := h.(Targeter); is {
		return t.Target()
	}
	return ""
}

// Line is the value of a header that is there exactly once, else "".
func Line(h Head, header string) string {
	if lines := h.Lines(header); len(lines) == 1 {
		return lines[0]
	}
	return ""
}

// IsSafeMethod reports whether a method changes nothing (RFC 9110, section
// 9.2.1).
func IsSafeMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions ||
		method == http.MethodTrace
}

// Request is a request to a route, the same from every framework. It is valid
// until the route's handler returns.
type Request struct {
	Head
	// Route is the name of the route that serves the request.
	Route string
	// Path is the decoded path, and Prefix what was cut off before it, as
	// by http.StripPrefix: a browser sees both, below the base URL.
	Path, Prefix string

	Query  url.Values
	Remote netip.Addr // the peer as the adapter sees it; the front door replaces it by the client's after its policy
	Body   io.Reader  // not limited yet; the decoders of this package do it
	Param  func(name string) string
}

// PathValue implements PathValuer by Param.
func (r *Request) PathValue(name string) (value string, ok bool) {
	if r.Param != nil {
		value = r.Param(name)
	}
	return value, value != ""
}

// Response is an answer to a request, the same for every framework. JSON, HTML,
// Bytes and Empty make one.
type Response struct {
	Status int
	Header http.Header
	// Body is the encoded body; nil for none.
	Body []byte
	// Type is the media type of Body. Default: application/json. The front
	// door writes it into Header where there is a body.
	Type string
	// Err is the error that FrontDoor.Render made the response of, nil for
	// other responses. An adapter may hand it to its framework instead.
	Err *Error
}

// Empty returns a response without a body, and with an empty header.
func Empty(status int) *Response { return &Response{Status: status, Header: http.Header{}} }

// JSON returns a response with the JSON of v. Its error is json.Marshal's; a
// route's handler returns both:
//
//	return core.JSON(http.StatusOK, v)
func JSON(status int, v any) (*Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Bytes(status, "application/json", body), nil
}

// Bytes returns a response with a body of a media type.
func Bytes(status int, mediaType string, body []byte) *Response {
	return &Response{Status: status, Header: http.Header{}, Body: body, Type: mediaType}
}

// HTML returns a response with a page in UTF-8.
func HTML(status int, page []byte) *Response { return Bytes(status, "text/html; charset=utf-8", page) }

// Drop makes r a response without a body, of another status: a redirect, or a
// login answer that is a cookie alone.
func (r *Response) Drop(status int) {
	r.Status, r.Body, r.Type = status, nil, ""
	delete(r.Header, "Content-Type")
}

// Route is one operation of a flow, as a value.
type Route struct {
	Name   string // "users:current_user", for reversal
	Method string
	// Pattern is relative to where the group is mounted: "/me", "/{id}";
	// the group's root is "".
	Pattern string
	// Public routes answer anyone. Others need an active user and what
	// Guards say.
	Public bool
	// Optional: a Public route that learns the caller where the request has
	// a good credential, and goes on without one where it has none or a bad
	// one.
	Optional  bool
	Guards    []Guard
	CrossSite bool // meant for posts from other sites (form_post): no Transport.Protect
	// Forms: an HTML form may post to the route, too. Its fields are the
	// members of Doc.Body and the columns of Doc.Own, as text, and Handle
	// reads them as JSON. With the field redirect_to, a path on the same
	// origin (see LocalPath), the answer is a 303 there; with the field
	// error_to beside it, an error's is a 303 to that one. Neither is read
	// on routes of a backend whose login answer has a body, and where a
	// column is called so.
	Forms  bool
	Doc    Doc
	Handle func(ctx context.Context, r *Request) (*Response, error)
	// Fail turns the rendered answer to an error into another one, a page
	// or a redirect, whether the protection, a guard, the handler or a
	// panic has caused it; resp.Err is the error. The other one takes over
	// the header lines that it does not set itself, such as Retry-After and
	// Set-Cookie. nil leaves the answer as it is. Default: nothing is
	// turned.
	Fail func(ctx context.Context, r *Request, resp *Response) *Response
}

// Endpoint is a route with guard, gate and rendering closed over it; Serve
// never panics.
type Endpoint struct {
	Route
	// Prefix stands before Pattern where the route is mounted. Group.At
	// sets it.
	Prefix string
	// Access are the ways to be let in, in the backends' order. Of a Public
	// route they are those of an Optional one, which needs none, or none.
	Access []Access
	Serve  func(ctx context.Context, r *Request) *Response
}

// Group is a list of routes that are mounted together, in an order in which the
// first match may win.
type Group []Endpoint

// At returns the group below a prefix, so that one list can be mounted and
// documented:
//
//	login, users := auth.Login("web"), auth.Users()
//	api := slices.Concat(login.At("/auth"), users.At("/users"))
//	chiauth.Mount(router, "", api)
//
// prefix is empty, or begins with a slash and does not end with one; Mount
// panics for another one.
func (g Group) At(prefix string) Group {
	below := slices.Clone(g)
	for i := range below {
		below[i].Prefix = prefix + below[i].Prefix
	}
	return below
}

// FrontDoor is what an adapter's Require and Optional need of the front door;
// *latchkey.Auth[U] is one.
type FrontDoor interface {
	// Resolve compiles guards, once, and panics if they cannot work. The
	// returned function returns the context with the current user in it, or
	// the error to render. With optional, a request without a good
	// credential goes on as anonymous.
	Resolve(optional bool, guards ...Guard) func(ctx context.Context, h Head) (context.Context, error)
	// Render returns the encoded response of an error, and logs its cause
	// where it is the server's fault.
	Render(ctx context.Context, err error) *Response
}
