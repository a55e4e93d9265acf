package authtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// provider is a core.Provider whose login page is no page: it sends the browser
// back at once. It keeps nothing; a code has all.
type provider struct {
	name string
	who  []core.OAuthIdentity
}

// code is what a code of provider says, in the base64url of its JSON.
type code struct {
	Subject                    string
	Subjects                   []string // of everybody
	Challenge, Nonce, Redirect string
}

// Provider returns a provider for oauth.Options.Providers that logs in at once,
// without a page and without a network. It has these people, each with a
// Subject, and logs the first of them in; Client.LogIn can choose another.
// Without anybody it has one person, whose address is verified and who is in no
// other test. It checks state, nonce, redirect URI and PKCE as a real one
// does. It panics in a program that is no test.
func Provider(name string, who ...core.OAuthIdentity) core.Provider {
	onlyInTests("authtest.Provider", "use providers.OIDC, or providers/localprovider for development")
	if len(who) == 0 {
		verified, subject := true, strings.ToLower(rand.Text())
		who = []core.OAuthIdentity{{
			Subject: subject, Email: "person-" + subject + "@example.org", EmailVerified: &verified, Name: "Ada",
		}}
	}
	return provider{name, who}
}

// Name implements core.Provider.
func (p provider) Name() string { return p.name }

// Brand implements core.Branded.
func (p provider) Brand() core.Brand { return core.Brand{Title: p.name} }

// Begin implements core.Provider.
func (p provider) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	c := code{Subject: p.who[0].Subject, Challenge: b.Challenge, Nonce: b.Nonce, Redirect: b.RedirectURI}
	for _, one := range p.who {
		c.Subjects = append(c.Subjects, one.Subject)
	}
	to, err := url.Parse(b.RedirectURI)
	if err != nil {
		return "", err
	}
	q := to.Query()
	q.Set("code", c.encode())
	q.Set("state", b.State)
	to.RawQuery = q.Encode()
	return to.String(), nil
}

// Finish implements core.Provider.
func (p provider) Finish(_ context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	c, err := decode(f.Code)
	sum := sha256.Sum256([]byte(f.Verifier))
	switch {
	case err != nil, c.Redirect != f.RedirectURI,
		c.Challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
		return core.OAuthIdentity{}, core.OAuthTokens{}, fmt.Errorf("authtest: %w", core.ErrOAuthCodeRefused)
	case c.Nonce != f.Nonce:
		return core.OAuthIdentity{}, core.OAuthTokens{}, core.Refuse(core.CodeOAuthInvalidState)
	}
	for _, one := range p.who {
		if one.Subject == c.Subject {
			return one, core.OAuthTokens{Access: rand.Text(), Refresh: rand.Text()}, nil
		}
	}
	return core.OAuthIdentity{}, core.OAuthTokens{}, errors.New("authtest: the provider has nobody of the code's subject")
}

func (c code) encode() string {
	text, _ := json.Marshal(c) // texts alone
	return base64.RawURLEncoding.EncodeToString(text)
}

func decode(raw string) (c code, err error) {
	text, err := base64.RawURLEncoding.DecodeString(raw)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	return c, err
}
