package providers_test

import (
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

// by returns a provider whose service answers like this by path: with a body,
// or, where that begins with a number, with that status.
func by(t *testing.T, answers map[string]string, media string) core.Provider {
	t.Helper()
	network := providertest.NewNetwork(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", media)
		body, there := answers[r.URL.Path]
		if !there {
			tokenThenProfile(w, r)
			return
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(network.Close)
	p, err := providers.OAuth2By(network.Dial, oauth2Options("https://idp.example"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFieldF8Lifetimes: a lifetime is only recommended (RFC 6749, section 5.1),
// so none keeps anybody out.
func TestFieldF8Lifetimes(t *testing.T) {
	t.Parallel()
	for lifetime, seconds := range map[string]int{
		"3600": 3600, `"3600"`: 3600, "3600.0": 3600, "3599.98": 3599, "1e3": 1000, `"3600 "`: 3600, "1": 1,
		`""`: 0, `"never"`: 0, "null": 0, "0": 0, "-1": 0, "0.5": 0, "true": 0, `{"s":60}`: 0, "[60]": 0, "1e300": 0, "12345678901234567890": 0,
	} {
		p := by(t, map[string]string{"/token": `{"access_token":"a&<b>","token_type":"Bearer","expires_in":` + lifetime + `}`},
			"application/json")
		before := time.Now()
		who, tokens, err := finish(p)
		if err != nil || who.Subject != "7" || tokens.Access != "a&<b>" {
			t.Errorf("%s: got %q with the token %q, %v", lifetime, who.Subject, tokens.Access, err)
		}
		left := tokens.Expires.Sub(before).Round(time.Second)
		if tokens.Expires.IsZero() {
			left = 0
		}
		if want := time.Duration(seconds) * time.Second; (left - want).Abs() > 2*time.Second {
			t.Errorf("%s: the token lives for %v, want %v", lifetime, left, want)
		}
	}
}

// TestFieldM4FormAnswers: some token endpoints write a form.
func TestFieldM4FormAnswers(t *testing.T) {
	t.Parallel()
	for body, c := range map[string]struct {
		media string
		ok    bool
	}{
		"access_token=the-token&expires=3600":                {"text/plain; charset=utf-8", true},
		"access_token=the-token&expires_in=3600&scope=a%20b": {"application/x-www-form-urlencoded", true},
		`{"access_token":"the-token","expires_in":3600}`:     {"text/plain", true},
		"access_token=the-token&access_token=another":        {"application/x-www-form-urlencoded", false},
		"access_token=":                                       {"application/x-www-form-urlencoded", false},
		"error=bad_verification_code":                         {"application/x-www-form-urlencoded", false},
		"<html>access_token=the-token</html>":                 {"text/html", false},
		"access_token=the-token&expires=3600 ":                {"application/json", false},
		`{"access_token":"the-token","access_token":"other"}`: {"application/json", false},
	} {
		_, tokens, err := finish(by(t, map[string]string{"/token": body}, c.media))
		if (err == nil) != c.ok || c.ok && (tokens.Access != "the-token" || tokens.Expires.IsZero()) {
			t.Errorf("%s: got %q, %v, %v", body, tokens.Access, tokens.Expires, err)
		}
	}
}

// odd are keys that a set may have beside the good one.
var odd = map[string]string{
	"a certificate that is none": `{"kty":"RSA","kid":"x","n":"AQAB","e":"AQAB","x5c":[""]}`,
	"a short thumbprint":         `{"kty":"EC","crv":"P-256","kid":"x","x":"AA","y":"AA","x5t":"AA"}`,
	"a thumbprint in hex":        `{"kty":"RSA","kid":"x","n":"AQAB","e":"AQAB","x5t#S256":"0a0b"}`,
	"a padded modulus":           `{"kty":"RSA","kid":"x","n":"AQAB==","e":"AQAB"}`,
	"a number as its ID":         `{"kty":"RSA","kid":7,"n":"AQAB","e":"AQAB"}`,
	"a member twice":             `{"kty":"RSA","kid":"x","kid":"one","n":"AQAB","e":"AQAB"}`,
	"an unknown curve":           `{"kty":"EC","crv":"secp256k1","kid":"x","x":"AA","y":"AA"}`,
	"no type":                    `{"kid":"x"}`,
	"null":                       `null`,
	"a list":                     `[]`,
	"text":                       `"key"`,
}

// TestFieldF11OddKeys: keys that are not understood are ignored (RFC 7517,
// section 5), and what is odd about a key's certificate is no matter of the
// key.
func TestFieldF11OddKeys(t *testing.T) {
	for name, key := range odd {
		t.Run(name, func(t *testing.T) {
			issuers[0].check(t, []string{`"keys":[`, `"keys":[` + key + `,`}, "ada@example.com", issuers[0].verified)
		})
	}
	t.Run("a certificate of the good key", func(t *testing.T) {
		change := []string{`"kid":"one"`, `"kid":"one","x5c":[""],"x5t":"AA"`}
		issuers[0].check(t, change, "ada@example.com", issuers[0].verified)
	})
	for name, set := range map[string][]string{
		"the set twice":      {`"keys":[`, `"keys":[],"keys":[`},
		"no list of keys":    {`"keys":[`, `"keys":{},"others":[`},
		"the good key twice": {`"kid":"one"`, `"kid":"one","kid":"one"`},
	} {
		fake := newFake(t, issuers[0], strings.NewReplacer(set...))
		p := issuers[0].make(providers.WithDial(fake.network.Dial))
		if _, _, err := finish(p); err == nil {
			t.Errorf("%s: somebody is logged in", name)
		}
	}
}

// TestFieldF9WithheldAddresses: a linked account logs in without an address.
// Where the service fails, the address may be there the next time.
func TestFieldF9WithheldAddresses(t *testing.T) {
	const user, emails = "GET https://api.github.com/user", "GET https://api.github.com/user/emails?per_page=100"
	github := work[0]
	for answer, ok := range map[string]bool{
		"": true, `{"message":"Resource not accessible by integration"}`: true, "[7]": true, `"no"`: true, "[": false,
	} {
		p := github
		p.answers = map[string]string{user: `{"id":583231,"email":"eve@example.com","email_verified":true}`}
		if answer != "" {
			p.answers[emails] = answer // else the fake answers 404
		}
		who, _, err := finish(providers.GitHub("the-client", "the-secret",
			providers.WithDial(newFake(t, p, strings.NewReplacer()).network.Dial)))
		if (err == nil) != ok || who.Email != "" || ok && who.Subject != "583231" {
			t.Errorf("%s: got %q with %q, %v", answer, who.Subject, who.Email, err)
		}
	}
	for status, ok := range map[int]bool{401: true, 403: true, 404: true, 429: true, 500: false, 503: false} {
		t.Run(fmt.Sprint("userinfo ", status), func(t *testing.T) {
			p := issuers[0]
			p.idToken = strings.Replace(p.idToken, `"email"`, `"no-email"`, 1)
			fake := newFake(t, p, strings.NewReplacer())
			fake.status = map[string]int{"GET https://idp.example/userinfo": status}
			who, _, err := finish(p.make(providers.WithDial(fake.network.Dial)))
			if (err == nil) != ok || who.Email != "" || ok && who.Subject != p.subject {
				t.Errorf("got %q with %q, %v", who.Subject, who.Email, err)
			}
		})
	}
}

// TestFieldF13HalfNames: some people have one name.
func TestFieldF13HalfNames(t *testing.T) {
	t.Parallel()
	for profile, want := range map[string]string{
		`{"id":7,"first":"Ada","last":"Lovelace"}`:   "Ada Lovelace",
		`{"id":7,"first":"Ada","last":""}`:           "Ada",
		`{"id":7,"first":"Ada","last":null}`:         "Ada",
		`{"id":7,"first":"Ada"}`:                     "Ada",
		`{"id":7,"last":"Lovelace"}`:                 "Lovelace",
		`{"id":7,"first":false,"last":"Lovelace"}`:   "Lovelace",
		`{"id":7,"first":["Ada"],"last":{}}`:         "",
		`{"id":7}`:                                   "",
		`{"id":7,"first":"Ada  Augusta","last":"L"}`: "Ada  Augusta L",
	} {
		who, _, err := finish(answering(t, profile, func(o *providers.OAuth2Options) { o.Fields.Name = "{first} {last}" }))
		if who.Name != want || err != nil {
			t.Errorf("%s: the name is %q, %v; want %q", profile, who.Name, err, want)
		}
	}
}
