package core

import "encoding/json"

// Doc describes a route for the API document.
type Doc struct {
	Summary string
	// Query is a zero value of a struct whose json names are the query's
	// parameters; nil for none.
	Query any
	// Body and Answer are zero values of the types of the request's and the
	// success' bodies; nil for none. Members are required unless they may
	// be omitted (omitempty). An Answer of type json.RawMessage is an
	// example instead.
	Body, Answer any
	// Values are what a member of the body may have, or of a list each of
	// its items, and Max the greatest number, where only the application's
	// options say so. Forms offer them.
	Values map[string][]string
	Max    map[string]int64
	// Own are the application's columns that the body takes beside Body's
	// members, if there are any.
	Own  []Column
	Form bool // the body is a form
	// BodyOptional: the body may be left out, as [ReadOptionalJSON] allows.
	BodyOptional bool
	// Status is that of a success. 0, on a route of a backend, is the
	// backend's login answer: New fills in its status and, as an example,
	// its body, by Transport.Attach, and the codes of a login that needs
	// more.
	Status int
	// Complete: a login answer of Status 0 never lacks a factor.
	Complete bool
	// Redirects: where the request asks for it, the answer is a 303 with a
	// Location instead, after an error too.
	Redirects bool
	// MayBeEmpty: where there is nothing to answer with, it is a 204.
	MayBeEmpty bool
	// Headers are those of a success that clients read ("Link").
	Headers []string
	// Codes are the errors beside those that all routes of a kind have,
	// which the document has by itself: of limits, guards, bodies, and
	// parameters in the path. A code that CodeStatus does not have is a
	// 400, unless a status stands before it: "409 PLAN_FULL". "404 Not
	// Found" is a plain error.
	Codes []string
	// Storeless: the handler calls no store, and is never 503.
	Storeless bool
	// Hidden leaves the route out of the document: a page.
	Hidden bool
}

// Access is a way to be let in to a route: a credential for Backend, which
// travels as Scheme says (an OpenAPI security scheme object).
type Access struct {
	Backend string
	Scheme  json.RawMessage
}
