package site

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers/localprovider"
)

// social returns the flows for logging in at the local provider, which it
// starts, or none if the program is not on loopback: the local provider trusts
// everybody.
func (s *Site) social(cfg Config, l serve.Listener) ([]latchkey.Flow, error) {
	if cfg.noLocalProvider || !l.OnLoopback() {
		return nil, nil
	}
	var err error
	if s.Local, err = localprovider.Start(cfg.localProviderAddr); err != nil {
		return nil, err
	}
	client, err := s.Local.Client()
	if err != nil {
		return nil, err
	}
	// a separate key: cfg.secret signs JWTs
	secret, err := hkdf.Key(sha256.New, cfg.secret, nil, "quickstart oauth", 32)
	if err != nil {
		return nil, err
	}
	social, err := oauth.New(oauth.Options{
		Accounts:     s.stores.accounts,
		Secret:       secret,
		Tickets:      s.stores.codes,
		Providers:    []oauth.Provider{{Provider: client, VerifiedByDefault: true}},
		BaseURLs:     l.OtherNames(),
		InsecureHTTP: cfg.insecureHTTP,
	})
	if err != nil {
		return nil, err
	}
	return social.Flows(), nil
}

// takeName sets a new user's name to the one that the provider supplies.
func takeName(_ context.Context, e *latchkey.Event[Account]) error {
	if e.Identity != nil {
		e.User.FullName = e.Identity.Name
	}
	return nil
}
