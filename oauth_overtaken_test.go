package latchkey_test

import (
	"context"
	"errors"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// racedAccounts is an account store in which something happens once an account
// was looked for in vain.
type racedAccounts struct {
	core.OAuthAccountStore
	meanwhile func()
}

func (s *racedAccounts) Find(ctx context.Context, provider, subject string) (*core.OAuthAccount, error) {
	found, err := s.OAuthAccountStore.Find(ctx, provider, subject)
	if do := s.meanwhile; do != nil && errors.Is(err, core.ErrNotFound) {
		s.meanwhile = nil
		do()
	}
	return found, err
}

// The second of two first logins of one person is a login, and does not hear
// that somebody else has the address, or the name, that the first one got.
func TestAFirstLoginInTheMiddleOfAnother(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*Handled){
		"of that address":               func(*Handled) {},
		"which a hook sets an address":  func(u *Handled) { u.Email = "elsewhere@example.org" },
		"which a hook sets a name":      func(u *Handled) { u.Username = aName },
		"which a hook sets both":        func(u *Handled) { u.Email, u.Username = "elsewhere@example.org", aName },
		"which a hook takes an address": func(u *Handled) { u.Email, u.Username = "", aName },
	} {
		accounts := &racedAccounts{OAuthAccountStore: memstore.NewOAuthAccounts()}
		social, err := oauth.New(oauth.Options{
			Accounts: accounts, Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
			Providers: []oauth.Provider{{Provider: &acme{name: "acme"}}}, InsecureHTTP: true,
		})
		check(t, err, nil)
		a := newNameApp(t, emailOptional, func(o *latchkey.Options[Handled]) {
			o.Flows = append(o.Flows, social.Flows()...)
			o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Handled]) error {
				edit(e.User)
				return nil
			}
		})
		login := func(subject string) (*Handled, error) {
			return a.Manager().OAuthCallback(t.Context(), "acme", identity(subject, anEmail, true), core.OAuthTokens{})
		}
		var first *Handled
		accounts.meanwhile = func() { first, err = login("1") }
		second, late := login("1")
		if err != nil || late != nil || first.ID != second.ID {
			t.Errorf("a login %s: %v, and another one: %v", name, err, late)
		}
		if _, err := login("2"); err == nil { // the twin: another person
			t.Errorf("a login %s: another person comes in", name)
		}
	}
}
