package main

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers/localprovider"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// development is what the program has on a developer's machine alone, and what
// tests and demonstrations set. Nothing of it belongs into an application.
type development struct {
	baseURL      string
	secret       []byte // SECRET, or one that is kept beside the database
	insecureHTTP bool
	noLimits     bool
	mailDelay    time.Duration
	sender       latchkey.Sender
	outbox       *outbox.Outbox
	templates    fs.FS // of the strip; nil off loopback
	stylesheets  []string
	local        *localprovider.Provider // nil where it is off
	addr         string
	clientIP     latchkey.ClientIP // by TRUSTED_PROXIES, "10.0.0.0/8,…"
}

//go:embed strip/below.html strip/strip.css
var strip embed.FS

// newDevelopment reads the environment. On loopback it adds a strip to the
// pages and, while the program serves, the local provider.
func newDevelopment(addr, database string, serving bool) (*development, error) {
	d := &development{
		addr: addr, baseURL: cmp.Or(os.Getenv("BASE_URL"), "http://"+named(addr)), noLimits: os.Getenv("LIMITS") == "off",
		insecureHTTP: os.Getenv("INSECURE_HTTP") == "on",
	}
	var err error
	if d.secret, err = secret(os.Getenv("SECRET"), database); err != nil {
		return nil, err
	}
	if d.clientIP, err = clientIP(os.Getenv("TRUSTED_PROXIES")); err != nil {
		return nil, err
	}
	if os.Getenv("SMTP_URL") == "" {
		if d.outbox, err = outbox.New(outbox.Options{App: "Quickstart"}); err != nil {
			return nil, err
		}
		d.sender, d.mailDelay = d.outbox, -1 // a developer looks at once; the delay hides who is registered
	}
	if !d.onLoopback() {
		return d, nil
	}
	if strings.HasPrefix(d.baseURL, "http:") {
		d.insecureHTTP = true // Safari keeps no Secure cookie of http, on this machine neither
	}
	if d.templates, err = fs.Sub(strip, "strip"); err != nil {
		return nil, err
	}
	d.stylesheets = []string{"/dev/strip.css"}
	if serving && os.Getenv("LOCAL_PROVIDER") != "off" {
		d.local, err = localprovider.Start(os.Getenv("LOCAL_PROVIDER_ADDR"))
	}
	return d, err
}

func clientIP(networks string) (latchkey.ClientIP, error) {
	if networks == "" {
		return latchkey.Direct, nil
	}
	var proxies []netip.Prefix
	for text := range strings.SplitSeq(networks, ",") {
		network, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES must be networks like 10.0.0.0/8: %w", err)
		}
		proxies = append(proxies, network)
	}
	return latchkey.Proxies(proxies...), nil
}

// named is an address as people write it. On this machine it has a name, since
// passkeys belong to one.
func named(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	here := host == "" || host == "127.0.0.1" || host == "::1" || ip != nil && ip.IsUnspecified()
	if err == nil && here {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}

// onLoopback reports whether only this machine can reach the program, and the
// base URL says so too.
func (d *development) onLoopback() bool {
	isLoopback := func(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }
	host, _, _ := net.SplitHostPort(d.addr)
	u, err := url.Parse(d.baseURL)
	return err == nil && isLoopback(host) && isLoopback(u.Hostname())
}

// secret returns the one given, or the one that is kept beside the database, so
// that tokens survive a restart.
func secret(given, database string) ([]byte, error) {
	if given != "" {
		return []byte(given), nil
	}
	file, _, _ := strings.Cut(database, "?")
	file += ".secret"
	kept, err := os.ReadFile(file)
	if !errors.Is(err, os.ErrNotExist) {
		return kept, err
	}
	var b [32]byte
	rand.Read(b[:])
	made := []byte(base64.RawURLEncoding.EncodeToString(b[:]))
	if err := os.WriteFile(file, made, 0o600); err != nil {
		return nil, fmt.Errorf("SECRET is not set and none can be kept: %w", err)
	}
	return made, nil
}

// key returns a key for a purpose: d.secret itself signs JWTs.
func (d *development) key(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, d.secret, nil, "quickstart "+purpose, 32)
}

