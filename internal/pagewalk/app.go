// Package pagewalk walks through the HTML pages of an application as a browser
// without script does: it opens links and sends the forms that it finds. The
// same walk runs over any framework's adapter. It is for tests alone.
//
//	app := pagewalk.New(t, "/nested", nil)
//	httpauth.Mount(mux, "/nested", app.Routes())
//	app.Walk(t, pagewalk.Handler(mux))
package pagewalk

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/impersonation"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/pages"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user type, with columns of many types.
type Account struct {
	latchkey.User
	FullName   string    `json:"full_name" auth:"register,required,update"`
	Newsletter bool      `json:"newsletter" auth:"register,update"`
	Age        *int      `json:"age" auth:"update"`
	Nick       *string   `json:"nick" auth:"update"`
	Tags       []string  `json:"tags" auth:"update"`
	Born       time.Time `json:"born" auth:"update"`
	Plan       string    `json:"plan" auth:"update"`
	Settings   struct{}  `json:"settings" auth:"update"` // not for forms
	Internal   string    // not for clients
	// Pin is what the second factor asks for; "" for none.
	Pin string
}

// Options are those of the application, before it is made.
type Options struct {
	Pages pages.Options
	latchkey.Options[Account]
	// Cookie is that of the backend "web".
	Cookie cookie.Options
	// Providers are those to log in at. Default: Acme.
	Providers []oauth.Provider
	// Without are the API's parts that the application lacks: verify,
	// reset, email-change, factors, keys, devices, audit or social.
	Without []string
}

// App is an application with pages, over memstore.
type App struct {
	*latchkey.Auth[Account]
	Users *memstore.Users[Account]
	Box   *outbox.Outbox
	// Prefix is where Routes is mounted.
	Prefix string

	origin  string // of the base URL
	devices bool   // whether devices log in
}

var many = latchkey.Limit{Events: 10_000, Window: time.Minute}

// Password is one that the policy accepts.
const Password = "analytical engine"

// Careful is the address of a user who must have a second factor.
const Careful = "jo@example.org"

// New makes an application whose Routes will be mounted at a prefix. edit may
// be nil.
func New(t testing.TB, prefix string, edit func(*Options)) *App {
	t.Helper()
	o := &Options{Pages: pages.Options{App: "Acme <Ltd>", Admin: true, Fields: map[string]pages.Field{
		"plan": {Choices: []pages.Choice{{Value: "", Label: "none"}, {Value: "gold", Label: "Gold"}}}, "born": {Type: "date"},
	}}}
	box, err1 := outbox.New(outbox.Options{App: "Acme"})
	a := &App{Users: memstore.NewUsers[Account](), Box: box, Prefix: prefix}
	o.Providers = []oauth.Provider{{Provider: Acme{}, VerifiedByDefault: true}}
	o.Options = latchkey.Options[Account]{
		Tickets: memstore.NewTickets(nil), Credentials: memstore.NewCredentials(nil),
		Vault:         []core.VaultKey{{ID: "test", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}},
		RequireFactor: func(_ context.Context, u *Account) (bool, error) { return u.Email == Careful, nil },
		Sender:        box, BaseURL: Origin, MailDelay: -1, Hashers: []core.Hasher{Unhashed{}},
		Log: slog.New(slog.DiscardHandler), SelfDelete: true,
		// A walk is one client network's.
		Limits: latchkey.Limits{LoginAttempts: many, FactorAttempts: many, NetworkChanges: many, Registrations: many},
	}
	if edit != nil {
		edit(o)
	}
	base, err0 := url.Parse(o.BaseURL)
	site, err2 := pages.New(o.Pages)
	o.Cookie.Now = o.Now
	cookies, err3 := cookie.New(o.Cookie)
	sessions, err4 := session.New(memstore.NewSessions(o.Now), session.Options{Now: o.Now})
	social, err5 := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: o.Providers, InsecureHTTP: o.Cookie.InsecureHTTP,
	})
	if err := errors.Join(err0, err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	a.origin = base.Scheme + "://" + base.Host
	o.Backends = append(o.Backends, latchkey.Backend{Name: "web", Transport: cookies, Strategy: sessions})
	o.Flows = append(o.Flows, impersonation.Flow{}, site, Pin(func(u core.AnyUser) string { return u.(*Account).Pin }))
	o.addFlows(t, social)
	a.devices = !slices.Contains(o.Without, "devices")
	if a.devices {
		tokens := bearer.New(bearer.Options{Now: o.Now})
		o.Backends = append(o.Backends, latchkey.Backend{Name: "cli", Transport: tokens, Strategy: sessions})
		o.Flows = append(o.Flows, devicegrant.Flow{Interval: time.Second})
	}
	o.Flows = pages.Links(prefix, o.Flows...)
	var err error
	if a.Auth, err = latchkey.New(a.Users, o.Options); err != nil {
		t.Fatal(err)
	}
	return a
}

