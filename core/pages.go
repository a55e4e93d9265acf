package core

import "context"

// Pages is what a front end in the same process works with: its pages call the
// routes that clients call, so that there is one login, one set of limits,
// guards and codes. Route can be used once latchkey.New has returned.
type Pages interface {
	// Route returns the endpoint of a name ("auth:web.login"), and false
	// where the application has none of that name: a page whose route is
	// missing is left out. For a flow of one backend the endpoint reads
	// that backend's credential alone, whatever else a browser sends.
	//
	// Serve does not compare the request's method. A copy of the page's own
	// request keeps its Route and Remote, for the front door looks for the
	// client once.
	Route(name string) (Endpoint, bool)
	// Providers are those that people can log in with, in the order of the
	// flows. See Branded.
	Providers() []Provider
	// Localize returns Options.Localize's text for a key (an error code, a
	// ReasonCode, a problem's type), else english.
	Localize(ctx context.Context, key, english string, args map[string]any) string
}

// Offering is a flow by which people log in at a provider (optional, of a
// Flow).
type Offering interface {
	Provider() Provider
}

// Brand is what a login page shows of a provider.
type Brand struct {
	Title string // "GitHub"
	Color string // "#181717"
	Icon  string // the logo's name at simpleicons.org: "github"
}

// Branded is a provider that has a brand (optional).
type Branded interface {
	Brand() Brand
}

// Unencrypted is a transport that is set up for plain http (optional): what
// else a flow puts into a cookie must do without Secure then.
type Unencrypted interface {
	InsecureHTTP() bool
}
