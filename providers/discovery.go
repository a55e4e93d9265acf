package providers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

const (
	freshFor   = time.Hour       // how long metadata is used without fetching it again
	retryAfter = time.Minute     // after fetching failed, if there is older metadata
	renewal    = 3 * time.Second // how long a login waits for newer metadata if it has older
)

// discovery fetches the metadata of an issuer when it is first needed, and
// keeps it. A failure is not kept: the next use tries again. All callers who
// waited for it share it.
type discovery struct {
	service
	client   *http.Client
	turn     chan struct{} // holds one token: one caller fetches at a time
	known    *metadata     // guarded by turn, as is everything below
	until    time.Time
	failure  error
	failures atomic.Int64 // read by everyone
}

func newDiscovery(s service, client *http.Client) *discovery {
	d := &discovery{service: s, client: client, turn: make(chan struct{}, 1)}
	d.turn <- struct{}{}
	return d
}

func (d *discovery) get(ctx context.Context) (*metadata, error) {
	before := d.failures.Load()
	select {
	case <-d.turn:
		defer func() { d.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d.known != nil && d.now().Before(d.until) {
		return d.known, nil
	}
	if d.known == nil && d.failures.Load() != before {
		return nil, d.failure
	}
	wait := timeout
	if d.known != nil {
		wait = renewal
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	found, err := d.ask(ctx)
	switch {
	case err == nil:
		if d.known == nil && !found.pkce {
			d.log.Warn("providers: the issuer's metadata does not list PKCE's S256; if the issuer ignores PKCE, only the nonce binds a login", "provider", d.name)
		}
		d.known, d.until = found, d.now().Add(freshFor)
	case d.known != nil:
		d.until = d.now().Add(retryAfter)
	case errors.Is(err, context.Canceled): // of one client; it says nothing to the others
		return nil, err
	default:
		d.failure = fmt.Errorf("discovery: %w", err)
		d.failures.Add(1)
		return nil, d.failure
	}
	return d.known, nil
}

// ask fetches the metadata (OpenID Connect Discovery, section 4) and checks
// that it is the issuer's own.
func (d *discovery) ask(ctx context.Context) (*metadata, error) {
	from := d.discover
	if from == "" {
		from = strings.TrimSuffix(d.issuer, "/") + "/.well-known/openid-configuration"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, errors.New("the URL is not valid")
	}
	body, _, err := call(d.client, req)
	if err != nil {
		return nil, err
	}
	answer, err := outbound.ParseObject(body)
	if err != nil {
		return nil, err
	}
	return d.read(answer)
}

func (d *discovery) read(answer map[string]any) (*metadata, error) {
	if answer["issuer"] != d.issuer {
		return nil, errors.New("the metadata belongs to another issuer")
	}
	m := &metadata{endpoints: endpoints{basicAuth: true}}
	keys := ""
	for _, e := range []struct {
		member   string
		to       *string
		required bool
		check    func(string) error
	}{
		{"authorization_endpoint", &m.authorize, true, d.checkURL},
		{"token_endpoint", &m.token, true, d.checkCalled},
		{"jwks_uri", &keys, true, d.checkCalled},
		{"userinfo_endpoint", &m.profile, false, d.checkCalled},
		{"revocation_endpoint", &m.revoke, false, d.checkCalled},
	} {
		raw, _ := answer[e.member].(string)
		if raw == "" && !e.required {
			continue
		}
		if e.to == &m.authorize {
			raw = d.forBrowsers(raw)
		}
		if err := e.check(raw); err != nil {
			return nil, fmt.Errorf("%s %w", e.member, err)
		}
		*e.to = raw
	}
	m.pkce = slices.Contains(texts(answer["code_challenge_methods_supported"]), "S256") // RFC 8414
	if methods := texts(answer["token_endpoint_auth_methods_supported"]); methods != nil {
		m.basicAuth = slices.Contains(methods, secretBasic)
	}
	m.basicAuth = d.basic(m.basicAuth)
	algorithms, err := signing(answer)
	if err != nil {
		return nil, err
	}
	m.oidc = &verifier{service: d.service, algorithms: algorithms}
	m.oidc.issRequired, _ = answer["authorization_response_iss_parameter_supported"].(bool)
	m.oidc.keys = newKeySet(keys, d.client, algorithms, d.now)
	return m, nil
}

// signing returns the asymmetric algorithms for ID tokens that the issuer
// lists: never none, never HMAC.
func signing(answer map[string]any) ([]string, error) {
	const member = "id_token_signing_alg_values_supported"
	if answer[member] == nil {
		return []string{oidc.RS256}, nil // every issuer must support it
	}
	allowed := []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512,
		oidc.EdDSA,
	}
	found := slices.DeleteFunc(texts(answer[member]), func(alg string) bool { return !slices.Contains(allowed, alg) })
	if len(found) == 0 {
		return nil, errors.New("the issuer signs ID tokens with no asymmetric algorithm")
	}
	return found, nil
}

// texts returns the strings of a list, or nil if v is not a list.
func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	found := []string{}
	for _, entry := range list {
		if s, ok := entry.(string); ok {
			found = append(found, s)
		}
	}
	return found
}
