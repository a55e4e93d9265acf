// Package localprovider is an OpenID provider on this machine: something to log
// in at without an account anywhere, with pages and real requests. It is for
// development, and for tests that drive a browser; it trusts whoever is at the
// keyboard. (Tests of handlers need no pages: authtest.Provider.)
//
//	local, err := localprovider.Start("")
//	defer local.Close()
//	client, err := local.Client()
//	social, err := oauth.New(oauth.Options{
//		Providers: []oauth.Provider{{Provider: client}}, …
//	})
//
// Security notes. Anybody who reaches it is who they claim to be: it asks for a
// name and an address, and for no password. It therefore listens on a loopback
// address only, answers to names of this machine only, sends people back to
// loopback addresses only, and its key and its client's secret are lost when
// the process exits. To an application it is
// as strict as a real provider: PKCE with S256, codes that work once, a nonce,
// the issuer along with the code (RFC 9207), and signed ID tokens.
package localprovider

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-go/latchkey/providers"
)

// Provider is a running provider with one client, the application that started
// it.
type Provider struct {
	// Issuer is its URL, "http://127.0.0.1:…".
	Issuer string
	// ClientID and ClientSecret are the client's. The secret is new at each
	// start.
	ClientID, ClientSecret string

	server *http.Server
	signer jose.Signer
	keys   jose.JSONWebKeySet
	mu     sync.Mutex
	grants map[string]grant // by kind and secret
}

// Start runs a provider until Close. addr is IP:PORT; "" means a free port of
// 127.0.0.1. An address that is not a loopback address is refused.
func Start(addr string) (*Provider, error) {
	at, err := netip.ParseAddrPort(cmp.Or(addr, "127.0.0.1:0"))
	if err != nil || !at.Addr().IsLoopback() {
		return nil, fmt.Errorf("localprovider: %q is not a loopback address with a port, such as 127.0.0.1:9000", addr)
	}
	p := &Provider{ClientID: "example", ClientSecret: rand.Text(), grants: map[string]grant{}}
	if err := p.makeKey(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	p.Issuer = "http://" + listener.Addr().String()
	p.server = &http.Server{
		Handler: ownHost(http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(p.routes(), 64<<10)),
			at.Addr()),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	go func() { _ = p.server.Serve(listener) }() // until Close
	return p, nil
}

// ownHost refuses requests whose Host is neither the provider's address nor a
// name of this machine: a site whose name somebody has made resolve to it would
// be the provider's own origin to a browser (DNS rebinding).
func ownHost(next http.Handler, own netip.Addr) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
		ip, err := netip.ParseAddr(host)
		if err == nil && (ip.IsLoopback() || ip == own) || host == "localhost" || strings.HasSuffix(host, ".localhost") {
			next.ServeHTTP(w, r)
			return
		}
		http.Error(w, "this host is not the provider's: open it at its own address", http.StatusMisdirectedRequest)
	})
}

// Client returns the application's side, named "local": the same hardened
// client that calls any other service, with the one insecure option that lets
// it use http on this machine.
func (p *Provider) Client() (*providers.Provider, error) {
	return providers.OIDC(providers.OIDCOptions{
		Name: "local", Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: p.ClientSecret, InsecureLoopback: true,
		Brand: providers.Brand{Title: "the local provider", Color: "#2F6F4F"},
	})
}

// Close stops the provider.
func (p *Provider) Close() error { return p.server.Close() }

func (p *Provider) makeKey() error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key := jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}
	p.keys.Keys = []jose.JSONWebKey{key.Public()}
	p.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{}).WithType("JWT"))
	return err
}

func (p *Provider) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.metadata)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, p.keys) })
	mux.HandleFunc("GET /authorize", p.ask)
	mux.HandleFunc("POST /authorize", p.decide)
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	return mux
}

// metadata serves OpenID Connect Discovery, section 3.
func (p *Provider) metadata(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                p.Issuer,
		"authorization_endpoint":                p.Issuer + "/authorize",
		"token_endpoint":                        p.Issuer + "/token",
		"userinfo_endpoint":                     p.Issuer + "/userinfo",
		"jwks_uri":                              p.Issuer + "/keys",
		"scopes_supported":                      []string{"openid", "email", "profile"},
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},

		"authorization_response_iss_parameter_supported": true,
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
