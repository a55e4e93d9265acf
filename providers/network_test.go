package providers_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// tunnel is a proxy. It leads every CONNECT to one server.
type tunnel struct {
	mu    sync.Mutex
	asked []string
	to    string
}

func (p *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.RequestURI)
	to := p.to
	p.mu.Unlock()
	if r.Method != http.MethodConnect || to == "" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(server, client) }()
	_, _ = io.Copy(client, server)
}

// lead makes the tunnel end at a server and returns what it receives from now
// on.
func (p *tunnel) lead(to string) func() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to, p.asked = to, nil
	return func() []string {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Compact(slices.Clone(p.asked))
	}
}

// environment is the proxy that the environment of these tests names.
// net/http reads it once.
var environment tunnel

func TestMain(m *testing.M) {
	proxy := httptest.NewServer(&environment)
	_ = os.Setenv("HTTPS_PROXY", proxy.URL)
	_ = os.Setenv("HTTP_PROXY", proxy.URL)
	os.Exit(m.Run())
}

// startTLS starts a service with a certificate for example.com and its
// subdomains, by an authority of its own.
func startTLS(t *testing.T, h http.Handler) (address string, authority *x509.CertPool) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	authority = x509.NewCertPool()
	authority.AddCert(server.Certificate())
	return server.Listener.Addr().String(), authority
}

// over returns a provider for a service at base that uses a transport.
func over(t *testing.T, base string, transport *http.Transport) core.Provider {
	t.Helper()
	o := oauth2Options(base)
	o.Transport = transport
	p, err := providers.OAuth2(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFieldM1Proxies(t *testing.T) {
	address, authority := startTLS(t, http.HandlerFunc(tokenThenProfile))
	const base = "https://idp.example.com"
	want := []string{"CONNECT idp.example.com:443"}

	asked := environment.lead(address)
	if _, _, err := finish(over(t, base, nil)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an authority that nobody knows: %v", err)
	}
	if got := asked(); !slices.Equal(got, want) {
		t.Errorf("the environment's proxy is asked for %q, want %q", got, want)
	}

	asked = environment.lead(address)
	trusting := &tls.Config{RootCAs: authority}
	with := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: trusting}
	if who, _, err := finish(over(t, base, with)); err != nil || who.Subject != "7" || !slices.Equal(asked(), want) {
		t.Errorf("with proxy and authority: %q, %v; the proxy is asked for %q", who.Subject, err, asked())
	}

	own := &tunnel{to: address}
	proxy := httptest.NewServer(own)
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	asked = environment.lead("")
	with = &http.Transport{Proxy: http.ProxyURL(at), TLSClientConfig: trusting}
	if who, _, err := finish(over(t, base, with)); err != nil || who.Subject != "7" || len(asked()) != 0 {
		t.Errorf("through a proxy of its own: %q, %v; the environment's is asked for %q", who.Subject, err, asked())
	}
	who, _, err := finish(over(t, "https://"+address, &http.Transport{TLSClientConfig: trusting}))
	if err != nil || who.Subject != "7" || len(asked()) != 0 {
		t.Errorf("without a proxy: %q, %v; the environment's is asked for %q", who.Subject, err, asked())
	}
}

// TestFieldM1Presets: the option is there for every constructor.
func TestFieldM1Presets(t *testing.T) {
	address, authority := startTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/access_token") {
			fmt.Fprint(w, `{"access_token":"the-access-token"}`)
			return
		}
		fmt.Fprint(w, `{"id":7}`)
	}))
	p := providers.Gitea("https://"+address, "the-client", "the-secret",
		providers.WithTransport(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority}}))
	if who, _, err := finish(p); err != nil || who.Subject != "7" {
		t.Errorf("got %q, %v", who.Subject, err)
	}
	if providers.GitHub("id", "secret", providers.WithTransport(nil)).Err() == nil {
		t.Error("no transport is taken")
	}
}

// TestFieldM1HTTP2: a copy of a transport speaks what the transport would.
func TestFieldM1HTTP2(t *testing.T) {
	protocols := make(chan string, 9)
	address, authority := startTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols <- r.Proto
		tokenThenProfile(w, r)
	}))
	config := func() *tls.Config { return &tls.Config{RootCAs: authority} }
	fallback := http.DefaultTransport.(*http.Transport).Clone()
	fallback.TLSClientConfig = config()
	unused := &http.Transport{}
	unused.Clone() // sets what it offers to servers
	unused.TLSClientConfig.RootCAs = authority
	for want, transport := range map[string]*http.Transport{
		"HTTP/1.1": {TLSClientConfig: config()}, "HTTP/2.0": fallback, "HTTP/2": unused,
	} {
		if _, _, err := finish(over(t, "https://"+address, transport)); err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if got := <-protocols; !strings.HasPrefix(got, want) {
			t.Errorf("it speaks %s, want %s", got, want)
		}
		<-protocols
	}
}

