package providers_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// preset is a service as its documentation describes it. Every response has the
// address ada@example.com.
type preset struct {
	name      string
	make      func(...providers.Option) *providers.Provider
	authorize string // URL of the authorization request, without its parameters
	token     string
	scope     string
	params    map[string]string // of the authorization request, beyond those that every service has
	basic     bool              // the client's secret is in the header
	noPKCE    bool
	header    http.Header // of the profile call; nil means Authorization: Bearer

	// OpenID Connect: the ID token's claims besides iss, aud, exp, iat and
	// nonce.
	issuer, iss string // iss is the ID token's; "" means the issuer
	idToken     string
	// answers holds responses by method and URL.
	answers map[string]string

	subject, person, picture string
	noEmail                  bool     // the service returns none
	verified                 string   // "true", or "" for unknown
	unverify                 []string // replacements in the responses for an address that is not verified
	unverified               string   // "false", or "" for unknown, after that
}

func TestEveryPresetHasATest(t *testing.T) {
	var tested []string
	for _, p := range slices.Concat(people, work, issuers) {
		tested = append(tested, p.name)
	}
	slices.Sort(tested)
	if want := providers.Names(); !slices.Equal(tested, want) {
		t.Errorf("tested are %q, want %q", tested, want)
	}
}

func TestPresets(t *testing.T) {
	for _, p := range slices.Concat(people, work, issuers) {
		t.Run(p.name, func(t *testing.T) {
			t.Run("verified", func(t *testing.T) { p.check(t, nil, "ada@example.com", p.verified) })
			if p.noEmail {
				return
			}
			t.Run("missing e-mail", func(t *testing.T) { p.check(t, []string{`"ada@example.com"`, "null"}, "", "") })
			if p.unverify != nil {
				t.Run("unverified e-mail", func(t *testing.T) { p.check(t, p.unverify, "ada@example.com", p.unverified) })
			}
		})
	}
}

// check runs a login against a fake that responds like the service, with some
// texts of the responses changed.
func (p preset) check(t *testing.T, change []string, email, verified string) {
	fake := newFake(t, p, strings.NewReplacer(change...))
	provider := p.make(providers.WithDial(fake.network.Dial))
	if err := provider.Err(); err != nil {
		t.Fatal(err)
	}
	if got := provider.Name(); got != p.name {
		t.Errorf("the name is %q", got)
	}
	if provider.Brand().Title == "" || provider.Brand().Icon == "" || !strings.HasPrefix(provider.Brand().Color, "#") {
		t.Errorf("the brand is %+v", provider.Brand())
	}
	verifier := strings.Repeat("v", 43)
	challenge := sha256.Sum256([]byte(verifier))
	begin := core.OAuthBegin{
		State: "the-state", Nonce: "the-nonce", Challenge: base64.RawURLEncoding.EncodeToString(challenge[:]),
		RedirectURI: "https://app.example/callback",
	}
	to, err := provider.Begin(context.Background(), begin)
	if err != nil {
		t.Fatal(err)
	}
	p.checkAuthorize(t, to, begin)
	who, tokens, err := provider.Finish(context.Background(), core.OAuthFinish{
		Code: "the-code", Verifier: verifier, Nonce: begin.Nonce, RedirectURI: begin.RedirectURI,
		Form: url.Values{"code": {"the-code"}, "state": {"the-state"}},
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(fake.log, "\n"))
	}
	if p.noEmail {
		email, verified = "", ""
	}
	if who.Subject != p.subject || who.Email != email || who.Name != p.person || who.Picture != p.picture {
		t.Errorf("it is subject %q, e-mail %q, name %q, picture %q", who.Subject, who.Email, who.Name, who.Picture)
	}
	if got := said(who.EmailVerified); got != verified {
		t.Errorf("verified is %q, want %q", got, verified)
	}
	if !json.Valid(who.Claims) || !strings.HasPrefix(string(who.Claims), "{") {
		t.Errorf("Claims is %s", who.Claims)
	}
	if tokens.Access != "the-access-token" || tokens.Refresh != "the-refresh-token" {
		t.Error("the tokens are not the service's")
	}
}

func said(verified *bool) string {
	if verified == nil {
		return ""
	}
	return fmt.Sprint(*verified)
}

func (p preset) checkAuthorize(t *testing.T, to string, b core.OAuthBegin) {
	t.Helper()
	base, query, _ := strings.Cut(to, "?")
	want := p.authorize
	if p.issuer != "" {
		want = "https://idp.example/authorize"
	}
	if base != want {
		t.Errorf("the browser is sent to %s, want %s", base, want)
	}
	got, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	params := url.Values{"response_type": {"code"}, "client_id": {"the-client"}, "redirect_uri": {b.RedirectURI},
		"state": {b.State}}
	if p.scope != "" {
		params.Set("scope", p.scope)
	}
	if !p.noPKCE {
		params.Set("code_challenge", b.Challenge)
		params.Set("code_challenge_method", "S256")
	}
	if p.issuer != "" {
		params.Set("nonce", b.Nonce)
	}
	for name, value := range p.params {
		params.Set(name, value)
	}
	if got.Encode() != params.Encode() {
		t.Errorf("the parameters are %s\nwant %s", got.Encode(), params.Encode())
	}
}