// addFlows adds what the application is not without.
func (o *Options) addFlows(t testing.TB, social *oauth.OAuth) {
	t.Helper()
	if !slices.Contains(o.Without, "factors") {
		o.Flows = append(o.Flows, totp.Flow{}, recovery.Flow{}, trusted.Flow{}, maillogin.Flow{SignUp: true})
	} else {
		o.RequireFactor = nil
	}
	if !slices.Contains(o.Without, "verify") {
		o.Flows = append(o.Flows, verify.Flow{OnRegister: true})
	}
	if !slices.Contains(o.Without, "reset") {
		o.Flows = append(o.Flows, reset.Flow{})
	}
	if !slices.Contains(o.Without, "email-change") {
		o.Flows = append(o.Flows, emailchange.Flow{Confirm: true})
	}
	if !slices.Contains(o.Without, "audit") {
		o.Flows = append(o.Flows, audit.Flow{Store: memstore.NewAudit(), Own: true})
	}
	if !slices.Contains(o.Without, "social") {
		o.Flows = append(o.Flows, social.Flows()...)
	}
	if !slices.Contains(o.Without, "keys") {
		o.addKeys(t)
	}
}

// addKeys adds API keys.
func (o *Options) addKeys(t testing.TB) {
	t.Helper()
	keys, err := apikey.New(o.Credentials, apikey.Options{
		Backend: "keys", Prefix: "acme", Scopes: []string{"orders:read", "orders:write"}, Now: o.Now, MakeLimit: many,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Backends = append(o.Backends, latchkey.Backend{
		Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys,
	})
	o.Flows = append(o.Flows, keys.Flow())
}

// Routes are the pages and the API, which is below /api.
func (a *App) Routes() core.Group {
	all := slices.Concat(a.Pages("web"), a.Login("web").At("/api/web"), a.Register().At("/api"),
		a.Auth.Users().At("/api/users"),
		a.Sessions().At("/api"))
	if a.devices {
		all = append(all, a.Device("cli").At("/api/cli")...)
	}
	return all
}

// Mail returns the path of the link of the newest mail, below Prefix.
func (a *App) Mail(t testing.TB, kind string) string {
	t.Helper()
	if err := a.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	mails := a.Box.Mails()
	if len(mails) == 0 || mails[len(mails)-1].Kind != kind {
		t.Fatalf("the newest of %d mails is not a %s mail", len(mails), kind)
	}
	_, link, _ := strings.Cut(mails[len(mails)-1].Text, a.origin+a.Prefix)
	link, _, _ = strings.Cut(link, "\n")
	return strings.TrimSpace(link)
}

// Code returns the code of the newest mail.
func (a *App) Code(t testing.TB) string {
	t.Helper()
	if err := a.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	mails := a.Box.Mails()
	if len(mails) == 0 || mails[len(mails)-1].Code == "" {
		t.Fatalf("the newest of %d mails has no code", len(mails))
	}
	return mails[len(mails)-1].Code
}

// Add stores an active user with Password.
func (a *App) Add(t testing.TB, address string, edit func(*Account)) *Account {
	t.Helper()
	u := &Account{User: core.User{Email: address, EmailKey: address, IsActive: true, IsVerified: true}, FullName: "Ada"}
	u.HashedPassword, _ = Unhashed{}.Hash(Password)
	if edit != nil {
		edit(u)
	}
	if err := a.Users.Create(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	return u
}

// Edit changes a stored user behind the application's back.
func (a *App) Edit(t testing.TB, address string, edit func(*Account)) {
	t.Helper()
	_, err := a.Users.Update(context.Background(), a.Of(t, address).ID, func(u *Account) error {
		edit(u)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Of returns the user of an address, as the store has them.
func (a *App) Of(t testing.TB, address string) *Account {
	t.Helper()
	u, err := a.Users.Find(context.Background(), core.ByEmail(address))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Unhashed is a hasher for tests that are not about hashing.
type Unhashed struct{}

// Hash returns the password itself.
func (Unhashed) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("unhashed$" + password), nil
}

// Knows reports whether Hash made it.
func (Unhashed) Knows(h core.PasswordHash) bool { return strings.HasPrefix(string(h), "unhashed$") }

// Verify compares.
func (Unhashed) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "unhashed$"+password, nil
}

// Outdated is false.
func (Unhashed) Outdated(core.PasswordHash) bool { return false }

// Acme is a provider whose code is the identity that it stands for.
type Acme struct{}

// Name is "acme".
func (Acme) Name() string { return "acme" }

// Brand has a color.
func (Acme) Brand() core.Brand { return core.Brand{Title: "Acme & Co", Color: "#ffcc00"} }

// Begin returns a URL at acme.example.
func (Acme) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	q := url.Values{"state": {b.State}, "redirect_uri": {b.RedirectURI}}
	return "https://acme.example/authorize?" + q.Encode(), nil
}

// Finish reads the code.
func (Acme) Finish(_ context.Context, f core.OAuthFinish) (id core.OAuthIdentity, _ core.OAuthTokens, err error) {
	return id, core.OAuthTokens{Access: "access"}, json.Unmarshal([]byte(f.Code), &id)
}
