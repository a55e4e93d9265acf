package cookie_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
	"github.com/latchkey-go/latchkey/transports/transporttest"
)

var _ core.Transport = (*cookie.Transport)(nil)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newTransport(t *testing.T, o cookie.Options) *cookie.Transport {
	t.Helper()
	transport, err := cookie.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]cookie.Options{
		"default": {},
		"weakest": {
			Name: "s", Path: "/app", Domain: "app.example", InsecureHTTP: true, InsecureScriptAccess: true,
			TrustedOrigins: []string{"https://friend.example"},
		},
		"refresh": {RefreshPath: "/auth/web"},
		"refresh everywhere": {
			RefreshPath: "/", Domain: "app.example", Name: "__Secure-s", InsecureScriptAccess: true,
			TrustedOrigins: []string{"https://friend.example"},
		},
		"former": {Name: "s", Domain: "app.example", Former: []cookie.Form{{Path: "/app"}, {Domain: "www.app.example"}}},
	} {
		t.Run(name, func(t *testing.T) {
			transporttest.Run(t, transporttest.Harness{
				New: func(t *testing.T) core.Transport { return newTransport(t, o) }, Ambient: true,
			})
		})
	}
}

func TestSetCookie(t *testing.T) {
	clock := func() time.Time { return now }
	hour := core.Token{Raw: "t", Expires: now.Add(time.Hour)}
	for _, c := range []struct {
		name   string
		o      cookie.Options
		token  core.Token
		attach string
		clear  string
	}{
		{
			name: "default", token: hour,
			attach: "__Host-latchkey=t; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax",
			clear:  "__Host-latchkey=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		},
		{
			name: "plain http", o: cookie.Options{InsecureHTTP: true}, token: hour,
			attach: "latchkey=t; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax",
			clear:  "latchkey=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
		},
		{
			name: "everything else", token: hour,
			o: cookie.Options{
				Name: "__Secure-s", MaxAge: 90 * time.Second, Path: "/app", Domain: "app.example",
				SameSite: http.SameSiteStrictMode, InsecureScriptAccess: true,
			},
			attach: "__Secure-s=; Path=/; Max-Age=0; Secure; SameSite=Strict\n" +
				"__Secure-s=t; Path=/app; Domain=app.example; Max-Age=90; Secure; SameSite=Strict",
			clear: "__Secure-s=; Path=/; Max-Age=0; Secure; SameSite=Strict\n" +
				"__Secure-s=; Path=/app; Domain=app.example; Max-Age=0; Secure; SameSite=Strict",
		},
		{
			name: "other sites too", o: cookie.Options{SameSite: http.SameSiteNoneMode}, token: hour,
			attach: "__Host-latchkey=t; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=None",
			clear:  "__Host-latchkey=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Now = clock
			transport := newTransport(t, c.o)
			resp := core.Bytes(0, "text/plain", []byte("a body"))
			transport.Attach(resp, c.token)
			if resp.Status != http.StatusNoContent || resp.Body != nil || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("the answer is %+v", resp)
			}
			wantSetCookie(t, resp, c.attach)

			resp = core.Bytes(http.StatusUnauthorized, "text/plain", []byte("a body"))
			transport.Clear(resp)
			if resp.Status != http.StatusUnauthorized || string(resp.Body) != "a body" {
				t.Errorf("Clear makes it %+v", resp)
			}
			wantSetCookie(t, resp, c.clear)
		})
	}
}

func wantSetCookie(t *testing.T, resp *core.Response, lines ...string) {
	t.Helper()
	got := resp.Header["Set-Cookie"]
	if strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("got %q, want %q", got, lines)
	}
}

// The browser forgets a brief login, whatever age the cookie would have.
func TestBriefLogin(t *testing.T) {
	for _, age := range []time.Duration{0, time.Hour} {
		transport := newTransport(t, cookie.Options{MaxAge: age, Now: func() time.Time { return now }})
		resp := core.Empty(0)
		transport.Attach(resp, core.Token{Raw: "t", Expires: now.Add(24 * time.Hour), Brief: true})
		wantSetCookie(t, resp, "__Host-latchkey=t; Path=/; HttpOnly; Secure; SameSite=Lax")
	}
}

func TestMaxAge(t *testing.T) {
	for _, c := range []struct {
		name    string
		maxAge  time.Duration
		expires time.Time
		want    string
	}{
		{"the token's life", 0, now.Add(7 * 24 * time.Hour), "; Max-Age=604800;"},
		{"rounded up", 0, now.Add(1500 * time.Millisecond), "; Max-Age=2;"},
		{"less than a second", 0, now.Add(time.Nanosecond), "; Max-Age=1;"},
		{"ended already", 0, now.Add(-time.Hour), "; Max-Age=0;"},
		{"ends now", 0, now, "; Max-Age=0;"},
		{"an option", time.Minute, now.Add(time.Hour), "; Max-Age=60;"},
		{"an option, rounded up", time.Millisecond, time.Time{}, "; Max-Age=1;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport := newTransport(t, cookie.Options{MaxAge: c.maxAge, Now: func() time.Time { return now }})
			resp := core.Empty(0)
			transport.Attach(resp, core.Token{Raw: "t", Expires: c.expires})
			if line := resp.Header.Get("Set-Cookie"); !strings.Contains(line, c.want) {
				t.Errorf("%q has no %q", line, c.want)
			}
		})
	}
	t.Run("no end", func(t *testing.T) {
		resp := core.Empty(0)
		newTransport(t, cookie.Options{}).Attach(resp, core.Token{Raw: "t"})
		if line := resp.Header.Get("Set-Cookie"); strings.Contains(line, "Max-Age") {
			t.Errorf("%q ends before the browser closes", line)
		}
	})
}

