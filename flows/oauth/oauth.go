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
// is exchanged. PKCE (S256) always, a nonce for OpenID Connect. The code of a
// redirect (redirect_to) is bound to that cookie too, for a minute, or to the
// code_challenge of an application. An account is its provider and its stable
// subject; an e-mail address links nothing unless AssociateByEmail is set, and
// then only where both sides have verified it. A login goes through the gate
// like every other.
package oauth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/lease"
	"github.com/latchkey-go/latchkey/internal/seal"
	"github.com/latchkey-go/latchkey/internal/weak"
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
	// RedirectOrigins are the origins ("https://spa.example.com") that
	// redirect_to may name beside paths of the same origin. Default: none.
	// A front end on another site than the routes must begin with a
	// code_challenge (RFC 7636, S256): its POST /exchange comes without the
	// flow's cookie, which is SameSite=Lax, and would be refused with
	// OAUTH_INVALID_STATE.
	RedirectOrigins []string
	// Lifetime of a flow in the browser. Default: 10 minutes.
	Lifetime time.Duration
	// BeginLimit limits how many flows one client network (an IPv4 address,
	// an IPv6 /64) may begin. Default: 60 a minute.
	BeginLimit core.Limit
	// Now is the clock of tokens and leases. Default: time.Now.
	Now func() time.Time
	// InsecureHTTP leaves Secure and __Host- out of the flow's cookie, for
	// http on another host than localhost.
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
	stateKey []byte
	cookies  *seal.Ring
	vault    *seal.Ring // nil: tokens are not kept
	bases    []*url.URL
	leases   lease.Leases
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
	if o.BeginLimit == (core.Limit{}) {
		o.BeginLimit = core.Limit{Events: 60, Window: time.Minute}
	}
	c := &engine{Options: o}
	c.leases = lease.Leases{Tickets: o.Tickets, Purpose: "oauth-renew", Lifetime: leaseLifetime, Now: o.Now}
	for _, s := range o.BaseURLs {
		u, err := parseOrigin(s)
		errs = append(errs, err)
		c.bases = append(c.bases, u)
	}
	for _, s := range o.RedirectOrigins {
		_, err := parseOrigin(s)
		errs = append(errs, err)
	}
	if len(o.Vault) > 0 {
		vault, err := seal.New(o.Vault...)
		errs = append(errs, err)
		c.vault = vault
	}
	if len(o.Secret) >= seal.MinSecret {
		key, err := hkdf.Key(sha256.New, o.Secret, nil, "latchkey oauth state v1", 32)
		ring, ringErr := seal.New(seal.Key{ID: "f", Secret: o.Secret})
		errs = append(errs, err, ringErr)
		c.stateKey, c.cookies = key, ring
	}
	return c, errors.Join(errs...)
}

func (o Options) problems() (errs []error) {
	if o.Accounts == nil {
		errs = append(errs, errors.New("oauth: Options.Accounts is missing, the store of links to providers' accounts"))
	}
	if err := weak.Judge(o.Secret); err != nil {
		errs = append(errs, fmt.Errorf("oauth: Options.Secret needs at least 32 random bytes: %w", err))
	}
	if len(o.Providers) == 0 {
		errs = append(errs, errors.New("oauth: Options.Providers is empty"))
	}
	if len(o.Vault) > 0 && o.Tickets == nil {
		errs = append(errs, errors.New("oauth: Options.Tickets is missing, which Options.Vault needs: a store of one-time tokens"))
	}
	if o.Lifetime < 0 || o.Lifetime > time.Hour {
		errs = append(errs, errors.New("oauth: Options.Lifetime must be at most an hour"))
	}
	if o.BeginLimit != (core.Limit{}) {
		if err := o.BeginLimit.Check(); err != nil {
			errs = append(errs, fmt.Errorf("oauth: Options.BeginLimit: %w", err))
		}
	}
	names := map[string]bool{}
	urls := map[string]bool{}
	for _, p := range o.Providers {
		if p.Provider == nil {
			errs = append(errs, errors.New("oauth: a Provider is nil"))
			continue
		}
		if faulty, ok := core.As[core.FaultyProvider](p.Provider); ok {
			errs = append(errs, faulty.Err())
		}
		if !providerName.MatchString(p.Name()) {
			errs = append(errs, fmt.Errorf("oauth: provider name %q: use lower-case letters, digits, '-' and '_', at most 64",
				p.Name()))
		}
		if names[p.Name()] {
			errs = append(errs, fmt.Errorf("oauth: provider %q is given twice: give one another name", p.Name()))
		}
		if p.RedirectURL != "" && urls[p.RedirectURL] { // O11: RFC 9700, section 4.4 (mix-up)
			errs = append(errs, fmt.Errorf("oauth: provider %q shares its RedirectURL with another one", p.Name()))
		}
		names[p.Name()], urls[p.RedirectURL] = true, true
	}
	return errs
}

func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || s != u.Scheme+"://"+u.Host ||
		strings.ToLower(s) != s {
		return nil, fmt.Errorf("oauth: %q must be an origin like https://app.example.com, in lower case and without a path",
			s)
	}
	return u, nil
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
	if !svc.Users.Atomic() && svc.Users.NewID() == "" {
		errs = append(errs, errors.New("flow oauth needs a user store with transactions, or one that implements core.IDMaker"))
	}
	return errors.Join(errs...)
}

// redirectURI is where the provider sends the browser back to, for a request to
// …/authorize.
func (e *engine) redirectURI(svc *core.Services, r *core.Request, fixed string) string {
	if fixed != "" {
		return fixed
	}
	base := svc.Env.BaseURL
	if i := slices.IndexFunc(e.bases, func(u *url.URL) bool { return u.Host == r.Host() }); i >= 0 {
		base = e.bases[i]
	}
	prefix := r.Prefix
	if prefix == strings.TrimSuffix(base.Path, "/") { // the base URL has it
		prefix = ""
	}
	return strings.TrimSuffix(base.String(), "/") + prefix + strings.TrimSuffix(r.Path, "/authorize") + "/callback"
}

// noReferrer keeps what stands in the URL of a flow from going anywhere else.
func noReferrer(resp *core.Response) *core.Response {
	resp.Header.Set("Referrer-Policy", "no-referrer")
	return resp
}
