package gothprovider_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/markbates/goth/providers/heroku"
	"github.com/markbates/goth/providers/okta"

	"github.com/latchkey-go/latchkey/providers/gothprovider"
)

const (
	tokens  = `{"access_token":"canary-access","token_type":"Bearer"}`
	profile = `{"id":"01234567","email":"ada@example.com"}`
)

// answers holds a service's responses, and counts what was read of them.
type answers struct {
	token, profile answer
	asked          []string
	read           int64
}

type answer struct {
	status int
	media  string
	body   io.Reader
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, req.URL.Host)
	got := a.profile
	if req.Method == http.MethodPost {
		got = a.token
	}
	header := http.Header{"Content-Type": {got.media}, "Location": {"https://internal.example/"}}
	return &http.Response{StatusCode: got.status, Header: header, Body: io.NopCloser(io.TeeReader(got.body, a)),
		Request: req}, nil
}

func (a *answers) Write(p []byte) (int, error) {
	a.read += int64(len(p))
	return len(p), nil
}

func says(status int, media, body string) answer {
	return answer{status, media, strings.NewReader(body)}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, strings.Repeat(" ", len(p))), nil }

func TestAnswersAreBounded(t *testing.T) {
	large := func() answer {
		return answer{200, "application/json",
			io.MultiReader(strings.NewReader("{"), io.LimitReader(spaces{}, 1<<30), strings.NewReader("}"))}
	}
	for name, c := range map[string]struct {
		a    answers
		want string // of the error; "" means a login
	}{
		"a login":             {answers{token: says(200, "application/json", tokens), profile: says(200, "application/json", profile)}, ""},
		"a login, text/plain": {answers{token: says(200, "text/plain", tokens), profile: says(200, "text/plain", profile)}, ""},
		"O29 500":             {answers{token: says(500, "application/json", tokens)}, "the response is 500"},
		"O29 redirect":        {answers{token: says(307, "application/json", tokens)}, "the response is 307"},
		"O29 HTML":            {answers{token: says(200, "text/html", "<p>"+tokens)}, "not JSON"},
		"O29 1 GiB":           {answers{token: large()}, "1 MiB"},
		"O31 twice":           {answers{token: says(200, "application/json", `{"access_token":"a","access_token":"b"}`)}, "twice"},
		"O29 profile 500":     {answers{token: says(200, "application/json", tokens), profile: says(500, "application/json", profile)}, "the response is 500"},
		"O29 profile redirect": {
			answers{token: says(200, "application/json", tokens), profile: says(302, "application/json", profile)},
			"the response is 302",
		},
		"O29 profile 1 GiB": {answers{token: says(200, "application/json", tokens), profile: large()}, "1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := gothprovider.New(heroku.New("id", "secret", ""), gothprovider.Options{Transport: &c.a})
			if err != nil {
				t.Fatal(err)
			}
			who, _, err := p.Finish(t.Context(), finish())
			said := fmt.Sprint(err)
			if (err == nil) != (c.want == "") || !strings.Contains(said, c.want) || strings.Contains(said, "canary") {
				t.Errorf("Finish says %v", err)
			}
			if err == nil && who.Subject != "01234567" {
				t.Errorf("it is %+v", who)
			}
			if strings.Contains(strings.Join(c.a.asked, " "), "internal") || c.a.read > 2<<20 {
				t.Errorf("asked were %v, read %d bytes", c.a.asked, c.a.read)
			}
		})
	}
}

// TestFieldM1Transport: an *http.Transport has the bounds of the package, a
// proxy and authorities are its own.
func TestFieldM1Transport(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			w.Header().Set("X-Long", strings.Repeat("x", 80<<10))
		}
		_, _ = io.WriteString(w, `{"access_token":"a","sub":"7"}`)
	}))
	defer server.Close()
	authority := x509.NewCertPool()
	authority.AddCert(server.Certificate())
	for path, want := range map[string]string{"/token": "", "/long": "header"} {
		g := okta.NewCustomisedURL("id", "secret", "", server.URL+"/authorize", server.URL+path, "", server.URL+"/me")
		p, err := gothprovider.New(g, gothprovider.Options{
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority}, MaxResponseHeaderBytes: 1 << 40},
		})
		if err != nil {
			t.Fatal(err)
		}
		who, _, err := p.Finish(t.Context(), finish())
		if (err == nil) != (want == "") || err == nil && who.Subject != "7" || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %q, %v", path, who.Subject, err)
		}
	}
	for _, wrong := range []*http.Transport{nil, {TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} {
		if _, err := gothprovider.New(heroku.New("id", "secret", ""), gothprovider.Options{Transport: wrong}); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}
