package latchkey_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// misconfigured is a preset that was given something wrong.
type misconfigured struct{ *acme }

func (misconfigured) Err() error { return errors.New("the client ID is missing") }

func TestOAuthNewTellsEverythingAtOnce(t *testing.T) {
	if _, err := oauth.New(oauth.Options{}); err == nil || !strings.Contains(err.Error(), "Accounts") ||
		!strings.Contains(err.Error(), "Providers is empty") {
		t.Errorf("without anything New says %v", err)
	}
	named := func(name string) *acme { return &acme{name: name} }
	_, err := oauth.New(oauth.Options{
		Secret: []byte("short"), Lifetime: 2 * time.Hour, Vault: []oauth.Key{{ID: "k", Secret: []byte("short")}},
		BaseURLs: []string{"https://app.example.org/path"}, RedirectOrigins: []string{"https://SPA.example.org"},
		Providers: []oauth.Provider{
			{}, {Provider: named("Not A Name")}, {Provider: named("twice")}, {Provider: named("twice")}, {Provider: misconfigured{named("wrong")}},
			{Provider: named("a"), RedirectURL: "https://app.example.org/callback"}, {Provider: named("b"), RedirectURL: "https://app.example.org/callback"},
		},
	})
	if err == nil {
		t.Fatal("New accepted all of it")
	}
	for _, want := range []string{
		"Options.Accounts", "Options.Secret", "Options.Lifetime", "Options.Tickets", "seal:", "/path", "SPA", "a Provider is nil", `"Not A Name"`, `"twice" is given twice`,
		"the client ID is missing", `"b" shares its RedirectURL`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("New's error lacks %q:\n%v", want, err)
		}
	}
}

func TestOAuthFlowsTellWhatTheyMiss(t *testing.T) {
	social, err := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: &acme{name: "acme"}}},
	})
	check(t, err, nil)
	o := options[Member]()
	o.Flows = social.Flows()
	_, err = latchkey.New[Member](noEpochs{memstore.NewUsers[Member]()}, o)
	for _, want := range []string{"Options.Tickets", "Options.BaseURL", "core.IDMaker"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New's error lacks %q:\n%v", want, err)
		}
	}
}

// O05
func TestO05AStateEnds(t *testing.T) {
	clock := testclock.New(time.Now())
	a := newOAuthAppAt(t, clock.Now, nil)
	b := a.browser()
	late, _ := b.begin(web, "")
	inTime, _ := b.begin(web, "")
	clock.Advance(10*time.Minute - time.Second)
	b.finish(web, inTime, identity("id-1", "ada@example.org")).expect(t, 200, "token")
	clock.Advance(2 * time.Second)
	b.finish(web, late, identity("id-1", "ada@example.org")).expect(t, 400, core.CodeOAuthStateExpired)
}

// TestFieldM8CookiesThatReachNoCallback: a browser drops the cookie of a domain
// that is not the host's, and every login would fail.
func TestFieldM8CookiesThatReachNoCallback(t *testing.T) {
	for name, c := range map[string]struct {
		domain, redirect string
		bases            []string
		wrong            string
	}{
		"the host itself":         {domain: "app.example.org"},
		"above the host":          {domain: ".Example.org", bases: []string{"https://other.example.org"}},
		"a redirect URL in it":    {domain: "example.org", redirect: "https://auth.example.org/callback"},
		"another domain":          {domain: "example.com", wrong: "https://app.example.org"},
		"a name that ends alike":  {domain: "pp.example.org", wrong: "https://app.example.org"},
		"another base URL":        {domain: "app.example.org", bases: []string{"https://other.example.org"}, wrong: "https://other.example.org"},
		"a redirect URL outside":  {domain: "app.example.org", redirect: "https://auth.example.org/callback", wrong: "https://auth.example.org"},
		"no domain, and anywhere": {redirect: "https://auth.example.com/callback"},
	} {
		social, err := oauth.New(oauth.Options{
			Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
			Providers: []oauth.Provider{{Provider: &acme{name: "acme"}, RedirectURL: c.redirect}},
			BaseURLs:  c.bases, Cookie: oauth.Cookie{Domain: c.domain},
		})
		check(t, err, nil)
		o := options[Member]()
		o.Flows, o.Tickets, o.BaseURL = social.Flows(), memstore.NewTickets(nil), "https://app.example.org"
		auth, err := latchkey.New(memstore.NewUsers[Member](), o)
		if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: New says %v", name, err)
		}
		if err == nil {
			check(t, auth.Close(t.Context()), nil)
		}
	}
}

// TestFindings42WeakSecrets: what jwt refuses as a secret, New refuses.
func TestFindings42WeakSecrets(t *testing.T) {
	said := func(secret []byte) string {
		t.Helper()
		_, err := oauth.New(oauth.Options{Accounts: memstore.NewOAuthAccounts(), Secret: secret})
		if err == nil {
			t.Fatal("New takes options without a provider")
		}
		return err.Error()
	}
	for _, secret := range [][]byte{
		make([]byte, 32), []byte(strings.Repeat("0123", 8)), []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"),
		[]byte("please-changeme-please-changeme-now"), []byte("short"), nil,
	} {
		if got := said(secret); !strings.Contains(got, "Options.Secret needs at least 32 random bytes") {
			t.Errorf("Secret %q: %s", secret, got)
		}
	}
	if got := said([]byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")); strings.Contains(got, "Options.Secret") {
		t.Errorf("twin: %s", got)
	}
}
