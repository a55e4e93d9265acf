// Package oauth is the flow that logs people in with accounts at other
// services, and links such accounts to users: OAuth 2.0 with PKCE, and OpenID
// Connect. The services come from package providers, or implement
// core.Provider.
//
//	social, err := oauth.New(oauth.Options{
//		Accounts:  store.OAuthAccounts(),
//		Secret:    secret, // 32 random bytes, the same on every node
//		Providers: []oauth.Provider{{Provider: google}},
//	})
//	auth, err := latchkey.New(users, latchkey.Options[Account]{
//		Flows:   social.Flows(),
//		Tickets: store.Tickets(),
//		BaseURL: "https://app.example.com",
//		…
//	})
//	login := auth.OAuth("google", "cookie")
//	httpauth.Mount(mux, "/auth/cookie/google", login)
//	associate := auth.Associate("google")
//	httpauth.Mount(mux, "/auth/associate/google", associate)
//
// Security notes (RFC 9700). A flow is bound to the browser by a sealed cookie
// of its own, so that tabs do not disturb each other and the server keeps
// nothing; its state works once, for ten minutes, and is checked before a code
// is exchanged. PKCE (S256) always, a nonce for OpenID Connect. A browser that
// began with redirect_to always returns to that page, with the code of an error
// if there is one: the state has the page, sealed, for where the cookie is
// lost. The code of a redirect is bound to the flow's cookie too, for a minute,
// or to the code_challenge of an application. An account is its provider and
// its stable subject; an e-mail address links nothing unless AssociateByEmail
// is set, and then only where both sides have verified it. A login goes through
// the gate like every other.
package oauth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/lease"
	"github.com/latchkey-go/latchkey/internal/seal"
)

// Key seals providers' tokens. See Options.Vault.
type Key = core.VaultKey

// Provider is a service to log in with, and what the application makes of it.
type Provider struct {
	core.Provider
	// Scopes are requested besides the provider's own. Default: none.
	Scopes []string
	// RedirectURL is the callback that is registered at the provider, for
	// logins. Default: the base URL and the callback beside the path of
	// /authorize, which is also what associations use.
	RedirectURL string
	// AssociateByEmail links a new account to the user who has its e-mail
	// address, if the provider vouches for the address. Where the user
	// never verified it, somebody else may have registered it in advance:
	// the proven owner gets the account, and its password, links and
	// sessions of before end. Default: off, the address is refused with
	// OAUTH_USER_ALREADY_EXISTS.
	AssociateByEmail bool
	// VerifiedByDefault makes new users verified if the provider vouches
	// for their address. Default: off.
	VerifiedByDefault bool
}

// Options of New. Accounts, Secret and Providers are required.
type Options struct {
	// Accounts keeps the links.
	Accounts core.OAuthAccountStore
	// Secret of at least 32 random bytes protects flows on their way
	// through the browser. All nodes have the same. New refuses one that is
	// a pattern or contains a well-known word.
	Secret []byte
	// Providers by their names, each once.
	Providers []Provider
	// Vault seals the providers' tokens at rest: the first key seals, all
	// open. Default: no key, and tokens are not kept.
	Vault []Key
	// Tickets keeps what works once (states, the codes of redirects) and
	// the leases under which one process at a time renews a token (see
	// OAuth.Token): a store that all processes share. Required with a
	// Vault. Default: Options.Tickets of latchkey.
	Tickets core.TicketStore
	// BaseURLs are further public addresses of the application
	// ("https://other.example.com"): a flow that begins on the host of one
	// comes back to it. Default: Options.BaseURL of latchkey alone.
	BaseURLs []string
	// RedirectOrigins are what redirect_to may name beside paths of the
	// same origin: origins ("https://spa.example.com") with all of their
	// pages, and URLs of native applications ("myapp://done",
	// "com.example.app:/oauth"), spelled exactly so, of at most 320 bytes
	// and without a fragment. Default: none.
	//
	// A front end on another site than the routes must begin with a
	// code_challenge (RFC 7636, S256): its POST /exchange comes without the
	// flow's cookie, which is SameSite=Lax, and would be refused with
	// OAUTH_INVALID_STATE. For a native application authorize requires one,
	// since any application of a device can claim a scheme (RFC 8252,
	// section 8.1). Schemes of which a browser makes something else than a
	// visit (javascript, data, file, intent and the like) are refused.
	RedirectOrigins []string
	// Lifetime of a flow in the browser. Default: 10 minutes.
	Lifetime time.Duration
	// BeginLimit limits how many flows one client network (an IPv4 address,
	// an IPv6 /64) may begin. Default: 60 a minute.
	BeginLimit core.Limit
	// ReturnLimit limits how often one client network may come back from a
	// provider, and apart from that how many codes it may exchange, valid
	// or not. Beyond it the flow stays as it is. Default: 120 a minute.
	ReturnLimit core.Limit
	// Now is the clock of tokens and leases. Default: time.Now.
	Now func() time.Time
	// Cookie has the attributes of the cookies that bind flows to browsers.
	// Default: __Host-, SameSite=Lax.
	Cookie Cookie
	// InsecureHTTP leaves Secure and __Host- out of these cookies, for http
	// on another host than localhost.
	InsecureHTTP bool
}

