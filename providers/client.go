package providers

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

const timeout = outbound.Timeout // of an operation with all its calls

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// newClient returns the client of one provider. dialTLS replaces how https
// connections are made; nil means TLS over TCP.
func newClient(insecureLoopback bool, dialTLS dialer) *http.Client {
	https := outbound.Direct()
	https.DialTLSContext = dialTLS
	t := outbound.Transport{HTTPS: https, Check: checkAnswer}
	if insecureLoopback {
		t.HTTP = outbound.Loopback()
	}
	return &http.Client{Transport: t, Timeout: timeout + time.Second} // the operation's context ends first
}

// call returns the body and the header of a response.
func call(client *http.Client, req *http.Request) ([]byte, http.Header, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return body, resp.Header, err
}

// withoutURL removes what http.Client wraps around an error: a URL may have a
// query.
func withoutURL(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
