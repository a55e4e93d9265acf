package providers_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
)

func ExampleGitHub() {
	github := providers.GitHub("the-client-id", "the-client-secret", providers.WithScopes("read:org"))
	fmt.Println(github.Name(), github.Brand().Title, github.Err())

	to, err := github.Begin(context.Background(), core.OAuthBegin{
		Scopes: []string{"read:org", "repo"},
		State:  "random", Challenge: "the-S256-challenge", RedirectURI: "https://app.example.com/auth/cookie/github/callback",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, _ := url.Parse(to)
	fmt.Println(u.Host+u.Path, u.Query().Get("scope"))
	// Output:
	// github GitHub <nil>
	// github.com/login/oauth/authorize read:user user:email read:org repo
}

func ExampleOIDC() {
	acme, err := providers.OIDC(providers.OIDCOptions{
		Name:         "acme",
		Issuer:       "https://id.acme.example",
		ClientID:     "the-client-id",
		ClientSecret: "the-client-secret",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(acme.Name())
	// Output: acme
}

func ExampleOAuth2() {
	acme, err := providers.OAuth2(providers.OAuth2Options{
		Name:         "acme",
		AuthorizeURL: "https://acme.example/oauth/authorize",
		TokenURL:     "https://acme.example/oauth/token",
		ProfileURL:   "https://acme.example/api/me",
		ClientID:     "the-client-id",
		ClientSecret: "the-client-secret",
		Scopes:       []string{"profile"},
		Fields: providers.Fields{
			Subject:  "{user.id}", // {"user": {"id": 7, "mail": "ada@example.com", "mail_confirmed": true}}
			Email:    "{user.mail}",
			Verified: []string{"user.mail_confirmed"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(acme.Name())

	// The error names every problem.
	_, err = providers.OAuth2(providers.OAuth2Options{
		Name: "acme", AuthorizeURL: "https://acme.example/a", TokenURL: "http://acme.example/t",
		ProfileURL: "https://acme.example/me", ClientID: "x",
	})
	fmt.Println(err)
	// Output:
	// acme
	// providers: acme: Fields.Subject is empty
	// the token URL must be https
}

func ExampleWithTransport() {
	authorities, err := x509.SystemCertPool()
	if err != nil {
		fmt.Println(err)
		return
	}
	// authorities.AppendCertsFromPEM adds the company's.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: authorities}
	transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example.com:3128"})

	google := providers.Google("the-client-id", "the-client-secret", providers.WithTransport(transport))
	fmt.Println(google.Err())
	// Output: <nil>
}

func ExampleWithInternalURL() {
	keycloak := providers.Keycloak("https://id.example.org/realms/main", "the-client-id", "the-client-secret",
		providers.WithInternalURL("http://keycloak:8080"),
		providers.InsecureInternalHosts("keycloak")) // without it, the address inside must be https
	fmt.Println(keycloak.Err())
	// Output: <nil>
}
