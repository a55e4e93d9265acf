package browser_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
)

// crossing is a place before an API where requests meet, and where answers get
// lost. It notes what is answered to POST …/refresh.
type crossing struct {
	http.Handler

	mu       sync.Mutex
	meetings map[string]*meeting // by the path's last element
	lose     int                 // answers of /refresh to lose
	renewing renewing
}

// meeting is of some requests, which wait for each other.
type meeting struct {
	missing int
	all     chan struct{}
}

// renewing is what was answered to /refresh.
type renewing struct {
	answers, lost, now, atOnce int
	statuses                   map[int]int
	tokens                     map[string]bool // refresh tokens
}

// meet lets the next n requests to what ends with a name wait for each other.
func (c *crossing) meet(name string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.meetings[name] = &meeting{n, make(chan struct{})}
}

// loseAnswers loses the next n answers to /refresh.
func (c *crossing) loseAnswers(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose = n
}

// taken returns what was answered to /refresh since the last call.
func (c *crossing) taken() renewing {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := c.renewing
	c.renewing = renewing{statuses: map[int]int{}, tokens: map[string]bool{}}
	return is
}

func (c *crossing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	if r.Method == http.MethodOptions {
		c.Handler.ServeHTTP(w, r)
		return
	}
	if name != "refresh" {
		c.arrive(name, r)
		c.Handler.ServeHTTP(w, r)
		return
	}
	c.mu.Lock()
	c.renewing.now++
	c.renewing.atOnce = max(c.renewing.atOnce, c.renewing.now)
	c.mu.Unlock()
	c.arrive(name, r)
	is := httptest.NewRecorder()
	c.Handler.ServeHTTP(is, r)
	if c.note(is) {
		panic(http.ErrAbortHandler) // which cuts the connection
	}
	for key, lines := range is.Header() {
		w.Header()[key] = lines
	}
	w.WriteHeader(is.Code)
	_, _ = w.Write(is.Body.Bytes())
}

// arrive waits for the others of a meeting.
func (c *crossing) arrive(name string, r *http.Request) {
	c.mu.Lock()
	m := c.meetings[name]
	if m != nil {
		if m.missing--; m.missing == 0 {
			close(m.all)
			delete(c.meetings, name)
		}
	}
	c.mu.Unlock()
	if m == nil {
		return
	}
	select {
	case <-m.all:
	case <-r.Context().Done():
	}
}

// note reports whether the answer gets lost.
func (c *crossing) note(is *httptest.ResponseRecorder) (lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := &c.renewing
	one.now--
	one.answers++
	one.statuses[is.Code]++
	var body struct {
		Token string `json:"refresh_token"`
	}
	if json.Unmarshal(is.Body.Bytes(), &body) == nil && body.Token != "" {
		one.tokens[body.Token] = true
	}
	for _, cookie := range is.Result().Cookies() {
		if cookie.Name == "__Secure-latchkey-refresh" {
			one.tokens[cookie.Value] = true
		}
	}
	if c.lose == 0 {
		return false
	}
	c.lose--
	one.lost++
	return true
}
