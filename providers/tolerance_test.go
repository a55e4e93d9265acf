package providers_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
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

const zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // 32 bytes

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
	"a secret":                   `{"kty":"oct","kid":"one","k":"AQAB"}`,
	"a number as its use":        `{"kty":"EC","crv":"P-256","kid":"one","use":7,"x":"AA","y":"AA"}`,
	"a point off the curve":      `{"kty":"EC","crv":"P-256","kid":"one","x":"` + zeros + `","y":"` + zeros + `"}`,
	"an exponent of 0":           `{"kty":"RSA","kid":"one","n":"AQAB","e":"AA"}`,
	"no members":                 `{}`,
	"a nested list":              `[[[{"kty":"EC"}]]]`,
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
	for name, more := range map[string]string{
		"a list as its use": `"use":["sig"]`, "operations of no sense": `"key_ops":"verify"`, "an odd certificate's URL": `"x5u":7`,
		"an odd validity": `"nbf":"yesterday","exp":{}`, "a thumbprint in hex": `"x5t#S256":"0a0b"`,
	} {
		t.Run(name, func(t *testing.T) {
			change := []string{`"use":"sig"`, more}
			issuers[0].check(t, change, "ada@example.com", issuers[0].verified)
		})
	}
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

// TestFieldF13PresetsWithTwoNames: names of two parts, one of which some people
// do not have.
func TestFieldF13PresetsWithTwoNames(t *testing.T) {
	for _, p := range slices.Concat(people, issuers) {
		if p.name != "strava" && p.name != "orcid" && p.name != "franceconnect" {
			continue
		}
		first, last := `"Ada"`, `"Lovelace"`
		for change, want := range map[string]string{
			first + " null": "Lovelace", first + " []": "Lovelace", last + ` ""`: "Ada", last + " false": "Ada",
		} {
			t.Run(p.name+" "+change, func(t *testing.T) {
				p := p
				p.person = want
				from, to, _ := strings.Cut(change, " ")
				p.check(t, []string{from, to}, "ada@example.com", p.verified)
			})
		}
	}
}

// TestFieldF9AddressesOfNoSense: an address that is no text is none, whatever
// is said about it.
func TestFieldF9AddressesOfNoSense(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		`false`, `true`, `7`, `["ada@example.com"]`, `{"a":"ada@example.com"}`, `""`, `null`, `"ada"`,
	} {
		who, _, err := finish(answering(t, `{"id":7,"email":`+address+`,"verified":true}`, func(o *providers.OAuth2Options) {
			o.Fields.Verified = []string{"verified"}
		}))
		if err != nil || who.Subject != "7" || who.Email != "" || who.EmailVerified != nil {
			t.Errorf("%s: %q with %q, %v, %v", address, who.Subject, who.Email, who.EmailVerified, err)
		}
		if address != `""` && address != `null` {
			t.Run("ID token with "+address, func(t *testing.T) {
				p := issuers[0]
				p.check(t, []string{`"ada@example.com"`, address}, "", "")
			})
		}
	}
}

// TestFieldF9Bitbucket: its endpoint for addresses needs a permission of its
// own.
func TestFieldF9Bitbucket(t *testing.T) {
	const emails = "GET https://api.bitbucket.org/2.0/user/emails?pagelen=100"
	for status, ok := range map[int]bool{401: true, 403: true, 404: true, 410: true, 429: true, 500: false, 502: false} {
		fake := newFake(t, work[2], strings.NewReplacer())
		fake.status = map[string]int{emails: status}
		who, _, err := finish(work[2].make(providers.WithDial(fake.network.Dial)))
		if (err == nil) != ok || who.Email != "" || ok && who.Subject != work[2].subject {
			t.Errorf("%d: %q with %q, %v", status, who.Subject, who.Email, err)
		}
	}
	for _, body := range []string{
		`{"values":null}`, `{"values":{}}`, `{"values":[]}`, `{}`, `[]`, `{"values":[null,7,[]]}`,
		`{"values":[{"email":false,"is_primary":true,"is_confirmed":true}]}`,
		`{"values":[{"email":"eve@example.com","is_primary":"true","is_confirmed":true}]}`,
	} {
		p := work[2]
		p.answers = maps.Clone(p.answers)
		p.answers[emails] = body
		fake := newFake(t, p, strings.NewReplacer())
		who, _, err := finish(p.make(providers.WithDial(fake.network.Dial)))
		if err != nil || who.Email != "" || who.Verified() || who.Subject != p.subject {
			t.Errorf("%s: %q with %q, %v", body, who.Subject, who.Email, err)
		}
	}
}

// TestFieldF8OddMembers: what a login does not need of a token answer may be
// anything.
func TestFieldF8OddMembers(t *testing.T) {
	t.Parallel()
	for _, member := range []string{
		`"token_type":null`, `"token_type":7`, `"token_type":["bearer"]`, `"refresh_token":false`, `"refresh_token":null`,
		`"refresh_token":0`, `"refresh_token":{}`, `"error":false`, `"error":null`, `"error":0`,
		`"error_description":[]`, `"scope":["a"]`, `"id_token":7`,
	} {
		answer := map[string]string{"/token": `{"access_token":"a",` + member + `}`}
		_, tokens, err := finish(by(t, answer, "application/json"))
		if err != nil || tokens.Access != "a" || tokens.Refresh != "" {
			t.Errorf("%s: %q, %q, %v", member, tokens.Access, tokens.Refresh, err)
		}
	}
	for _, answer := range []string{
		`{"access_token":7}`, `{"access_token":["a"]}`, `{"access_token":""}`,
		`{"access_token":"a","error":"invalid_grant"}`,
	} {
		if _, tokens, err := finish(by(t, map[string]string{"/token": answer}, "application/json")); err == nil {
			t.Errorf("%s: the token is %q", answer, tokens.Access)
		}
	}
}