func TestOneSetCookieOfTheName(t *testing.T) {
	transport := newTransport(t, cookie.Options{Name: "s"})
	resp := core.Empty(0)
	resp.Header.Add("Set-Cookie", "other=1")
	transport.Attach(resp, core.Token{Raw: "old"})
	resp.Header.Add("Set-Cookie", "s2=1")
	transport.Clear(resp)
	transport.Attach(resp, core.Token{Raw: "new"})
	wantSetCookie(t, resp, "other=1", "s2=1", "s=new; Path=/; HttpOnly; Secure; SameSite=Lax")
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		o    cookie.Options
		want []string // in the error
	}{
		{"Domain with the default name", cookie.Options{Domain: "app.example"}, []string{"excludes a Domain", "__Secure-"}},
		{"Path with the default name", cookie.Options{Path: "/app"}, []string{"excludes a Path other than"}},
		{"__Host- over http", cookie.Options{Name: "__Host-s", InsecureHTTP: true}, []string{"excludes InsecureHTTP"}},
		{"__Secure- over http", cookie.Options{Name: "__Secure-s", InsecureHTTP: true}, []string{"excludes InsecureHTTP"}},
		{"S11 prefix in another case", cookie.Options{Name: "__HOST-s", Domain: "app.example"}, []string{"excludes a Domain"}},
		{"None over http", cookie.Options{Name: "s", SameSite: http.SameSiteNoneMode, InsecureHTTP: true}, []string{"SameSite=None"}},
		{"no SameSite", cookie.Options{SameSite: http.SameSiteDefaultMode}, []string{"Lax, Strict or None"}},
		{"unknown SameSite", cookie.Options{SameSite: 17}, []string{"Lax, Strict or None"}},
		{"name", cookie.Options{Name: "a b"}, []string{"Cookie.Name"}},
		{"name with a separator", cookie.Options{Name: "a=b"}, []string{"Cookie.Name"}},
		{"relative path", cookie.Options{Name: "s", Path: "app"}, []string{"must begin with /"}},
		{"path with an attribute", cookie.Options{Name: "s", Path: "/; Secure"}, []string{"Cookie.Path"}},
		{"domain", cookie.Options{Name: "s", Domain: "a b"}, []string{"Cookie.Domain"}},
		{"age", cookie.Options{MaxAge: -1}, []string{"negative"}},
		{
			"everything at once", cookie.Options{Domain: "a b", Path: "app", MaxAge: -1, SameSite: 17, TrustedOrigins: []string{"*", "null"}},
			[]string{"Cookie.Domain", "must begin with /", "excludes a Domain", "excludes a Path other", "negative",
				"Lax, Strict or None", `"*"`, `"null"`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport, err := cookie.New(c.o)
			if err == nil || transport != nil {
				t.Fatalf("got %v, %v", transport, err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not mention %q", err, want)
				}
			}
		})
	}
}

// TestFieldM12Partitioned: every line of the cookie has the attribute, or a
// browser keeps two cookies.
func TestFieldM12Partitioned(t *testing.T) {
	transport := newTransport(t, cookie.Options{Partitioned: true, SameSite: http.SameSiteNoneMode})
	attached, cleared, held := core.Empty(200), core.Empty(200), core.Empty(200)
	transport.Attach(attached, core.Token{Raw: "t"})
	transport.Clear(cleared)
	transport.Hold(held, "p", time.Minute)
	for name, resp := range map[string]*core.Response{"Attach": attached, "Clear": cleared, "Hold": held} {
		for _, line := range resp.Header["Set-Cookie"] {
			if !strings.Contains(line, "; Partitioned") || !strings.Contains(line, "; Secure") {
				t.Errorf("%s sends %s", name, line)
			}
		}
	}
	for name, o := range map[string]cookie.Options{
		"by default": {Partitioned: true}, "Strict": {Partitioned: true, SameSite: http.SameSiteStrictMode},
		"without Secure": {Partitioned: true, SameSite: http.SameSiteNoneMode, InsecureHTTP: true},
	} {
		if _, err := cookie.New(o); err == nil {
			t.Errorf("%s it is accepted", name)
		}
	}
}

