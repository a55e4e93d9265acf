package latchkey_test

import (
	"context"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// socialNames is an application whose users come from a provider, with the
// nickname there as their name.
func socialNames(t *testing.T, change ...func(*latchkey.Options[Handled])) *nameApp {
	t.Helper()
	social, err := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: &acme{name: "acme"}}}, InsecureHTTP: true,
	})
	check(t, err, nil)
	return newNameApp(t, append(change, func(o *latchkey.Options[Handled]) {
		o.Flows = append(o.Flows, social.Flows()...)
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Handled]) error {
			if e.Identity != nil {
				e.User.Username = e.Identity.Name
			}
			return nil
		}
	})...)
}

func TestProvidersWithoutAnAddress(t *testing.T) {
	t.Parallel()
	who := core.OAuthIdentity{Subject: "7", Name: "Ada"}
	_, err := socialNames(t).Manager().OAuthCallback(t.Context(), "acme", who, core.OAuthTokens{})
	check(t, err, latchkey.Refuse(core.CodeOAuthNoEmail))

	a := socialNames(t, emailOptional)
	m := a.Manager()
	u, err := m.OAuthCallback(t.Context(), "acme", who, core.OAuthTokens{})
	check(t, err, nil)
	if u == nil || u.Email != "" || u.EmailKey != "" || u.IsVerified || u.UsernameKey != "ada" {
		t.Fatalf("the user is %+v", u)
	}
	again, err := m.OAuthCallback(t.Context(), "acme", who, core.OAuthTokens{})
	check(t, err, nil)
	if again == nil || again.ID != u.ID {
		t.Errorf("another login is of %+v", again)
	}
	other, err := m.OAuthCallback(t.Context(), "acme", core.OAuthIdentity{Subject: "8"}, core.OAuthTokens{})
	check(t, err, nil)
	if other == nil || other.ID == u.ID || other.Username != "" {
		t.Errorf("another person is %+v", other)
	}
	_, err = m.OAuthCallback(t.Context(), "acme", core.OAuthIdentity{Subject: "9", Name: "ADA"}, core.OAuthTokens{})
	check(t, err, latchkey.Refuse(core.CodeRegisterNameExists))
	_, err = m.OAuthCallback(t.Context(), "acme", core.OAuthIdentity{Subject: "9", Name: "a@b"}, core.OAuthTokens{})
	check(t, err, core.Invalid())
	_, err = m.OAuthCallback(t.Context(), "acme", core.OAuthIdentity{Subject: "9", Email: "no address"},
		core.OAuthTokens{})
	check(t, err, latchkey.Refuse(core.CodeOAuthNoEmail))
}

// A password is no way in without an address or a name to type.
func TestWaysWithoutAnIdentifier(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, emailOptional)
	ways := func(u *Handled) int {
		u.HashedPassword = "new$secret"
		n, err := a.Services().Security.Ways(t.Context(), u)
		check(t, err, nil)
		return n
	}
	for want, u := range map[int]*Handled{
		0: {},
		1: {Named: latchkey.Named{UsernameKey: "ada"}},
		2: {User: latchkey.User{EmailKey: anEmail, IsVerified: true}}, // a mail is a way too
	} {
		if n := ways(u); n != want {
			t.Errorf("%+v has %d ways, want %d", u, n, want)
		}
	}
}
