package openapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/latchkey-go/latchkey/openapi/viewer"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user, with columns of every kind.
type Account struct {
	latchkey.User
	Name  string   `json:"name" auth:"register,update,required"`
	Motto *string  `json:"motto" auth:"register,update"`
	Tags  []string `json:"tags" auth:"update"`
	Plan  string   `json:"plan" openapi:"enum=free|team"`
}

var secret = []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")

// app is the application: two bearer backends, JWTs at "api" and sessions at
// "app", the cookie "web", and API keys.
type app struct {
	auth    *latchkey.Auth[Account]
	doc     *openapi.Document
	handler http.Handler
}

func newApp(t *testing.T, o openapi.Options) *app {
	t.Helper()
	tickets, users, credentials := memstore.NewTickets(nil), memstore.NewUsers[Account](), memstore.NewCredentials(nil)
	key, err1 := jwt.HS256("", secret)
	tokens, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: tickets})
	sessions, err3 := session.New(memstore.NewSessions(nil), session.Options{})
	cookies, err4 := cookie.New(cookie.Options{})
	mails, err5 := outbox.New(outbox.Options{})
	keys, err6 := apikey.New(credentials, apikey.Options{Backend: "keys", Prefix: "shop", Scopes: []string{"orders:read"}})
	auth, err7 := latchkey.New(users, latchkey.Options[Account]{
		Backends: []latchkey.Backend{
			{Name: "api", Transport: bearer.New(bearer.Options{LoginURL: "/auth/api/login"}), Strategy: tokens},
			{Name: "app", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
			{Name: "web", Transport: cookies, Strategy: sessions},
			{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys},
		},
		Flows: []latchkey.Flow{
			verify.Flow{}, reset.Flow{}, audit.Flow{Store: memstore.NewAudit(), Own: true}, devicegrant.Flow{}, keys.Flow(),
		},
		SelfExport: true,
		Hooks:      latchkey.Hooks[Account]{BeforeRegister: onFreePlan},
		Tickets:    tickets, Credentials: credentials, Sender: mails, BaseURL: "https://shop.example",
		Hashers: []core.Hasher{plain{}}, Log: slog.New(slog.DiscardHandler),
	})
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		t.Fatal(err)
	}
	api := slices.Concat(
		auth.Login("api").At("/auth/api"), auth.Login("app").At("/auth/app"), auth.Login("web").At("/auth/web"),
		auth.Register().At("/auth"), auth.Verify().At("/auth"), auth.Reset().At("/auth"), auth.Sessions().At("/auth"),
		auth.Keys().At("/auth"), auth.APIKeys().At("/auth"), auth.Audit().At("/auth"), auth.Device("app").At("/auth/app"),
		auth.Device("web").At("/auth/web"), auth.Users().At("/users"),
	)
	doc, err := openapi.New(o, api)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", api, doc.Group(), viewer.Group("openapi.json", viewer.Options{Title: "Shop"}).At("/docs"))
	return &app{auth, doc, mux}
}

// plain hashes nothing, which costs nothing.
type plain struct{}

func (plain) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("plain$" + password), nil
}
func (plain) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "plain$") }
func (plain) Outdated(core.PasswordHash) bool { return false }
func (plain) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "plain$"+password, nil
}

func onFreePlan(_ context.Context, e *latchkey.Event[Account]) error {
	e.User.Plan = "free"
	return nil
}

// serve serves the application over TLS, which its cookie needs, and checks
// every answer. The client keeps cookies.
func (a *app) serve(t *testing.T) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(a.doc.Checker().Handler(a.handler, func(err error) { t.Error(err) }))
	t.Cleanup(server.Close)
	client = server.Client()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client.Jar = jar
	return server.URL, client
}
