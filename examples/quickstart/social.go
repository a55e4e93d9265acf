package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/go-chi/chi/v5"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/examples/localprovider"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

// social gives the flows of logging in at the local provider, which is started for it, or none where the program is not on loopback: the
// local provider believes everybody.
func (a *app) social(cfg config, store *bunstore.Store) ([]latchkey.Flow, error) {
	if !cfg.onLoopback() {
		return nil, nil
	}
	var err error
	if a.local, err = localprovider.Start(cfg.localProviderAddr); err != nil {
		return nil, err
	}
	client, err := a.local.Client()
	if err != nil {
		return nil, err
	}
	secret, err := hkdf.Key(sha256.New, cfg.secret, nil, "quickstart oauth", 32) // a key of its own: that secret signs JWTs
	if err != nil {
		return nil, err
	}
	social, err := oauth.New(oauth.Options{
		Accounts:     store.OAuthAccounts(),
		Secret:       secret,
		Providers:    []oauth.Provider{{Provider: client, VerifiedByDefault: true}},
		BaseURLs:     cfg.otherNames(),
		InsecureHTTP: cfg.insecureHTTP,
	})
	if err != nil {
		return nil, err
	}
	return social.Flows(), nil
}

// socialRoutes are those of a login, of linking an account, and of the list of linked accounts.
func (a *app) socialRoutes(r chi.Router) {
	for _, backend := range []string{"jwt", "cookie"} {
		chiauth.Mount(r, "/auth/"+backend+"/local", a.auth.OAuth("local", backend))
	}
	chiauth.Mount(r, "/auth/jwt", a.auth.Exchange("jwt"))
	chiauth.Mount(r, "/auth/associate/local", a.auth.Associate("local"))
	chiauth.Mount(r, "/auth", a.auth.Accounts())
}

// takeName gives a user who registers by a provider the name that the provider says.
func takeName(_ context.Context, e *latchkey.Event[Account]) error {
	if e.Identity != nil {
		e.User.FullName = e.Identity.Name
	}
	return nil
}
