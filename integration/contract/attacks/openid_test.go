package attacks_test

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// badIssuers are issuers that must not log anybody in. Where the OpenID
// Foundation's tests for relying parties have the behaviour, the name is theirs
// (oidcc-client-test-…).
var badIssuers = map[string]struct {
	do     func(i *issuer)
	status int // of a good issuer's answer 200; 0 is 502
}{
	"O10 iss of another issuer":         {func(i *issuer) { i.iss = func(q url.Values) { q.Set("iss", "https://evil.example") } }, 400},
	"O10 iss missing though advertised": {func(i *issuer) { i.iss = func(q url.Values) { q.Del("iss") } }, 400},
	"O10 invalid-iss":                   {saying(func(c harness.Object) { c["iss"] = "https://evil.example" }), 0},
	"O14 nonce-invalid":                 {saying(func(c harness.Object) { c["nonce"] = "of another flow" }), 400},
	"O14 nonce missing":                 {saying(func(c harness.Object) { delete(c, "nonce") }), 400},
	"O16 discovery-issuer-mismatch":     {func(i *issuer) { i.metadata = harness.Object{"issuer": "https://evil.example"} }, 0},
	"O16 discovery redirects": {func(i *issuer) {
		i.answers["/.well-known/openid-configuration"] = func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}
	}, 0},
	"O16 an endpoint on an internal host": {func(i *issuer) { i.metadata = harness.Object{"token_endpoint": "http://169.254.169.254/latest"} }, 0},
	"O17 idtoken-sig-none": {func(i *issuer) {
		i.sign = func(c harness.Object) string { return unsigned(`{"alg":"none"}`, c) + "." }
	}, 0},
	"O17 invalid-sig-hs256, by the client's secret": {func(i *issuer) { i.sign = func(c harness.Object) string { return byHMAC("client-secret-canary", c) } }, 0},
	"O17 invalid-sig-hs256, by the public key":      {func(i *issuer) { i.sign = func(c harness.Object) string { return byHMAC(i.key.JWKS(), c) } }, 0},
	"O17 invalid-sig-es256": {func(i *issuer) {
		i.sign = func(c harness.Object) string { return providertest.NewSigner("one").Sign(c) }
	}, 0},
	"O17 an unknown kid": {func(i *issuer) {
		i.sign = func(c harness.Object) string { return providertest.NewSigner("two").Sign(c) }
	}, 0},
	"O17 missing-aud":             {saying(func(c harness.Object) { delete(c, "aud") }), 0},
	"O17 invalid-aud":             {saying(func(c harness.Object) { c["aud"] = "another" }), 0},
	"O17 several aud without azp": {saying(func(c harness.Object) { c["aud"] = []string{"us", "another"} }), 0},
	"O17 azp of another client":   {saying(func(c harness.Object) { c["aud"], c["azp"] = []string{"us", "another"}, "another" }), 0},
	"O17 missing-iat":             {saying(func(c harness.Object) { delete(c, "iat") }), 0},
	"O17 exp in the past":         {saying(func(c harness.Object) { c["exp"] = time.Now().Add(-time.Hour).Unix() }), 0},
	"O31 exp missing":             {saying(func(c harness.Object) { delete(c, "exp") }), 0},
	"O31 exp of a wrong type":     {saying(func(c harness.Object) { c["exp"] = "tomorrow" }), 0},
	"O31 missing-sub":             {saying(func(c harness.Object) { delete(c, "sub") }), 0},
	"O31 sub of a wrong type":     {saying(func(c harness.Object) { c["sub"] = 1 }), 0},
	"O19 userinfo-invalid-sub":    {func(i *issuer) { i.info = harness.Object{"sub": "victim"} }, 400},
	"O19 userinfo without sub":    {func(i *issuer) { i.info = harness.Object{"sub": nil} }, 0},
}

func saying(change func(harness.Object)) func(*issuer) { return func(i *issuer) { i.claims = change } }

func unsigned(header string, c harness.Object) string {
	payload, _ := json.Marshal(c) // a test's own values always marshal
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(payload)
}

func byHMAC(key string, c harness.Object) string {
	input := unsigned(`{"alg":"HS256","kid":"one"}`, c)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestAttackOpenIDIssuers(t *testing.T) {
	for name, bad := range badIssuers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trusting(t, harness.Places[:1], func(t *testing.T, a *harness.App, i *issuer) {
				bad.do(i)
				if bad.status == 400 {
					i.wantLogin(t, a, "400 OAUTH_INVALID_STATE")
				} else {
					i.wantLogin(t, a, "502 OAUTH_PROVIDER_ERROR")
				}
				if kept := a.StoredState(t); kept != "" {
					t.Errorf("there is somebody: %s", kept)
				}
			})
		})
	}
	trusting(t, harness.Places, func(t *testing.T, a *harness.App, i *issuer) {
		i.wantLogin(t, a, "200") // the twin
		i.sign = func(c harness.Object) string {
			c["aud"], c["azp"] = []string{"us", "another"}, "us"
			return i.key.Sign(c)
		}
		i.wantLogin(t, a, "200")
		t.Run("O17 key rotation", func(t *testing.T) {
			before := i.times("/jwks")
			i.key, i.sign = providertest.NewSigner("two"), nil
			for range 3 {
				i.wantLogin(t, a, "200")
			}
			if n := i.times("/jwks") - before; n != 1 {
				t.Errorf("the keys were fetched %d times, want once", n)
			}
		})
	})
}

