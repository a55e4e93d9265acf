package core

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
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

// Line is the value of a header that is there exactly once, else "".
func Line(h Head, header string) string {
	if lines := h.Lines(header); len(lines) == 1 {
		return lines[0]
	}
	return ""
}

// Safe tells the methods that change nothing (RFC 9110, section 9.2.1).
func Safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions ||
		method == http.MethodTrace
}

// Request is a request to a route, the same from every framework. It is valid
// until the route's handler returns.
type Request struct {
	Head
	Path   string
	Query  url.Values
	Remote netip.Addr // the peer as the adapter sees it; the front door replaces it by the client's after its policy
	Body   io.Reader  // not limited yet; the decoders of this package do it
	Param  func(name string) string
}

// Response is an answer to a request, the same for every framework.
type Response struct {
	Status int
	Header http.Header
	// Body is marshalled to JSON; nil is no body, Null is the value null.
	Body any
	// Err is the error that Host.Render made the answer of, nil for other
	// answers. An adapter may hand it to its framework instead.
	Err *Error
}

// Null is the JSON value null as a body.
var Null = json.RawMessage("null")

// NewResponse is a response with an empty header.
func NewResponse(status int, body any) *Response {
	return &Response{Status: status, Header: http.Header{}, Body: body}
}

// Bytes is the encoded body, nil for none, of a response that a Bound or a Host
// gave: those are always encoded.
func (r *Response) Bytes() []byte {
	b, _ := r.Body.(json.RawMessage)
	return b
}

// Encode replaces Body by its JSON, and sets Content-Type where there is a
// body.
func (r *Response) Encode() error {
	if r.Body == nil {
		return nil
	}
	b, err := json.Marshal(r.Body)
	if err != nil {
		return err
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Body = json.RawMessage(b)
	r.Header.Set("Content-Type", "application/json")
	return nil
}

// Doc describes a route for the OpenAPI document.
type Doc struct {
	Summary string
	// Body and Answer are zero values of the types of the request's and the
	// success' bodies; nil for none.
	Body, Answer any
	Form         bool // the body is a form
	Status       int  // of success
	Codes        []string
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
	// Optional: a Public route that knows the caller where the request has
	// a good credential, and goes on without one where it has none or a bad
	// one.
	Optional  bool
	Guards    []Guard
	CrossSite bool // meant for posts from other sites (form_post): no Transport.Protect
	Doc       Doc
	Handle    func(ctx context.Context, r *Request) (*Response, error)
}

// Bound is a route with guard, gate and rendering closed over it; Serve never
// panics, and its response is encoded.
type Bound struct {
	Route
	Serve func(ctx context.Context, r *Request) *Response
}

// Group is a list of routes that are mounted together, in an order in which the
// first match may win.
type Group []Bound

// Host is what an adapter's Require and Optional need of the front door;
// *latchkey.Auth[U] is one.
type Host interface {
	// Resolve compiles guards, once, and panics if they cannot work. The
	// returned function gives the context with the current user in it, or
	// the error to render. With optional, a request without a good
	// credential goes on as anonymous.
	Resolve(optional bool, guards ...Guard) func(ctx context.Context, h Head) (context.Context, error)
	// Render returns the encoded response of an error, and logs its cause
	// where it is the server's fault.
	Render(ctx context.Context, err error) *Response
}
