package providers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Provider is a service to log in with: a core.Provider, which can also refresh
// and revoke tokens. It is safe for concurrent use and keeps nothing about a
// login.
type Provider struct {
	service
	client   *http.Client
	metadata func(context.Context) (*metadata, error)
	err      error
}

// service is everything known of a service: a row of the table, or the options
// of OIDC or OAuth2.
type service struct {
	name         string
	brand        Brand
	clientID     string
	clientSecret func(now time.Time) (string, error)
	scopes       []string
	idScopes     []string // without which the service does not say who somebody is
	commas       bool     // between scopes, where the standard has spaces
	params       map[string]string
	formPost     bool
	noPKCE       bool
	fields       Fields

	openID   bool // OpenID Connect: the endpoints are discovered
	issuer   string
	discover string // the URL of the metadata, if not at the issuer

	endpoints
	profileMethod  string            // "" means GET
	header         map[string]string // of profile calls; "{token}" is the access token
	appSecretProof bool
	emails         *emailList
	clientAuth     string        // "" means as basicAuth says, or the metadata
	lifetime       time.Duration // of tokens that can be refreshed and do not say it

	internal         string   // the address inside the network; "" means none
	insecureHosts    []string // that may be called by plain http
	insecureLoopback bool
	transport        *http.Transport // nil means outbound's
	log              *slog.Logger
	now              func() time.Time
	faults           []error // of the arguments
}

// endpoints holds the URLs of a service.
type endpoints struct {
	authorize, token, profile, revoke string
	basicAuth                         bool // at token and revoke
}

// Brand is what a login page shows.
type Brand = core.Brand

// branded keeps the lines of the tables short.
func branded(title, color, icon string) Brand { return Brand{Title: title, Color: color, Icon: icon} }

// reserved lists the parameters of the authorization request that belong to the
// protocol.
var reserved = []string{
	"client_id", "client_secret", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request", "request_uri", "response_mode",
	"response_type", "scope", "state",
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// newProvider never returns nil; problems are in err.
func newProvider(s service) *Provider {
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	client, fault := newClient(s)
	p := &Provider{service: s, client: client}
	if s.openID {
		p.metadata = newDiscovery(s, p.client).get
	} else {
		fixed := &metadata{endpoints: s.endpoints}
		fixed.basicAuth = s.basic(fixed.basicAuth)
		p.metadata = func(context.Context) (*metadata, error) { return fixed, nil }
	}
	if err := errors.Join(append(s.problems(), fault)...); err != nil {
		p.err = fmt.Errorf("providers: %s: %w", s.name, err)
	}
	return p
}

func (s service) problems() []error {
	errs := s.faults
	if !validName.MatchString(s.name) {
		errs = append(errs, errors.New("the name must be 1 to 64 of a-z, 0-9, '-' and '_'"))
	}
	if s.clientID == "" {
		errs = append(errs, errors.New("the client ID is empty"))
	}
	errs = append(errs, s.authProblem(), s.scopeProblem())
	if s.lifetime < 0 {
		errs = append(errs, errors.New("the token lifetime is negative"))
	}
	if s.fields.Subject == "" {
		errs = append(errs, errors.New("Fields.Subject is empty"))
	}
	for name := range s.params {
		if slices.Contains(reserved, name) {
			errs = append(errs, fmt.Errorf("the parameter %s belongs to the protocol", name))
		}
	}
	return slices.Concat(errs, s.urlProblems(), s.internalProblems())
}

func (s service) urlProblems() (errs []error) {
	find := func(name, url string, check func(string) error) {
		if err := check(url); err != nil {
			errs = append(errs, fmt.Errorf("the %s URL %w", name, err))
		}
	}
	if s.openID {
		find("issuer", s.issuer, s.checkURL)
		if s.discover != "" {
			find("discovery", s.discover, s.checkCalled)
		}
		if s.manyTenants() && (s.discover == "" || !strings.Contains(s.fields.Subject, "{tid}")) {
			errs = append(errs, errors.New("an issuer with "+tenantID+
				" needs a discovery URL and, since a sub is one tenant's, Fields whose Subject has {tid}"))
		}
		return errs
	}
	find("authorization", s.authorize, s.checkURL)
	find("token", s.token, s.checkCalled)
	find("profile", s.profile, s.checkCalled)
	if s.revoke != "" {
		find("revocation", s.revoke, s.checkCalled)
	}
	return errs
}

// Name returns the provider's name, such as "google"; WithName changes it.
func (p *Provider) Name() string { return p.name }

// Brand returns what a login page shows. It is zero for a provider outside the
// table, unless the options set it.
func (p *Provider) Brand() Brand { return p.brand }

// Err returns every problem with the arguments that the provider was made with,
// joined. Begin and Finish return it too.
func (p *Provider) Err() error { return p.err }

// run calls do with a time limit, and adds the provider's name to its error.
func (p *Provider) run(ctx context.Context, do func(context.Context) error) error {
	if p.err != nil {
		return p.err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := do(ctx)
	var refusal *core.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return refusal
	case ctx.Err() != nil: // go-oidc does not wrap it
		return fmt.Errorf("providers: %s: %w", p.name, ctx.Err())
	}
	return fmt.Errorf("providers: %s: %w", p.name, err)
}
