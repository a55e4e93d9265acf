package oidc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Where the application has its routes.
const (
	byJWT       = "/auth/jwt/zitadel"
	byCookie    = "/auth/cookie/zitadel"
	association = "/auth/associate/zitadel"
)

// app is an application on https with every setting at its secure default, and
// the identity provider that it trusts.
type app struct {
	*latchkey.Auth[latchkey.User]
	t        *testing.T
	kept     stores
	social   *oauth.OAuth
	server   *httptest.Server
	provider *identityProvider
	log      bytes.Buffer
}

// settings change an application before it starts. The zero value keeps
// everything in memory and is the web client.
type settings struct {
	kept   stores
	start  func(t *testing.T, redirectURIs ...string) *identityProvider // default: startZitadel
	client func(*providers.OIDCOptions)
	wrap   func(core.Provider) core.Provider
}

func newApp(t *testing.T, s settings) *app {
	t.Helper()
	if s.kept.users == nil {
		s.kept = inMemory()
	}
	mux := http.NewServeMux()
	a := &app{t: t, kept: s.kept, server: httptest.NewUnstartedServer(mux)}
	a.server.StartTLS()
	t.Cleanup(a.server.Close)
	if s.start == nil {
		s.start = startZitadel
	}
	a.provider = s.start(t, a.server.URL+byJWT+"/callback", a.server.URL+byCookie+"/callback", a.server.URL+association+
		"/callback")
	a.social = a.newSocial(s)
	a.Auth = a.newAuth()
	t.Cleanup(func() { a.close() })
	httpauth.Mount(mux, byJWT, a.OAuth("zitadel", "jwt"))
	httpauth.Mount(mux, byCookie, a.OAuth("zitadel", "cookie"))
	httpauth.Mount(mux, association, a.Associate("zitadel"))
	httpauth.Mount(mux, "/auth/jwt", a.Exchange("jwt"))
	httpauth.Mount(mux, "/auth/cookie", a.Login("cookie"))
	httpauth.Mount(mux, "/auth", a.Register(), a.Accounts())
	httpauth.Mount(mux, "/users", a.Users())
	return a
}

func (a *app) newSocial(s settings) *oauth.OAuth {
	a.t.Helper()
	client := providers.OIDCOptions{
		Name: "zitadel", Issuer: a.provider.issuer, ClientID: webClient, ClientSecret: clientSecret, InsecureLoopback: true,
		Scopes: []string{"openid", "email", "profile", "offline_access"},
	}
	if s.client != nil {
		s.client(&client)
	}
	provider, err := providers.OIDC(client)
	if err != nil {
		a.t.Fatal(err)
	}
	var wrapped core.Provider = provider
	if s.wrap != nil {
		wrapped = s.wrap(provider)
	}
	social, err := oauth.New(oauth.Options{
		Accounts: a.kept.accounts, Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: wrapped}},
		Tickets:   a.kept.tickets, Vault: []oauth.Key{{ID: "k1", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return social
}

func (a *app) newAuth() *latchkey.Auth[latchkey.User] {
	a.t.Helper()
	key, err1 := jwt.HS256("k1", []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"))
	tokens, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
	sessions, err3 := session.New(a.kept.sessions, session.Options{})
	cookies, err4 := cookie.New(cookie.Options{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		a.t.Fatal(err)
	}
	auth, err := latchkey.New(a.kept.users, latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{
			{Name: "jwt", Transport: bearer.New(bearer.Options{}), Strategy: tokens},
			{Name: "cookie", Transport: cookies, Strategy: sessions},
		},
		Flows: a.social.Flows(), Tickets: a.kept.tickets, BaseURL: a.server.URL,
		Log: slog.New(slog.NewTextHandler(io.MultiWriter(a.t.Output(), &a.log), nil)),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return auth
}

// close waits for the application's work outside of requests.
func (a *app) close() {
	a.t.Helper()
	if err := a.Close(context.WithoutCancel(a.t.Context())); err != nil {
		a.t.Error(err)
	}
}

// wantUsers checks how many users there are.
func (a *app) wantUsers(want int) {
	a.t.Helper()
	if users, _, err := a.kept.users.List(a.t.Context(), core.Query{Limit: 10}); err != nil || len(users) != want {
		a.t.Errorf("there are %d users (%v), want %d", len(users), err, want)
	}
}
