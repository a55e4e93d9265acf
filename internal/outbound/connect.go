package outbound

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// Direct connects by TCP and TLS, through the proxy that the environment names
// for https (http.ProxyFromEnvironment). The proxy sees names of hosts, and no
// code or token: TLS is with the service.
func Direct() *http.Transport {
	t := noProxy()
	t.Proxy = discreet(http.ProxyFromEnvironment)
	return t
}

// Bounded returns a copy of a caller's transport that has the bounds of Direct.
// It is an error if t is nil, or trusts every certificate.
func Bounded(t *http.Transport) (*http.Transport, error) {
	if t == nil {
		return nil, errors.New("the transport is nil")
	}
	c := t.TLSClientConfig
	if c != nil && c.InsecureSkipVerify && c.VerifyConnection == nil && c.VerifyPeerCertificate == nil {
		return nil, errors.New("the transport's InsecureSkipVerify is not allowed: put the authority's certificate into RootCAs")
	}
	t = t.Clone()
	if c := t.TLSClientConfig; c != nil && slices.Contains(c.NextProtos, "h2") {
		t.ForceAttemptHTTP2 = true // Clone offers it to servers by itself, and the copy would not speak it
	}
	if t.MaxResponseHeaderBytes <= 0 || t.MaxResponseHeaderBytes > maxHeader {
		t.MaxResponseHeaderBytes = maxHeader
	}
	if t.Proxy != nil {
		t.Proxy = discreet(t.Proxy)
	}
	return t, nil
}

// discreet hides errors that may quote a URL with a query, or the proxy's
// password.
func discreet(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		to, err := proxy(r)
		if err != nil {
			return nil, errors.New("the proxy's URL is not valid")
		}
		return to, nil
	}
}

// Loopback connects to addresses of this machine alone, for plain http.
func Loopback() *http.Transport {
	t := noProxy()
	t.DialContext = (&net.Dialer{Control: loopbackOnly}).DialContext
	return t
}

// Plain connects anywhere, for plain http to hosts that were named. It has no
// proxy, which would see codes and tokens.
func Plain() *http.Transport { return noProxy() }

func noProxy() *http.Transport {
	return &http.Transport{
		TLSHandshakeTimeout:    Timeout / 2,
		MaxIdleConns:           8,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// loopbackOnly sees the address that a name was resolved to, so that no name
// leads elsewhere.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().Unmap().IsLoopback() {
		return errors.New("http is for loopback addresses")
	}
	return nil
}