// TestTrustedOriginsSpelling is field M6 too: origins of applications in a web
// view.
func TestTrustedOriginsSpelling(t *testing.T) {
	for _, good := range []string{"https://www.app.example", "http://localhost:5173", "https://127.0.0.1:8443",
		"http://[::1]:3000", "https://xn--bcher-kva.example", "capacitor://localhost", "tauri://localhost", "ionic://localhost",
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop", "moz-extension://0190a4c8-7b6f-7c3e-9f53-0b1c2d3e4f5a"} {
		if _, err := cookie.New(cookie.Options{TrustedOrigins: []string{good}}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "*", "null", "app.example", "//app.example", "https://", "https://app.example/", "https://app.example/x", "https://app.example?x", "https://app.example#x",
		"https://u@app.example", "https://*.app.example", "https://App.example", "HTTPS://app.example", "https://app.example:443", "http://app.example:80",
		"https://app.example:", "https://bücher.example", "file://app.example", "data://x", "blob://app.example", "javascript://x", "capacitor:localhost",
		"Capacitor://localhost", "capacitor://", "capacitor://localhost/", "1x://localhost", "https://app.example https://b.example", "https://app.example\n",
	} {
		if _, err := cookie.New(cookie.Options{TrustedOrigins: []string{bad}}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

type head struct {
	method string
	header http.Header
}

func (h head) Method() string             { return h.method }
func (h head) Host() string               { return "app.example" }
func (h head) Lines(name string) []string { return h.header[name] }

func TestExtract(t *testing.T) {
	transport := newTransport(t, cookie.Options{TrustedOrigins: []string{"https://www.app.example"}})
	refused := &core.Error{Code: core.CodeCrossOriginRefused, Status: http.StatusForbidden}
	duplicate := core.Refuse(core.CodeDuplicateCredentials)
	const session = "__Host-latchkey=t"
	for _, c := range []struct {
		name    string
		cookies []string
		header  http.Header
		err     error
	}{
		{"no browser", []string{session}, nil, nil},
		{"own page", []string{session}, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"https://app.example"}}, nil},
		{"trusted sibling", []string{session}, http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://www.app.example"}}, nil},
		{"C01 cross-site form", []string{session}, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, refused},
		{"C02 sibling without trust", []string{session}, http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://evil.app.example"}}, refused},
		{"C02 Origin null", []string{session}, http.Header{"Origin": {"null"}}, refused},
		{"C02 other port", []string{session}, http.Header{"Origin": {"https://app.example:8443"}}, refused},
		{"C04 Referer alone", []string{session}, http.Header{"Referer": {"https://evil.example/"}}, nil},
		{"C08 two Origin lines", []string{session}, http.Header{"Origin": {"https://app.example", "https://evil.example"}}, refused},
		{"C08 mixed case", []string{session}, http.Header{"Sec-Fetch-Site": {"Same-Origin"}}, refused},
		{"C10 prefix", []string{session}, http.Header{"Origin": {"https://evil-app.example"}}, refused},
		{"C10 trusted one as a prefix", []string{session}, http.Header{"Origin": {"https://www.app.example.evil.example"}}, refused},
		{"cross-site without the cookie", []string{"a=1"}, http.Header{"Sec-Fetch-Site": {"cross-site"}}, core.ErrNoCredential},
		{"S10 two cookies", []string{session + "; " + session}, nil, duplicate},
		{"S11 case variant", []string{"__host-latchkey=t"}, nil, core.ErrNoCredential},
		{"S11 quoted", []string{`__Host-latchkey="t"`}, nil, core.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := c.header.Clone()
			if header == nil {
				header = http.Header{}
			}
			header["Cookie"] = c.cookies
			token, err := transport.Extract(head{http.MethodPost, header})
			want := ""
			if c.err == nil {
				want = "t"
			}
			if token != want || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v; want %q, %v", token, err, want, c.err)
			}
			if errors.Is(c.err, refused) {
				if token, err := transport.Extract(head{http.MethodGet, header}); token != "t" || err != nil {
					t.Errorf("with GET: %q, %v", token, err)
				}
			}
		})
	}
}

func TestTrustedOriginsAreCopied(t *testing.T) {
	origins := []string{"https://www.app.example"}
	transport := newTransport(t, cookie.Options{TrustedOrigins: origins})
	origins[0] = "https://evil.example"
	if err := transport.Protect(head{http.MethodPost, http.Header{"Origin": {"https://evil.example"}}}); err == nil {
		t.Error("the caller's slice is used")
	}
}

func TestScheme(t *testing.T) {
	if got := string(newTransport(t,
		cookie.Options{Name: "s"}).Scheme()); got != `{"in":"cookie","name":"s","type":"apiKey"}` {
		t.Errorf("got %s", got)
	}
}

func BenchmarkExtract(b *testing.B) {
	transport, err := cookie.New(cookie.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var h core.Head = head{http.MethodPost, http.Header{
		"Cookie": {"theme=dark; __Host-latchkey=" + strings.Repeat("a", core.SecretLen)}, "Sec-Fetch-Site": {"same-origin"}, "Origin": {"https://app.example"},
	}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transport.Extract(h); err != nil {
			b.Fatal(err)
		}
	}
}
