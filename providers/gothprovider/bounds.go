package gothprovider

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	defaultTimeout = 10 * time.Second // of an operation, with all its calls
	maxBody        = 1 << 20          // bytes of an answer's body, after decompression
	maxHeader      = 64 << 10         // bytes of an answer's header
)

var (
	errPlainHTTP = errors.New("the URL is not https")
	errTooLarge  = errors.New("the answer is larger than 1 MiB")
)

// bounds reads an answer whole, within its bounds, before goth sees it. What is not a success with strict JSON is an error, a redirect too, so
// http.Client has none to follow.
type bounds struct {
	https, http http.RoundTripper // http is nil unless InsecureLoopback
}

func newBounds(o Options) bounds {
	b := bounds{https: o.Transport}
	if b.https == nil {
		b.https = newTransport()
	}
	if o.InsecureLoopback {
		plain := newTransport()
		plain.DialContext = (&net.Dialer{Control: loopbackOnly}).DialContext
		b.http = plain
	}
	return b
}

// newTransport has no Proxy: a variable of the environment does not decide who sees codes and tokens.
func newTransport() *http.Transport {
	return &http.Transport{
		TLSHandshakeTimeout:    defaultTimeout / 2,
		MaxIdleConns:           8,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// loopbackOnly sees the address that a name was resolved to, so that no name leads elsewhere.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().Unmap().IsLoopback() {
		return errors.New("http is for loopback addresses")
	}
	return nil
}

// RoundTrip is that of http.RoundTripper. The request is the caller's to change.
func (b bounds) RoundTrip(req *http.Request) (*http.Response, error) {
	transport := b.https
	if req.URL.Scheme != "https" {
		transport = b.http
	}
	if transport == nil {
		closeBody(req)
		return nil, errPlainHTTP
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json") // GitHub answers with a form otherwise
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := read(resp)
	if err != nil {
		return nil, err
	}
	resp.Header.Set("Content-Type", "application/json") // some say text/plain, which x/oauth2 takes for a form
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxBody:
		return nil, errTooLarge
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, unsuccessful(resp.StatusCode)
	}
	return body, strict(body)
}