// Format keeps the secrets out of logs.
func (Options) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[oauth options]") }

// LogValue is "[oauth options]".
func (Options) LogValue() slog.Value { return slog.StringValue("[oauth options]") }

// MarshalJSON is "[oauth options]".
func (Options) MarshalJSON() ([]byte, error) { return []byte(`"[oauth options]"`), nil }

// OAuth is an application's providers: their flows, and the tokens that they
// issued. It is safe for concurrent use.
type OAuth struct{ *engine }

// engine is Options, made ready.
type engine struct {
	Options
	sealed   *seal.Ring // states and cookies
	vault    *seal.Ring // nil: tokens are not kept
	bases    []*url.URL
	apps     []string // URLs of native applications, from RedirectOrigins
	leases   lease.Leases
	renewing queue
	// unlinking is held by one who unlinks where no transaction keeps
	// another from unlinking too.
	unlinking sync.Mutex
}

var providerName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// New makes ready what the flows share. Its error joins everything that is
// wrong with the options.
func New(o Options) (*OAuth, error) {
	e, err := o.engine()
	if err != nil {
		return nil, err
	}
	return &OAuth{e}, nil
}

// Flows are for latchkey's Options.Flows: login and exchange, once per backend,
// association and the list of accounts.
func (o *OAuth) Flows() []core.Flow {
	flows := []core.Flow{accounts{o.engine}, exchange{o.engine}}
	for _, p := range o.Providers {
		flows = append(flows, login{o.engine, p}, associate{o.engine, p})
	}
	return flows
}

func (o Options) engine() (*engine, error) {
	errs := o.problems()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lifetime == 0 {
		o.Lifetime = 10 * time.Minute
	}
	if o.ReturnLimit == (core.Limit{}) {
		o.ReturnLimit = core.Limit{Events: 120, Window: time.Minute}
	}
	if o.BeginLimit == (core.Limit{}) {
		o.BeginLimit = core.Limit{Events: 60, Window: time.Minute}
	}
	o.Cookie = o.Cookie.withDefaults(o.InsecureHTTP)
	errs = append(errs, o.Cookie.problems(o.InsecureHTTP)...)
	c := &engine{Options: o}
	c.leases = lease.Leases{Tickets: o.Tickets, Purpose: "oauth-renew", Lifetime: leaseLifetime, Now: o.Now}
	for _, s := range o.BaseURLs {
		u, err := parseOrigin(s)
		errs = append(errs, err)
		c.bases = append(c.bases, u)
	}
	c.RedirectOrigins = nil
	for _, s := range o.RedirectOrigins {
		if isApp(s) {
			c.apps, errs = append(c.apps, s), append(errs, checkApp(s))
			continue
		}
		_, err := parseOrigin(s)
		c.RedirectOrigins, errs = append(c.RedirectOrigins, s), append(errs, err)
	}
	if len(o.Vault) > 0 {
		vault, err := seal.New(o.Vault...)
		errs = append(errs, err)
		c.vault = vault
	}
	if len(o.Secret) >= seal.MinSecret {
		ring, err := seal.New(seal.Key{ID: flowKey, Secret: o.Secret})
		errs = append(errs, err)
		c.sealed = ring
	}
	return c, errors.Join(errs...)
}

func (e *engine) tickets(svc *core.Services) core.TicketStore {
	if e.Tickets != nil {
		return e.Tickets
	}
	return svc.Tickets
}

// check returns what the services misses.
func (e *engine) check(svc *core.Services) error {
	var errs []error
	if e.tickets(svc) == nil {
		errs = append(errs, errors.New("flow oauth needs Options.Tickets, a store of one-time tokens"))
	}
	if svc.Env.BaseURL == nil {
		errs = append(errs, errors.New("flow oauth needs Options.BaseURL, to which providers send people back"))
	}
	errs = append(errs, e.checkCookie(svc.Env.BaseURL))
	if !svc.Users.Atomic() && svc.Users.NewID() == "" {
		errs = append(errs, errors.New("flow oauth needs a user store with transactions, or one that implements core.IDMaker"))
	}
	return errors.Join(errs...)
}

// noReferrer keeps what stands in the URL of a flow from going anywhere else.
func noReferrer(resp *core.Response) *core.Response {
	resp.Header.Set("Referrer-Policy", "no-referrer")
	return resp
}
