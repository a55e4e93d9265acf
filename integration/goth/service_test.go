package goth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// service stands in, on a loopback address with TLS, for every service that
// goth has a fixed URL for.
type service struct {
	server *httptest.Server
	answer func(at string, r *http.Request) string // at is the requested URL, without its query; "" means 404

	mu    sync.Mutex
	forms []url.Values // what the token endpoint received
}

func startService(t *testing.T, answer func(at string, r *http.Request) string) *service {
	t.Helper()
	s := &service{answer: answer}
	s.server = httptest.NewTLSServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// RoundTrip sends all calls to the stand-in.
func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	to := req.Clone(req.Context())
	to.Header.Set("X-Asked", req.URL.Scheme+"://"+req.URL.Host+req.URL.Path)
	to.URL.Host = strings.TrimPrefix(s.server.URL, "https://")
	return s.server.Client().Transport.RoundTrip(to)
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form is not one", http.StatusBadRequest)
		return
	}
	if r.PostForm.Get("grant_type") != "" {
		s.mu.Lock()
		s.forms = append(s.forms, r.PostForm)
		s.mu.Unlock()
	}
	body := s.answer(r.Header.Get("X-Asked"), r)
	if body == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(body))
}

// last returns the form that the token endpoint received last.
func (s *service) last(t *testing.T) url.Values {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.forms) == 0 {
		t.Fatal("the token endpoint was not asked")
	}
	return s.forms[len(s.forms)-1]
}
