package attacks_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// issuer is an OpenID provider that does what a test wants. The fields are set
// before it is queried.
type issuer struct {
	*httptest.Server
	key      *providertest.Signer
	metadata harness.Object                // over the right one's
	claims   func(c harness.Object)        // changes what an ID token says
	sign     func(c harness.Object) string // in place of key.Sign
	info     harness.Object                // over the right userinfo
	answers  map[string]http.HandlerFunc   // in place of an endpoint's, by path
	noPKCE   bool                          // the challenge is not looked at
	iss      func(query url.Values)        // changes what it sends back
	mu       sync.Mutex
	grants   map[string]url.Values // authorization requests, by code
	asked    map[string]int        // requests, by path
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{key: providertest.NewSigner("one"), answers: map[string]http.HandlerFunc{},
		grants: map[string]url.Values{}, asked: map[string]int{}}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Server.Close)
	return i
}

func (i *issuer) times(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

func (i *issuer) Config() harness.Object {
	c := harness.Object{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/jwks",
		"userinfo_endpoint": i.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"ES256"}, "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "authorization_response_iss_parameter_supported": true,
	}
	maps.Copy(c, i.metadata)
	return c
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // a server notices that its client is gone only once it has read the body
	i.mu.Lock()
	i.asked[r.URL.Path]++
	answer := i.answers[r.URL.Path]
	i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case answer != nil:
		answer(w, r)
	case r.URL.Path == "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(i.Config())
	case r.URL.Path == "/jwks":
		_, _ = w.Write([]byte(i.key.JWKS()))
	case r.URL.Path == "/token":
		i.trade(w, r)
	default:
		info := harness.Object{"sub": "id-1", "email": "ada@example.org", "email_verified": true}
		maps.Copy(info, i.info)
		_ = json.NewEncoder(w).Encode(info)
	}
}

func (i *issuer) trade(w http.ResponseWriter, r *http.Request) {
	code, verifier := r.PostFormValue("code"), core.Digest(r.PostFormValue("code_verifier"))
	i.mu.Lock()
	asked := i.grants[code]
	delete(i.grants, code)
	i.mu.Unlock()
	if asked == nil || !i.noPKCE && asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(verifier[:]) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := harness.Object{
		"iss": i.URL, "aud": "us", "sub": "id-1", "nonce": asked.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	if i.claims != nil {
		i.claims(claims)
	}
	sign := i.key.Sign
	if i.sign != nil {
		sign = func(c map[string]any) string { return i.sign(c) }
	}
	_ = json.NewEncoder(w).Encode(harness.Object{"access_token": harness.AccessCanary, "token_type": "Bearer",
		"expires_in": 3600,
		"id_token":   sign(claims)})
}

// consent is what a person does at the issuer: it returns the path by which the
// browser comes back.
func (i *issuer) consent(t *testing.T, v harness.Visit) string {
	t.Helper()
	target, _ := v.Member(t, "authorization_url").(string)
	u, err := url.Parse(target)
	if err != nil || !strings.HasPrefix(target, i.URL+"/authorize?") {
		t.Fatalf("the browser is sent to %q", target)
	}
	code := "code-" + v.State[:12]
	i.mu.Lock()
	i.grants[code] = u.Query()
	i.mu.Unlock()
	query := url.Values{"code": {code}, "state": {v.State}, "iss": {i.URL}}
	if i.iss != nil {
		i.iss(query)
	}
	return v.Group + "/callback?" + query.Encode()
}

// byIssuer is the group of an issuer's logins.
const byIssuer = "/auth/jwt/op"

// trusting is an application at each place, for a test of its own, that trusts
// an issuer of its own. What the issuer answers does not pass an adapter: one
// place is enough for that.
func trusting(t *testing.T, places []harness.Place, test func(t *testing.T, a *harness.App, i *issuer)) {
	for _, p := range places {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			a := harness.NewApp(t, p.Adapter, p.Open, func(a *harness.App, o *harness.Options) {
				op, err := providers.OIDC(providers.OIDCOptions{Name: "op", Issuer: i.URL, ClientID: "us",
					ClientSecret: "client-secret-canary", InsecureLoopback: true, Log: o.Log})
				if err != nil {
					t.Error(err)
					return
				}
				flows, err := oauth.New(oauth.Options{
					Accounts: a.Stores.Accounts, Secret: harness.Secret,
					Providers: []oauth.Provider{{Provider: op, AssociateByEmail: true, VerifiedByDefault: true}},
				})
				if err != nil {
					t.Error(err)
					return
				}
				o.Flows = append(o.Flows, flows.Flows()...)
			})
			a.ServeProvider(t, "op")
			test(t, a, i)
		})
	}
}

// wantLogin goes the whole way, and checks the status and the words with which
// it ends. Where the issuer cannot be reached, it ends before the browser goes
// there.
func (i *issuer) wantLogin(t *testing.T, a *harness.App, outcome string) {
	t.Helper()
	if began := a.Send(t, "GET", byIssuer+"/authorize"); began.Status != http.StatusOK {
		began.WantInvariants(t, byIssuer+"/authorize")
		if got := began.Outcome(); got != outcome {
			t.Errorf("got %s, want %s", got, outcome)
		}
		return
	}
	v := a.Authorize(t, byIssuer, "")
	a.Want(t, "GET "+i.consent(t, v)+" "+outcome, v.Browser)
}
