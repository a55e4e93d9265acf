package providers

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

const timeout = outbound.Timeout // of an operation with all its calls

// newClient returns the client of one provider, bounded by outbound. Plain http
// never goes through the transport of the caller, nor through a proxy.
func newClient(s service) (*http.Client, error) {
	https := outbound.Direct()
	if s.transport != nil {
		var err error
		if https, err = outbound.Bounded(s.transport); err != nil {
			return nil, err
		}
	}
	http1 := plain{hosts: s.insecureHosts, named: outbound.Plain()}
	if s.insecureLoopback {
		http1.loopback = outbound.Loopback()
	}
	client := &http.Client{
		Transport: outbound.Transport{HTTPS: https, HTTP: http1, Check: checkAnswer},
		Timeout:   timeout + time.Second, // the operation's context ends first
	}
	if public, internal, err := s.bases(); s.internal != "" && err == nil {
		client.Transport = inside{public, internal, client.Transport}
	}
	return client, nil
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
