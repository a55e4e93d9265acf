package outbound

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// Timeout is for an operation, with all its calls.
	Timeout = 10 * time.Second
	// MaxBody is the most bytes of an answer's body, after decompression.
	MaxBody   = 1 << 20
	maxHeader = 64 << 10
)

var (
	errPlainHTTP = errors.New("the URL is not https")
	errTooLarge  = errors.New("the answer is larger than 1 MiB")
)

// Transport reads each answer whole, within its bounds, and has it checked
// before anybody parses it.
type Transport struct {
	HTTPS http.RoundTripper
	HTTP  http.RoundTripper // nil refuses plain http
	// Check sees an answer with its whole body and may change its header.
	// It returns the body that callers read. An error takes the answer's
	// place: where it refuses a redirect, http.Client has none to follow.
	Check func(resp *http.Response, body []byte) ([]byte, error)
}

// RoundTrip is that of http.RoundTripper.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	to := t.HTTPS
	if req.URL.Scheme != "https" {
		to = t.HTTP
	}
	if to == nil {
		CloseBody(req)
		return nil, errPlainHTTP
	}
	req = req.Clone(req.Context())
	// GitHub answers with a form otherwise
	for name, value := range map[string]string{"User-Agent": "latchkey", "Accept": "application/json"} {
		if req.Header.Get(name) == "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := to.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := read(resp.Body)
	if err == nil {
		body, err = t.Check(resp, body)
	}
	if err != nil {
		return nil, err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func read(from io.ReadCloser) ([]byte, error) {
	defer from.Close()
	body, err := io.ReadAll(io.LimitReader(from, MaxBody+1))
	if err == nil && len(body) > MaxBody {
		err = errTooLarge
	}
	return body, err
}

// CloseBody is what a RoundTripper does with a request that it does not send.
func CloseBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
