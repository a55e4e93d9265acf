package openapi

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
)

func statusesOf(op *operation) iter.Seq[int] { return maps.Keys(op.answers) }

// report calls report with what is wrong with an exchange.
func (c *Checker) report(x exchange, report func(error)) {
	if err := c.check(x); err != nil {
		report(fmt.Errorf("openapi: %s %s answers %d: %w", x.method, x.url.Path, x.status, err))
	}
}

// Handler returns a handler that serves next, and calls report with every
// answer that is not as the document has it. report may be called from several
// goroutines. Answers to requests of no operation pass as they are; of the
// others, the ResponseWriter can be flushed, and no more.
func (c *Checker) Handler(next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.doc.operationOf(r.Method, r.URL) == nil {
			next.ServeHTTP(w, r)
			return
		}
		method, asked, form := r.Method, *r.URL, isForm(r.Header.Get("Content-Type"))
		kept := &keeping{ResponseWriter: w}
		next.ServeHTTP(kept, r)
		if kept.status == 0 {
			kept.status = http.StatusOK
		}
		c.report(exchange{method, &asked, form, kept.status, w.Header(), kept.body.Bytes()}, report)
	})
}

// keeping is a ResponseWriter that keeps what is written.
type keeping struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap is for http.ResponseController.
func (k *keeping) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func (k *keeping) WriteHeader(status int) {
	if k.status == 0 && status >= 200 {
		k.status = status
	}
	k.ResponseWriter.WriteHeader(status)
}

func (k *keeping) Write(b []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	k.body.Write(b)
	return k.ResponseWriter.Write(b)
}

// Transport returns a RoundTripper that sends requests by next, nil for
// http.DefaultTransport, and calls report as Handler does. It is for servers
// that are not http.Handlers, such as fiber's.
func (c *Checker) Transport(next http.RoundTripper, report func(error)) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return transport{c, next, report}
}

type transport struct {
	checker *Checker
	next    http.RoundTripper
	report  func(error)
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil || t.checker.doc.operationOf(r.Method, r.URL) == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	form := isForm(r.Header.Get("Content-Type"))
	t.checker.report(exchange{r.Method, r.URL, form, resp.StatusCode, resp.Header, body}, t.report)
	return resp, nil
}
