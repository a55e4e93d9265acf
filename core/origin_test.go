package core_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// sent is the head of an unsafe request with these Sec-Fetch-Site and Origin
// lines.
func sent(site, origin []string) head {
	return head{method: "POST", host: "app.example:8443", header: http.Header{"Sec-Fetch-Site": site, "Origin": origin}}
}

func trustSibling(origin string) bool { return origin == "https://www.app.example" }

func TestCrossOrigin(t *testing.T) {
	type lines = []string
	for _, c := range []struct {
		name         string
		site, origin lines
		cross        bool
	}{
		{"same origin", lines{"same-origin"}, lines{"https://app.example:8443"}, false},
		{"same origin, no Origin", lines{"same-origin"}, nil, false},
		{"the person's own doing", lines{"none"}, nil, false},
		{"old browser, same origin", nil, lines{"https://app.example:8443"}, false},
		{"old browser, plain http", nil, lines{"http://app.example:8443"}, false},
		{"no browser", nil, nil, false},
		{"trusted sibling", lines{"same-site"}, lines{"https://www.app.example"}, false},
		{"trusted, old browser", nil, lines{"https://www.app.example"}, false},

		{"C02 cross-site", lines{"cross-site"}, lines{"https://evil.example"}, true},
		{"C02 cross-site, no Origin", lines{"cross-site"}, nil, true},
		{"C02 same-site", lines{"same-site"}, lines{"https://evil.app.example"}, true},
		{"C02 Origin null", nil, lines{"null"}, true},
		{"C02 Origin null, cross-site", lines{"cross-site"}, lines{"null"}, true},
		{"C02 other port", nil, lines{"https://app.example:444"}, true},
		{"C02 no port", nil, lines{"https://app.example"}, true},
		{"C02 other scheme of the same host", lines{"cross-site"}, lines{"http://app.example:8443"}, true},
		{"C02 scheme that is not the web's", nil, lines{"capacitor://app.example:8443"}, true},
		{"Sec-Fetch-Site goes before Origin", lines{"cross-site"}, lines{"https://app.example:8443"}, true},
		{"unknown Sec-Fetch-Site", lines{"same-planet"}, nil, true},

		{"C08 two Origin lines", nil, lines{"https://app.example:8443", "https://app.example:8443"}, true},
		{"C08 two Origin lines, one trusted", nil, lines{"https://www.app.example", "https://evil.example"}, true},
		{"C08 two Sec-Fetch-Site lines", lines{"same-origin", "cross-site"}, nil, true},
		{"C08 two Origin lines, same-origin", lines{"same-origin"}, lines{"https://evil.example", "https://app.example:8443"}, true},
		{"C08 joined lines", nil, lines{"https://app.example:8443, https://evil.example"}, true},
		{"C08 mixed case Sec-Fetch-Site", lines{"Same-Origin"}, nil, true},
		{"C08 mixed case Origin", nil, lines{"https://APP.example:8443"}, true},
		{"C08 mixed case scheme", nil, lines{"HTTPS://app.example:8443"}, true},
		{"C08 mixed case of a trusted one", nil, lines{"https://WWW.app.example"}, true},

		{"C10 prefix", nil, lines{"https://evil-app.example:8443"}, true},
		{"C10 sub-domain", nil, lines{"https://evil.app.example:8443"}, true},
		{"C10 suffix", nil, lines{"https://app.example:8443.evil.example"}, true},
		{"C10 longer port", nil, lines{"https://app.example:84430"}, true},
		{"C10 user name", nil, lines{"https://app.example:8443@evil.example"}, true},
		{"C10 user name before", nil, lines{"https://evil@app.example:8443"}, true},
		{"C10 path", nil, lines{"https://evil.example/app.example:8443"}, true},
		{"C10 trailing slash", nil, lines{"https://app.example:8443/"}, true},
		{"C10 host alone", nil, lines{"app.example:8443"}, true},
		{"C10 trailing dot", nil, lines{"https://app.example.:8443"}, true},
		{"C10 trusted one as a prefix", nil, lines{"https://www.app.example.evil.example"}, true},
		{"C10 trusted one with a port", lines{"same-site"}, lines{"https://www.app.example:444"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := sent(c.site, c.origin)
			if got := core.IsCrossOrigin(h, trustSibling); got != c.cross {
				t.Errorf("cross is %v, want %v", got, c.cross)
			}
			for _, method := range []string{"PUT", "PATCH", "DELETE", "post", "get", "X"} {
				h.method = method
				if got := core.IsCrossOrigin(h, trustSibling); got != c.cross {
					t.Errorf("%s: cross is %v, want %v", method, got, c.cross)
				}
			}
			for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
				h.method = method
				if core.IsCrossOrigin(h, trustSibling) {
					t.Errorf("%s is refused", method)
				}
			}
		})
	}
	t.Run("C04 Referer alone", func(t *testing.T) {
		h := sent(nil, nil)
		h.header.Set("Referer", "https://evil.example/")
		if core.IsCrossOrigin(h, nil) {
			t.Error("the documented policy is to pass")
		}
	})
}

// net/http passes some origins that no browser sends (a path, a user name, a
// scheme of an app); beyond those, what it refuses is refused here and what it
// accepts is accepted.
func TestCrossOriginAsNetHTTP(t *testing.T) {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin("https://www.app.example"); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"} {
		for _, site := range []string{"", "same-origin", "same-site", "cross-site", "none", "Same-Origin", "x"} {
			for _, origin := range []string{
				"", "null", "https://app.example", "http://app.example", "https://app.example:444", "https://www.app.example", "https://evil.example",
			} {
				r := httptest.NewRequest(method, "https://app.example/", nil)
				r.Header.Set("Sec-Fetch-Site", site)
				r.Header.Set("Origin", origin)
				want := protection.Check(r) != nil
				if got := core.IsCrossOrigin(head{method, r.Host, r.Header}, trustSibling); got != want {
					t.Errorf("%s, Sec-Fetch-Site %q, Origin %q: cross is %v, net/http says %v", method, site, origin, got, want)
				}
			}
		}
	}
}
