package providers

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

const (
	timeout   = 10 * time.Second // of an operation, with all its calls
	maxAnswer = 1 << 20          // bytes of an answer's body, after decompression
	maxHeader = 64 << 10         // bytes of an answer's header
)

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// newClient makes the client of one provider. dialTLS replaces how connections for https are made; nil is TLS over TCP.
func newClient(insecureLoopback bool, dialTLS dialer) *http.Client {
	a := answers{https: newTransport()}
	a.https.DialTLSContext = dialTLS
	if insecureLoopback {
		a.http = newTransport()
		a.http.DialContext = (&net.Dialer{Control: loopbackOnly}).DialContext
	}
	return &http.Client{Transport: a, Timeout: timeout + time.Second} // an operation's context ends first; keys are fetched without it
}

// newTransport has no Proxy: a variable of the environment does not decide who sees codes and tokens.
func newTransport() *http.Transport {
	return &http.Transport{
		TLSHandshakeTimeout:    timeout / 2,
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

// call gives the body and the header of an answer.
func call(client *http.Client, req *http.Request) ([]byte, http.Header, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return body, resp.Header, err
}

// withoutURL takes off what http.Client puts around an error: a URL may have a query.
func withoutURL(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
