package outbound_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// TestMain names a proxy. net/http reads it once.
func TestMain(m *testing.M) {
	_ = os.Setenv("HTTPS_PROXY", "proxy.example:3128")
	_ = os.Setenv("NO_PROXY", "inside.example")
	os.Exit(m.Run())
}

func TestFieldM1Environment(t *testing.T) {
	for to, want := range map[string]string{
		"https://idp.example/token": "http://proxy.example:3128", "https://inside.example/token": "",
		"https://127.0.0.1/token": "",
	} {
		got, err := outbound.Direct().Proxy(httptest.NewRequest(http.MethodPost, to, nil))
		if err != nil || got == nil && want != "" || got != nil && got.String() != want {
			t.Errorf("%s goes through %v, %v; want %q", to, got, err, want)
		}
	}
}

func TestFieldM1Bounded(t *testing.T) {
	for name, transport := range map[string]*http.Transport{
		"nothing": nil, "no verification": {TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	} {
		if _, err := outbound.Bounded(transport); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for own, want := range map[int64]int64{0: 64 << 10, -1: 64 << 10, 1 << 40: 64 << 10, 4 << 10: 4 << 10} {
		theirs := &http.Transport{MaxResponseHeaderBytes: own, Proxy: func(*http.Request) (*url.URL, error) {
			return nil, errors.New("canary")
		}}
		got, err := outbound.Bounded(theirs)
		if err != nil || got == theirs || got.MaxResponseHeaderBytes != want || theirs.MaxResponseHeaderBytes != own {
			t.Fatalf("%d became %+v, %v; want %d", own, got, err, want)
		}
		if _, err := got.Proxy(nil); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("the proxy's error is %v", err)
		}
	}
}