func TestAttackOpenIDStolenCodes(t *testing.T) {
	for name, c := range map[string]struct {
		noPKCE  bool
		outcome string
	}{
		"O13 a stolen code, at an issuer that checks the verifier": {false, "502 OAUTH_PROVIDER_ERROR"},
		"O14 a stolen code, at an issuer that ignores PKCE":        {true, "400 OAUTH_INVALID_STATE"},
	} {
		t.Run(name, func(t *testing.T) {
			trusting(t, harness.Places, func(t *testing.T, a *harness.App, i *issuer) {
				i.noPKCE = c.noPKCE
				victims, own := a.Authorize(t, byIssuer, ""), a.Authorize(t, byIssuer, "")
				stolen, _ := url.Parse(i.consent(t, victims))
				query := url.Values{"code": stolen.Query()["code"], "state": {own.State}, "iss": {i.URL}}
				a.Want(t, "GET "+byIssuer+"/callback?"+query.Encode()+" "+c.outcome, own.Browser)
				a.Want(t, "GET "+stolen.String()+" 400 OAUTH_INVALID_STATE", own.Browser)
				if kept := a.StoredState(t); kept != "" {
					t.Errorf("there is somebody: %s", kept)
				}
				i.wantLogin(t, a, "200")
			})
		})
	}
}

func TestAttackOpenIDVerifiedAddresses(t *testing.T) {
	for name, value := range map[string]any{"a string": "true", "a number": 1, "false": false, "a string false": "false",
		"null": nil, "a list": []any{true}} {
		t.Run("O22 email_verified is "+name, func(t *testing.T) {
			trusting(t, harness.Places[:1], func(t *testing.T, a *harness.App, i *issuer) {
				victim := a.NewUser(t, harness.Verified)
				i.info = harness.Object{"email": victim.Email, "email_verified": value}
				i.wantLogin(t, a, "400 OAUTH_USER_ALREADY_EXISTS")
				if len(a.Links(t, victim.ID)) != 0 {
					t.Error("the victim is linked")
				}
				i.info["email_verified"] = true
				i.wantLogin(t, a, "200")
			})
		})
	}
}

// issuerFaults are what an endpoint may answer with; slow ones are 504.
var issuerFaults = map[string]struct {
	do   http.HandlerFunc
	slow bool
}{
	"O28 never answers":      {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true},
	"O28 drips":              {drip, true},
	"O29 500":                {status(500, "{}"), false},
	"O29 503 without a body": {status(503, ""), false},
	"O29 HTML":               {status(200, "<html>"+harness.AccessCanary+"</html>"), false},
	"O29 no body":            {status(200, ""), false},
	"O29 302 to an internal host": {func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
	}, false},
	"O29 307 to itself": {func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"2", http.StatusTemporaryRedirect)
	}, false},
	"O29 closes":                   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
	"O29 closes in the middle":     {cut, false},
	"O29 1 GiB":                    {flood, false},
	"O29 1 GiB as an error":        {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); flood(w, r) }, false},
	"O29 gzip bomb":                {bomb, false},
	"O31 malformed JSON":           {status(200, `{"access_token":"`+harness.AccessCanary), false},
	"O31 null":                     {status(200, "null"), false},
	"O31 a list":                   {status(200, "[{}]"), false},
	"O31 two values":               {status(200, `{"access_token":"a","sub":"id-1"}{}`), false},
	"O31 members twice":            {status(200, `{"sub":"id-1","sub":"id-2","access_token":"a","access_token":"b","keys":[],"keys":[]}`), false},
	"O31 members of wrong types":   {status(200, `{"sub":[1],"access_token":{},"id_token":7,"expires_in":"x","keys":{},"issuer":[]}`), false},
	"O31 nothing in it":            {status(200, "{}"), false},
	"O31 invalid UTF-8":            {status(200, "{\"sub\":\"id-1\",\"access_token\":\"\xff\",\"email\":\"\xff\"}"), false},
	"O31 nested 100,000 times":     {status(200, `{"sub":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}"), false},
	"O31 a number that has no end": {status(200, `{"sub":`+strings.Repeat("9", 300_000)+"}"), false},
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(time.Second):
		}
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, `{"access_token":`)
}

// flood writes 1 GiB, until nobody reads any more.
func flood(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"access_token":"`)
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range 1 << 10 {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// bomb writes members of a gzip stream that unpack to 1 GiB together.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	var member bytes.Buffer
	packed := gzip.NewWriter(&member)
	_, _ = packed.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = packed.Close()
	for range 1 << 10 {
		if _, err := w.Write(member.Bytes()); err != nil {
			return
		}
	}
}

// Each fault of each endpoint, through the application. How much is read, and
// what goes on afterwards, providertest checks at each endpoint.
func TestAttackOpenIDFaults(t *testing.T) {
	for name, fault := range issuerFaults {
		endpoints := []string{"/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"}
		if fault.slow {
			endpoints = endpoints[2:3] // each takes ten seconds
		}
		for _, endpoint := range endpoints {
			t.Run(name+", "+strings.Trim(endpoint, "/"), func(t *testing.T) {
				t.Parallel()
				trusting(t, harness.Places[:1], func(t *testing.T, a *harness.App, i *issuer) {
					i.answers[endpoint] = fault.do
					start := time.Now()
					outcome := "502 OAUTH_PROVIDER_ERROR"
					if fault.slow {
						outcome = "504 OAUTH_PROVIDER_ERROR"
					}
					i.wantLogin(t, a, outcome)
					if took := time.Since(start); took > 15*time.Second { // 10, and what a busy machine takes
						t.Errorf("it took %v", took)
					}
					if kept := a.StoredState(t); kept != "" {
						t.Errorf("there is somebody: %s", kept)
					}
					if i.times(endpoint) == 0 {
						t.Error("the endpoint was not asked")
					}
				})
			})
		}
	}
}