// vault returns the key that seals the secrets of second factors.
func (d *development) vault() ([]core.VaultKey, error) {
	key, err := d.key("vault")
	return []core.VaultKey{{ID: "1", Secret: key}}, err
}

// flows returns those for passkeys, unless the base URL has an IP address, to
// which none can belong, and for logging in at the local provider.
func (d *development) flows(store *sqlstore.Store, keys latchkey.Flow) (all []latchkey.Flow, err error) {
	if u, err := url.Parse(d.baseURL); err == nil && net.ParseIP(u.Hostname()) == nil {
		all = append(all, keys)
	}
	if d.local == nil {
		return all, nil
	}
	client, err := d.local.Client()
	if err != nil {
		return nil, err
	}
	sealing, err := d.key("oauth")
	if err != nil {
		return nil, err
	}
	social, err := oauth.New(oauth.Options{
		Accounts: store.OAuthAccounts(), Secret: sealing, Tickets: store.Tickets(), InsecureHTTP: d.insecureHTTP,
		Providers: []oauth.Provider{{Provider: client, VerifiedByDefault: true}}, BaseURLs: d.otherNames(),
	})
	if err != nil {
		return nil, err
	}
	return append(all, social.Flows()...), nil
}

// otherNames are those by which a browser on this machine may know the program.
func (d *development) otherNames() []string {
	_, port, _ := net.SplitHostPort(d.addr)
	return []string{"http://localhost:" + port, "http://127.0.0.1:" + port}
}

// begin creates the superuser of the environment, and says what to do next.
func (d *development) begin(ctx context.Context, auth *latchkey.Auth[Account]) error {
	if err := createSuperuser(ctx, auth); err != nil {
		return err
	}
	fmt.Print(d.welcome())
	return nil
}

func createSuperuser(ctx context.Context, auth *latchkey.Auth[Account]) error {
	email, password := os.Getenv("SUPERUSER_EMAIL"), os.Getenv("SUPERUSER_PASSWORD")
	if email == "" && password == "" {
		return nil
	}
	if email == "" || password == "" {
		return errors.New("SUPERUSER_EMAIL and SUPERUSER_PASSWORD must be set together, or not at all")
	}
	admin := &Account{User: latchkey.User{Email: email, IsActive: true, IsSuperuser: true, IsVerified: true}}
	err := auth.Manager().Create(ctx, admin, password)
	if errors.Is(err, latchkey.Refuse("REGISTER_USER_ALREADY_EXISTS")) {
		return nil // made at an earlier start
	}
	return err
}

func (d *development) welcome() string {
	mails := "go to SMTP_URL"
	if d.outbox != nil {
		mails = "are kept at /dev/outbox"
	}
	cookies := ""
	if d.insecureHTTP {
		cookies = "Cookies are not Secure, since the address is http (INSECURE_HTTP).\n"
	}
	at, name := "http://"+named(d.addr), ""
	if strings.HasPrefix(at, "http://localhost:") {
		name = " (at 127.0.0.1 everything works but passkeys)"
	}
	return fmt.Sprintf(`Latchkey's quickstart listens: open %[1]s in a browser%[4]s. Mails %[2]s.
%[3]sOr try the API, which is described at %[1]s/docs, in another terminal:

  curl %[1]s/auth/register -H 'Content-Type: application/json' \
       -d '{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}'
  curl %[1]s/auth/jwt/login -d username=ada@example.org -d 'password=analytical engine'
  curl %[1]s/authenticated-route -H 'Authorization: Bearer <the access_token>'

Stop it with Ctrl-C. examples/quickstart/README.md goes on from here.
`, at, mails, cookies, name)
}

func (d *development) mount(mux *http.ServeMux) {
	if d.outbox != nil {
		mux.Handle("GET /dev/outbox", d.outbox)
	}
	if d.templates != nil {
		mux.HandleFunc("GET /dev/strip.css", func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, d.templates, "strip.css")
		})
	}
}

func (d *development) close() error {
	if d.local == nil {
		return nil
	}
	return d.local.Close()
}
