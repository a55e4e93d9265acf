package harness

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// SendRaw sends raw bytes over a connection of its own and reads one answer.
// closed reports whether the server ends the connection.
func (a *App) SendRaw(t *testing.T, raw string) (got Answer, closed bool) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(a.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = io.WriteString(c, raw) }() // an early answer must not wait for the last byte
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{resp.StatusCode, resp.Header, string(text)}, resp.Close
}

// Send sends a request, without a check of the answer. It follows no redirects
// and keeps no cookies.
func (a *App) Send(t *testing.T, method, path string, with ...Option) Answer {
	t.Helper()
	r, err := a.newRequest(t.Context(), method, path, with)
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(t, r)
}

// answer sends a request, and waits for what the strategies do after the
// answer.
func (a *App) answer(t *testing.T, r *http.Request) Answer {
	t.Helper()
	got := a.roundTrip(r)
	if got.Status == 0 {
		t.Fatal(got.Body)
	}
	for _, b := range a.backends {
		if w, ok := core.As[core.Waiter](b.Strategy); ok {
			_ = w.Wait(t.Context())
		}
	}
	return got
}

// SendAtOnce sends n requests at the same time, and returns their answers as
// they come.
func (a *App) SendAtOnce(t *testing.T, n int, method, path string, with func(i int) Option) <-chan Answer {
	answers := make(chan Answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers <- a.TrySend(t.Context(), method, path, with(i)) })
	}
	go func() {
		all.Wait()
		close(answers)
	}()
	return answers
}

// TrySend is Send for goroutines: where no answer comes, it returns the status
// 0 and the error as the body.
func (a *App) TrySend(ctx context.Context, method, path string, with ...Option) Answer {
	r, err := a.newRequest(ctx, method, path, with)
	if err != nil {
		return Answer{Body: err.Error()}
	}
	return a.roundTrip(r)
}

func (a *App) newRequest(ctx context.Context, method, path string, with []Option) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, a.URL+path, nil)
	if err != nil {
		return nil, err
	}
	for _, o := range with {
		o(r)
	}
	return r, nil
}

func (a *App) roundTrip(r *http.Request) Answer {
	resp, err := a.transport.RoundTrip(r)
	if err != nil {
		return Answer{Body: err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{Body: err.Error()}
	}
	return Answer{resp.StatusCode, resp.Header, string(body)}
}
