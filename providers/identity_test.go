package providers_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// An account is identified by a subject that no other account can have.
func TestSubjects(t *testing.T) {
	for name, c := range map[string]struct{ profile, want string }{
		"text":               {`{"id":"583231"}`, "583231"},
		"number":             {`{"id":583231}`, "583231"},
		"a number too large": {`{"id":12345678901234567890123}`, "12345678901234567890123"},
		"255 bytes":          {`{"id":"` + strings.Repeat("x", 255) + `"}`, strings.Repeat("x", 255)},
		"256 bytes":          {`{"id":"` + strings.Repeat("x", 256) + `"}`, ""},
		"empty":              {`{"id":""}`, ""},
		"null":               {`{"id":null}`, ""},
		"missing":            {`{"login":"ada"}`, ""},
		"in other letters":   {`{"ID":7}`, ""},
		"a fraction":         {`{"id":1.5}`, ""},
		"an exponent":        {`{"id":1e3}`, ""},
		"negative":           {`{"id":-1}`, ""},
		"a boolean":          {`{"id":true}`, ""},
		"a list":             {`{"id":["7"]}`, ""},
		"NUL":                {`{"id":"7\u0000"}`, ""},
		"a lone surrogate":   {`{"id":"7\ud800"}`, ""},
		"twice":              {`{"id":"7","id":"8"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			who, _, err := finish(answering(t, c.profile))
			if who.Subject != c.want || (err == nil) != (c.want != "") {
				t.Errorf("it is %q, %v", who.Subject, err)
			}
		})
	}
}

func TestEmails(t *testing.T) {
	for profile, want := range map[string]string{
		`{"id":7,"email":"ada@example.com"}`: "ada@example.com", `{"id":7,"email":""}`: "", `{"id":7,"email":null}`: "", `{"id":7}`: "",
	} {
		if who, _, err := finish(answering(t, profile)); who.Email != want || err != nil || who.EmailVerified != nil {
			t.Errorf("%s: %q, %v, verified %v", profile, who.Email, err, who.EmailVerified)
		}
	}
	for _, email := range []string{`["ada@example.com"]`, "false", "{}"} {
		if who, _, err := finish(answering(t, `{"id":7,"email":`+email+`}`)); err != nil || who.Email != "" {
			t.Errorf("field F9, the address %s: got %q, %v; want none", email, who.Email, err)
		}
	}
}

func TestVerified(t *testing.T) {
	for profile, want := range map[string]string{
		`{"id":7,"email":"ada@example.com","valid":true,"verified":true}`:   "true",
		`{"id":7,"email":"ada@example.com","valid":true,"verified":false}`:  "false",
		`{"id":7,"email":"ada@example.com","valid":false,"verified":true}`:  "false",
		`{"id":7,"email":"ada@example.com","valid":true}`:                   "",
		`{"id":7,"email":"ada@example.com","valid":true,"verified":"true"}`: "",
		`{"id":7,"email":"ada@example.com","valid":true,"verified":1}`:      "",
		`{"id":7,"email":"ada@example.com","valid":true,"verified":null}`:   "",
		`{"id":7,"valid":true,"verified":true}`:                             "",
	} {
		who, _, err := finish(answering(t, profile,
			func(o *providers.OAuth2Options) { o.Fields.Verified = []string{"valid", "verified"} }))
		if got := said(who.EmailVerified); got != want || err != nil {
			t.Errorf("%s: verified is %q, %v", profile, got, err)
		}
	}
}

// GitHub does not vouch for the public address of a profile.
func TestTheAddressOfAProfileIsNotBelieved(t *testing.T) {
	for name, list := range map[string]string{"no address": `[]`,
		"no primary one": `[{"email":"ada@example.com","primary":false,"verified":true}]`} {
		p := work[0]
		p.answers = map[string]string{"GET https://api.github.com/user": `{"id":583231,"email":"ada@example.com","email_verified":true}`, "GET https://api.github.com/user/emails?per_page=100": list}
		who, _, err := finish(providers.GitHub("the-client", "the-secret",
			providers.WithDial(newFake(t, p, strings.NewReplacer()).network.Dial)))
		if who.Subject != "583231" || who.Email != "" || who.EmailVerified != nil || err != nil {
			t.Errorf("%s: it is %q with %q, %v", name, who.Subject, who.Email, err)
		}
	}
}

// A claim that is null is missing: userinfo supplies it.
func TestNullClaims(t *testing.T) {
	p := issuers[0]
	p.idToken = `{"sub":"00uid4BxXw6I6TV4m0g3","email":null,"email_verified":null,"name":null}`
	p.check(t, nil, "ada@example.com", "true")
}

// answering returns a provider whose service responds with profile.
func answering(t *testing.T, profile string, change ...func(*providers.OAuth2Options)) core.Provider {
	network := providertest.NewNetwork(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/me" {
			_, _ = io.WriteString(w, profile)
			return
		}
		tokenThenProfile(w, r)
	}))
	t.Cleanup(network.Close)
	o := oauth2Options("https://idp.example")
	for _, c := range change {
		c(&o)
	}
	p, err := providers.OAuth2By(network.Dial, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	contoso = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	evil    = "11111111-2222-3333-4444-555555555555"
)

// O20 nOAuth: whoever administers a tenant can enter any address, so an account
// is identified by tenant and object, and a tenant is trusted about its own
// accounts only.
func TestMicrosoftTenants(t *testing.T) {
	at := func(tenant string) string { return "https://login.microsoftonline.com/" + tenant + "/v2.0" }
	for name, c := range map[string]struct {
		tenant, discover, metadata, iss, tid string
		want                                 string
	}{
		"any tenant":              {"common", at("common"), at("{tenantid}"), at(contoso), contoso, contoso + ":object"},
		"any organisation":        {"organizations", at("organizations"), at("{tenantid}"), at(contoso), contoso, contoso + ":object"},
		"one tenant":              {contoso, at(contoso), at(contoso), at(contoso), contoso, contoso + ":object"},
		"personal accounts":       {"consumers", at("9188040d-6c67-4c5b-b112-36a304b66dad"), at("9188040d-6c67-4c5b-b112-36a304b66dad"), at("9188040d-6c67-4c5b-b112-36a304b66dad"), "9188040d-6c67-4c5b-b112-36a304b66dad", "9188040d-6c67-4c5b-b112-36a304b66dad:object"},
		"O20 tid of another":      {"common", at("common"), at("{tenantid}"), at(evil), contoso, ""},
		"O20 another tenant":      {contoso, at(contoso), at(contoso), at(evil), evil, ""},
		"O20 another issuer":      {"common", at("common"), at("{tenantid}"), "https://evil.example/" + contoso + "/v2.0", contoso, ""},
		"O20 no GUID":             {"common", at("common"), at("{tenantid}"), at("../common"), "../common", ""},
		"O20 no tid":              {"common", at("common"), at("{tenantid}"), at(contoso), "", ""},
		"O16 metadata of another": {contoso, at(contoso), at(evil), at(contoso), contoso, ""},
	} {
		t.Run(name, func(t *testing.T) {
			signer := providertest.NewSigner("one")
			network := providertest.NewNetwork(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch "https://" + r.Host + r.URL.Path {
				case c.discover + "/.well-known/openid-configuration":
					fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"https://idp.example/a","token_endpoint":"https://idp.example/token",
						"jwks_uri":"https://idp.example/jwks","id_token_signing_alg_values_supported":["ES256"]}`, c.metadata)
				case "https://idp.example/jwks":
					fmt.Fprint(w, signer.JWKS())
				case "https://idp.example/token":
					now := time.Now().Unix()
					claims := map[string]any{
						"iss": c.iss, "aud": "the-client", "sub": "pairwise", "nonce": "the-nonce", "iat": now, "exp": now + 60, "oid": "object",
						"email": "victim@example.com", "email_verified": true,
					}
					if c.tid != "" {
						claims["tid"] = c.tid
					}
					fmt.Fprintf(w, `{"access_token":"a","id_token":%q}`, signer.Sign(claims))
				default:
					http.NotFound(w, r)
				}
			}))
			defer network.Close()
			who, _, err := finish(providers.Microsoft(c.tenant, "the-client", "the-secret", providers.WithDial(network.Dial)))
			if who.Subject != c.want || (err == nil) != (c.want != "") {
				t.Errorf("it is %q, %v", who.Subject, err)
			}
			if who.Verified() {
				t.Error("the address counts as verified")
			}
		})
	}
}

