package oidc_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Clients registered at the identity provider. The public one has no secret, so
// it must use PKCE.
const (
	webClient    = "web"
	clientSecret = "the secret of the web client"
	publicClient = "public"
)

// People with an account at the identity provider, and their password.
const (
	ada            = "test-user@127.0.0.1"
	adaEmail       = "test-user@zitadel.ch"
	bob            = "test-user2"
	personPassword = "verysecure"
)

// identityProvider is zitadel's example server, which can be stopped and
// started again on the same address, or a process (node_test.go).
type identityProvider struct {
	issuer  string
	rotate  func() // replaces the signing key; the old one is no longer published
	address string
	server  *httptest.Server

	mu      sync.Mutex // one request at a time: the example's storage reads some of its maps without a lock
	routes  http.Handler
	storage *rotating
}

// rotating is the example's storage with another one's key, since its own never
// changes.
type rotating struct {
	*storage.Storage
	key *storage.Storage
}

func (r *rotating) SigningKey(ctx context.Context) (op.SigningKey, error) {
	return r.key.SigningKey(ctx)
}
func (r *rotating) KeySet(ctx context.Context) ([]op.Key, error) { return r.key.KeySet(ctx) }

func startZitadel(t *testing.T, redirectURIs ...string) *identityProvider {
	t.Helper()
	p := &identityProvider{address: "127.0.0.1:0"}
	p.rotate = p.rotateKeys
	p.start(t)
	t.Cleanup(p.stop)
	p.issuer = p.server.URL
	people := storage.NewUserStore(p.issuer)
	kept := storage.NewStorageWithClients(people, map[string]*storage.Client{
		webClient:    storage.WebClient(webClient, clientSecret, redirectURIs...),
		publicClient: storage.NativeClient(publicClient, redirectURIs...),
	})
	p.storage = &rotating{kept, kept}
	p.routes = exampleop.SetupServer(p.issuer, p.storage, slog.New(slog.DiscardHandler), false)
	return p
}

// start listens where the provider listened before.
func (p *identityProvider) start(t *testing.T) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	p.server = httptest.NewUnstartedServer(p)
	_ = p.server.Listener.Close()
	p.server.Listener = listener
	p.server.Start()
}

func (p *identityProvider) stop() { p.server.Close() }

func (p *identityProvider) rotateKeys() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.storage.key = storage.NewStorage(storage.NewUserStore(p.issuer))
}

// ServeHTTP implements http.Handler.
func (p *identityProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes.ServeHTTP(w, r)
}

// accepts reports whether an access token opens the userinfo endpoint.
func (p *identityProvider) accepts(t *testing.T, access string) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.issuer+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+access)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