// fake responds like the service, and to nothing else: a request that is not
// documented gets a 404.
type fake struct {
	preset
	t       *testing.T
	change  *strings.Replacer
	signer  *providertest.Signer
	network *providertest.Network
	status  map[string]int // of requests that are refused

	mu  sync.Mutex
	log []string
}

func newFake(t *testing.T, p preset, change *strings.Replacer) *fake {
	f := &fake{preset: p, t: t, change: change, signer: providertest.NewSigner("one")}
	f.network = providertest.NewNetwork(f)
	t.Cleanup(f.network.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := r.Method + " https://" + r.Host + r.URL.RequestURI()
	f.log = append(f.log, asked)
	if got := r.Header.Get("User-Agent"); got != "latchkey" {
		f.t.Errorf("%s: User-Agent is %q", asked, got)
	}
	if status := f.status[asked]; status != 0 {
		http.Error(w, "refused", status)
		return
	}
	token := "POST " + f.token
	if f.issuer != "" {
		token = "POST https://idp.example/token"
	}
	answer, ok := f.answers[asked]
	switch {
	case asked == token:
		f.checkToken(r)
		answer = f.tokens()
	case f.issuer != "" && asked == "GET https://idp.example/jwks":
		answer = f.signer.JWKS()
	case f.issuer != "" && asked == "GET "+strings.TrimSuffix(f.issuer, "/")+"/.well-known/openid-configuration":
		answer = f.metadata()
	case !ok:
		http.NotFound(w, r)
		return
	default:
		f.checkHeader(asked, r.Header)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.WriteString(w, f.change.Replace(answer))
}

func (f *fake) checkToken(r *http.Request) {
	if err := r.ParseForm(); err != nil {
		f.t.Error(err)
	}
	want := url.Values{"grant_type": {"authorization_code"}, "code": {"the-code"},
		"redirect_uri": {"https://app.example/callback"}}
	if !f.noPKCE {
		want.Set("code_verifier", strings.Repeat("v", 43))
	}
	id, secret, basic := r.BasicAuth()
	if basic != f.basic {
		f.t.Errorf("the secret is in the header: %v", basic)
	}
	if !basic {
		want.Set("client_id", "the-client")
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
		want.Set("client_secret", secret)
	}
	if id != "the-client" || !f.isSecret(secret) {
		f.t.Errorf("the client is %q with secret %q", id, secret)
	}
	if r.PostForm.Encode() != want.Encode() {
		f.t.Errorf("the token call is %s\nwant %s", r.PostForm.Encode(), want.Encode())
	}
}

func (f *fake) isSecret(s string) bool {
	if f.name == "apple" {
		return appleSecret(f.t, s)
	}
	return s == "the-secret"
}

func (f *fake) checkHeader(asked string, got http.Header) {
	want := http.Header{"Authorization": {"Bearer the-access-token"}}
	for name, values := range f.header {
		want[name] = values
	}
	for name, values := range want {
		if !slices.Equal(got[name], values) {
			f.t.Errorf("%s: %s is %q, want %q", asked, name, got[name], values)
		}
	}
}

func (f *fake) tokens() string {
	answer := map[string]any{"access_token": "the-access-token", "refresh_token": "the-refresh-token",
		"token_type": "bearer", "scope": []string{"x"}}
	if f.issuer != "" {
		claims := map[string]any{}
		if err := json.Unmarshal([]byte(f.change.Replace(f.idToken)), &claims); err != nil {
			f.t.Error(err)
		}
		claims["iss"] = f.issuer
		if f.iss != "" {
			claims["iss"] = f.iss
		}
		now := time.Now()
		claims["aud"], claims["nonce"], claims["iat"], claims["exp"] = "the-client", "the-nonce", now.Unix(),
			now.Add(time.Hour).Unix()
		answer["id_token"] = f.signer.Sign(claims)
	}
	b, err := json.Marshal(answer)
	if err != nil {
		f.t.Error(err)
	}
	return string(b)
}

func (f *fake) metadata() string {
	issuer, methods := f.issuer, `"client_secret_post"`
	if f.name == "microsoft" {
		issuer = "https://login.microsoftonline.com/{tenantid}/v2.0"
	}
	if f.basic {
		methods = `"client_secret_basic"`
	}
	userinfo := ""
	if f.answers["GET https://idp.example/userinfo"] != "" {
		userinfo = `"userinfo_endpoint":"https://idp.example/userinfo",`
	}
	return fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":"https://idp.example/authorize","token_endpoint":"https://idp.example/token",%s
		"jwks_uri":"https://idp.example/jwks","id_token_signing_alg_values_supported":["RS256","ES256"],
		"token_endpoint_auth_methods_supported":[%s]}`, issuer, userinfo, methods)
}