// FranceConnect signs its userinfo responses.
func TestSignedUserInfo(t *testing.T) {
	signer, stranger := providertest.NewSigner("one"), providertest.NewSigner("one")
	for name, c := range map[string]struct {
		signer *providertest.Signer
		change func(map[string]any)
		want   error
		fails  bool
	}{
		"good":               {signer: signer, change: func(map[string]any) {}},
		"another key":        {signer: stranger, change: func(map[string]any) {}, fails: true},
		"another audience":   {signer: signer, change: func(m map[string]any) { m["aud"] = "another" }, fails: true},
		"another issuer":     {signer: signer, change: func(m map[string]any) { m["iss"] = "https://evil.example" }, fails: true},
		"O19 another person": {signer: signer, change: func(m map[string]any) { m["sub"] = "another" }, want: core.Refuse(core.CodeOAuthInvalidState), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			const issuer = "https://oidc.franceconnect.gouv.fr/api/v2"
			network := providertest.NewNetwork(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				now := time.Now().Unix()
				claims := map[string]any{"iss": issuer, "aud": "the-client", "sub": "ada", "nonce": "the-nonce", "iat": now,
					"exp": now + 60}
				switch r.URL.Path {
				case "/api/v2/.well-known/openid-configuration":
					fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"https://idp.example/a","token_endpoint":"https://idp.example/token",
						"jwks_uri":"https://idp.example/jwks","userinfo_endpoint":"https://idp.example/userinfo",
						"id_token_signing_alg_values_supported":["ES256"]}`, issuer)
				case "/jwks":
					fmt.Fprint(w, signer.JWKS())
				case "/token":
					fmt.Fprintf(w, `{"access_token":"a","id_token":%q}`, signer.Sign(claims))
				case "/userinfo":
					claims["email"] = "ada@example.com"
					c.change(claims)
					w.Header().Set("Content-Type", "application/jwt")
					fmt.Fprint(w, c.signer.Sign(claims))
				}
			}))
			defer network.Close()
			who, _, err := finish(providers.FranceConnect("the-client", "the-secret", providers.WithDial(network.Dial)))
			if (err != nil) != c.fails || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("the error is %v", err)
			}
			if !c.fails && (who.Email != "ada@example.com" || who.EmailVerified != nil) {
				t.Errorf("it is %q, verified %v", who.Email, who.EmailVerified)
			}
		})
	}
}
