package providers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
)

func TestO14IssuersThatDoNotNamePKCE(t *testing.T) {
	for methods, warnings := range map[string]int{`["plain","S256"]`: 0, `["plain"]`: 1, `"S256"`: 1, `null`: 1} {
		server := httptest.NewServer(nil)
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answer := map[string]any{"issuer": server.URL, "code_challenge_methods_supported": json.RawMessage(methods)}
			for _, endpoint := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
				answer[endpoint] = server.URL + "/" + endpoint
			}
			_ = json.NewEncoder(w).Encode(answer)
		})
		var log bytes.Buffer
		p, err := providers.OIDC(providers.OIDCOptions{
			Name: "acme", Issuer: server.URL, ClientID: "the-client", InsecureLoopback: true,
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := p.Begin(context.Background(),
				core.OAuthBegin{State: "s", Nonce: "n", Challenge: "c", RedirectURI: "https://app.example"}); err != nil {
				t.Error(err)
			}
		}
		if got := strings.Count(log.String(), "level=WARN"); got != warnings ||
			strings.Count(log.String(), "S256") != warnings {
			t.Errorf("%s: %d warnings, want %d:\n%s", methods, got, warnings, &log)
		}
		server.Close()
	}
}

// TestFieldM3MetadataElsewhere: Azure AD B2C has its metadata under a policy,
// and the issuer's name without it.
func TestFieldM3MetadataElsewhere(t *testing.T) {
	const (
		issuer   = "https://acme.b2clogin.com/8d5b7f2e-0000-4000-8000-0123456789ab/v2.0/"
		metadata = "https://acme.b2clogin.com/acme.onmicrosoft.com/v2.0/.well-known/openid-configuration?p=b2c_1_susi"
	)
	for name, c := range map[string]struct {
		issuer, metadata string
		iss              string
		ok               bool
	}{
		"both are named":            {issuer, metadata, issuer, true},
		"the metadata's name alone": {"https://acme.b2clogin.com/acme.onmicrosoft.com/v2.0", "", issuer, false},
		"another issuer":            {"https://acme.b2clogin.com/another/v2.0/", metadata, issuer, false},
		"another slash":             {strings.TrimSuffix(issuer, "/"), metadata, issuer, false},
		"tokens of another issuer":  {issuer, metadata, "https://evil.example", false},
	} {
		f := newRealm(issuer)
		f.claims = map[string]any{"iss": c.iss}
		o := oidcOptions(c.issuer)
		o.DiscoveryURL = c.metadata
		p, err := f.by(t, o)
		if err != nil {
			t.Fatal(err)
		}
		_, who, err := use(p)
		if (err == nil) != c.ok || c.ok && who.Subject != "7" {
			t.Errorf("%s: %q, %v", name, who.Subject, err)
		}
		if c.metadata != "" && "https://"+f.asked[0] != metadata {
			t.Errorf("%s: the metadata is fetched at %s", name, f.asked[0])
		}
	}
	for _, wrong := range []string{"http://idp.example/x", "/x", "https://a:b@idp.example/x", "https://idp.example/#x"} {
		o := oidcOptions(issuer)
		o.DiscoveryURL = wrong
		if _, err := providers.OIDC(o); err == nil || !strings.Contains(err.Error(), "the discovery URL") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	keycloak := func(o ...providers.Option) error { return providers.Keycloak(issuer, "id", "secret", o...).Err() }
	if err := keycloak(providers.WithDiscoveryURL(metadata)); err != nil {
		t.Error(err)
	}
	if providers.GitHub("id", "secret", providers.WithDiscoveryURL(metadata)).Err() == nil {
		t.Error("a service without metadata has some")
	}
}

// TestFieldM3ManyTenants: the issuer of metadata that tenants share is a
// template, and an ID token is its tenant's.
func TestFieldM3ManyTenants(t *testing.T) {
	const (
		template = "https://login.example.com/{tenantid}/v2.0"
		tenant   = "9188040d-6c67-4c5b-b112-36a304b66dad"
		other    = "00000000-0000-4000-8000-000000000000"
	)
	options := func() providers.OIDCOptions {
		o := oidcOptions(template)
		o.DiscoveryURL = "https://login.example.com/organizations/v2.0/.well-known/openid-configuration"
		o.Fields = providers.Fields{Subject: "{tid}:{sub}", Email: "{email}"}
		return o
	}
	for name, c := range map[string]struct {
		iss string
		tid any
		ok  bool
	}{
		"its tenant":     {strings.Replace(template, "{tenantid}", tenant, 1), tenant, true},
		"another tenant": {strings.Replace(template, "{tenantid}", tenant, 1), other, false},
		"no tenant":      {strings.Replace(template, "{tenantid}", tenant, 1), nil, false},
		"the template":   {template, "{tenantid}", false},
		"a path":         {strings.Replace(template, "{tenantid}", tenant+"/x", 1), tenant + "/x", false},
	} {
		f := newRealm(template)
		f.claims = map[string]any{"iss": c.iss, "tid": c.tid}
		p, err := f.by(t, options())
		if err != nil {
			t.Fatal(err)
		}
		_, who, err := use(p)
		if (err == nil) != c.ok || c.ok && who.Subject != tenant+":7" {
			t.Errorf("%s: %q, %v", name, who.Subject, err)
		}
	}
	for name, change := range map[string]func(*providers.OIDCOptions){
		"the metadata is nowhere":        func(o *providers.OIDCOptions) { o.DiscoveryURL = "" },
		"a subject of one tenant":        func(o *providers.OIDCOptions) { o.Fields.Subject = "{sub}" },
		"the standard's fields, by none": func(o *providers.OIDCOptions) { o.Fields = providers.Fields{} },
	} {
		o := options()
		change(&o)
		if _, err := providers.OIDC(o); err == nil || !strings.Contains(err.Error(), "{tenantid}") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