func TestFieldM1CertificatesAreVerified(t *testing.T) {
	address, authority := startTLS(t, http.HandlerFunc(tokenThenProfile))
	for name, c := range map[string]struct {
		config *tls.Config
		ok     bool
	}{
		"by nobody":      {&tls.Config{InsecureSkipVerify: true}, false},
		"by another one": {&tls.Config{InsecureSkipVerify: true, VerifyConnection: verifiedBy(authority)}, true},
		"by its own":     {&tls.Config{RootCAs: authority}, true},
	} {
		o := oauth2Options("https://" + address)
		o.Transport = &http.Transport{TLSClientConfig: c.config}
		p, err := providers.OAuth2(o)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		} else if err == nil {
			if _, _, err := finish(p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// verifiedBy returns what verifies certificates in place of crypto/tls.
func verifiedBy(authority *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: authority})
		return err
	}
}

// TestFieldM1Bounds: a caller's transport has the bounds of the package.
func TestFieldM1Bounds(t *testing.T) {
	providertest.Run(t, providertest.Harness{Profile: flatProfile,
		New: func(s providertest.Service) (core.Provider, error) {
			return providers.OAuth2(providers.OAuth2Options{
				Name: "acme", AuthorizeURL: s.AuthorizeURL, TokenURL: s.TokenURL, ProfileURL: s.ProfileURL,
				ClientID: s.ClientID, ClientSecret: s.ClientSecret,
				Fields:    providers.Fields{Subject: "{id}", Email: "{email}", Verified: []string{"verified"}},
				Transport: &http.Transport{DialTLSContext: s.Dial, MaxResponseHeaderBytes: 1 << 40},
			})
		}})
}

// TestFieldM1ProxiesThatMisbehave: a proxy has no more time and no more bytes
// than a service.
func TestFieldM1ProxiesThatMisbehave(t *testing.T) {
	for name, c := range map[string]struct {
		do   http.HandlerFunc
		late bool
	}{
		"silent": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true},
		"endless header": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1<<10))
			}
		}, false},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://192.0.2.1/", http.StatusFound)
		}, false},
		"a password":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(407) }, false},
		"another thing": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := providertest.NewNetwork(c.do)
				defer network.Close()
				at := &url.URL{Scheme: "http", Host: "proxy.example:3128", User: url.UserPassword("canary", "canary")}
				p := over(t, "https://idp.example", &http.Transport{Proxy: http.ProxyURL(at), DialContext: network.Dial})
				start := time.Now()
				_, _, err := finish(p)
				took := time.Since(start)
				if err == nil || errors.Is(err, context.DeadlineExceeded) != c.late || took > 10*time.Second ||
					strings.Contains(err.Error(), "canary") {
					t.Errorf("after %v: %v", took, err)
				}
			})
		})
	}
	bad := func(r *http.Request) (*url.URL, error) { return nil, errors.New("canary " + r.URL.String()) }
	_, _, err := finish(over(t, "https://idp.example/?canary", &http.Transport{Proxy: bad}))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a proxy that cannot be chosen: %v", err)
	}
}

// TestFieldM1PlainHTTPHasNoProxy: the check that plain http stays on this
// machine is made at the connection, and a proxy would be on this machine.
func TestFieldM1PlainHTTPHasNoProxy(t *testing.T) {
	asked := environment.lead("")
	proxy, err := url.Parse(os.Getenv("HTTP_PROXY"))
	if err != nil {
		t.Fatal(err)
	}
	for _, transport := range []*http.Transport{nil, {Proxy: http.ProxyURL(proxy)}} {
		o := oauth2Options("http://192.0.2.1")
		o.InsecureLoopback, o.Transport = true, transport
		p, err := providers.OAuth2(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := finish(p); err == nil || !strings.Contains(err.Error(), "loopback") || len(asked()) > 0 {
			t.Errorf("got %v; the proxy is asked for %q", err, asked())
		}
	}
}
