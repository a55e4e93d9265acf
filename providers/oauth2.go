package providers

// OAuth2Options describe a service that speaks OAuth 2.0 and tells who its
// users are in an answer of its own. Name, the three URLs, ClientID and
// Fields.Subject are required.
type OAuth2Options struct {
	// Name is in routes and rows of accounts: lower-case letters, digits,
	// '-' and '_'.
	Name string
	// AuthorizeURL is where browsers are sent, TokenURL where codes become
	// tokens.
	AuthorizeURL, TokenURL string
	// ProfileURL answers a GET that carries the access token (RFC 6750)
	// with a JSON object about the user.
	ProfileURL string
	// RevokeURL takes tokens back (RFC 7009). Default: tokens are not taken
	// back.
	RevokeURL              string
	ClientID, ClientSecret string
	// BasicAuth sends ID and secret in the Authorization header (RFC 6749,
	// section 2.3.1). Default: in the body.
	BasicAuth bool
	// Scopes to ask for. Default: none.
	Scopes []string
	// Params are added to the authorization request. Those of the protocol
	// are refused. Default: none.
	Params map[string]string
	// Fields says where the profile holds what.
	Fields Fields
	// Brand is what a login page shows. Default: nothing.
	Brand Brand
	// InsecureLoopback allows http for addresses of this machine, for
	// development. Default: https alone.
	InsecureLoopback bool
}

// OAuth2 makes a provider of any OAuth 2.0 service. The error joins everything
// that is wrong with the options.
func OAuth2(o OAuth2Options) (*Provider, error) { return checked(newProvider(o.service())) }

func (o OAuth2Options) service() service {
	return service{
		name: o.Name, brand: o.Brand, clientID: o.ClientID, clientSecret: constant(o.ClientSecret), scopes: o.Scopes,
		params: o.Params,
		fields: o.Fields, insecureLoopback: o.InsecureLoopback,
		endpoints: endpoints{authorize: o.AuthorizeURL, token: o.TokenURL, profile: o.ProfileURL, revoke: o.RevokeURL,
			basicAuth: o.BasicAuth},
	}
}
