package renewals

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	logins   = 24
	clients  = 8 // at a time
	patience = 30 * time.Second
)

// pair are the tokens that a client has.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// survivor is the clients of a target.
type survivor struct {
	t       *testing.T
	target  Target
	url     string
	client  *http.Client
	seconds int
	tokens  [logins]pair
	// lost are renewals that were sent and not answered, over all kills.
	lost int
}

// Survive kills a target while its logins are renewed, as often as it is said:
// after some answers, with others under way. Whoever has not got one sends the
// same token again once the target is back, twice at the same time: the login
// goes on, and has one successor.
func Survive(t *testing.T, kills int, target Target) {
	t.Helper()
	s := &survivor{t: t, target: target, client: &http.Client{Timeout: patience}}
	t.Cleanup(s.client.CloseIdleConnections)
	s.url = target.Start()
	s.advance(0)
	for i := range s.tokens {
		form := url.Values{"username": {address}, "password": {password}}
		status, err := s.post("/auth/mobile/login", form, &s.tokens[i])
		if status != http.StatusOK {
			t.Fatalf("a login is answered with %d, %v", status, err)
		}
	}
	for range kills {
		s.advance(20) // beyond the grace
		s.renewAndKill()
		s.url = target.Start()
		s.advance(1)
		s.again()
		if t.Failed() {
			return
		}
	}
	if s.lost < kills/2 {
		t.Errorf("only %d renewals were under way at %d kills", s.lost, kills)
	}
	s.check()
	t.Logf("%d kills, %d renewals without an answer", kills, s.lost)
}

// advance moves the target's clock.
func (s *survivor) advance(seconds int) {
	s.t.Helper()
	s.seconds += seconds
	if status, err := s.post(fmt.Sprintf("/clock?seconds=%d", s.seconds), nil, nil); status != http.StatusOK {
		s.t.Fatalf("the clock: %d, %v", status, err)
	}
}

// renewAndKill renews each login once, and kills the target after some answers.
func (s *survivor) renewAndKill() {
	after := int64(1 + rand.IntN(logins-clients))              //nolint:gosec // no secret
	pause := time.Duration(rand.IntN(2000)) * time.Microsecond //nolint:gosec // no secret
	var answers, unanswered atomic.Int64
	reached := make(chan struct{})
	next := make(chan int)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for i := range next {
				status, err := s.renew(&s.tokens[i])
				switch {
				case status == http.StatusOK:
					if answers.Add(1) == after {
						close(reached)
					}
				case err == nil && status != http.StatusServiceUnavailable:
					s.t.Errorf("a renewal is answered with %d", status)
				case !errors.Is(err, syscall.ECONNREFUSED):
					unanswered.Add(1)
				}
			}
		})
	}
	dead := make(chan struct{})
	go func() {
		defer close(dead)
		<-reached
		time.Sleep(pause)
		s.target.Kill()
	}()
	for _, i := range rand.Perm(logins) { //nolint:gosec // no secret
		next <- i
	}
	close(next)
	all.Wait()
	select {
	case <-reached:
	default:
		s.t.Error("too few renewals are answered")
		close(reached)
	}
	<-dead
	s.lost += int(unanswered.Load())
}

// again has every client send its token twice at once, until it is answered.
func (s *survivor) again() {
	s.t.Helper()
	var all sync.WaitGroup
	for i := range s.tokens {
		all.Go(func() {
			got := [2]pair{s.tokens[i], s.tokens[i]}
			var both sync.WaitGroup
			for j := range got {
				both.Go(func() { s.retry(&got[j]) })
			}
			both.Wait()
			if got[0].Refresh != got[1].Refresh {
				s.t.Error("the same token has two successors")
			}
			s.tokens[i] = got[0]
			if status := s.me(got[1]); status != http.StatusOK {
				s.t.Errorf("the access token of a client that has tried again is answered with %d", status)
			}
		})
	}
	all.Wait()
}

// retry is what the guide has clients do: only a 401 is the end.
func (s *survivor) retry(p *pair) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		switch status, err := s.renew(p); {
		case status == http.StatusOK:
			return
		case err == nil && status != http.StatusServiceUnavailable:
			s.t.Errorf("a client that tries again is answered with %d", status)
			return
		}
	}
	s.t.Error("nobody answers")
}

// check looks at what is left: as many sessions as there were logins, and
// tokens that are replaced once more.
func (s *survivor) check() {
	s.t.Helper()
	s.advance(20)
	for i := range s.tokens {
		before := s.tokens[i].Refresh
		if status, err := s.renew(&s.tokens[i]); status != http.StatusOK || s.tokens[i].Refresh == before {
			s.t.Errorf("at the end a renewal is answered with %d, %v", status, err)
		}
	}
	var sessions []json.RawMessage
	if status, err := s.get("/auth/sessions", s.tokens[0], &sessions); status != http.StatusOK || len(sessions) != logins {
		s.t.Errorf("there are %d sessions of %d logins: %d, %v", len(sessions), logins, status, err)
	}
}

// renew replaces a client's tokens, if it gets an answer.
func (s *survivor) renew(p *pair) (status int, err error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.Refresh}}
	next := pair{}
	status, err = s.post("/auth/mobile/refresh", form, &next)
	if status == http.StatusOK {
		*p = next
	}
	return status, err
}

func (s *survivor) me(p pair) int {
	status, _ := s.get("/users/me", p, &struct{}{})
	return status
}

func (s *survivor) post(path string, form url.Values, into any) (status int, err error) {
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(r, into)
}

func (s *survivor) get(path string, p pair, into any) (status int, err error) {
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+p.Access)
	return s.send(r, into)
}

// send returns the status of a complete answer, 0 where there is none.
func (s *survivor) send(r *http.Request, into any) (status int, err error) {
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if into == nil || resp.StatusCode != http.StatusOK {
		return resp.StatusCode, nil
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return 0, err // cut off
	}
	return resp.StatusCode, nil
}
