package redisstore_test

import (
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/server"
)

// load is people who keep sending requests, some of them with a session, some
// with one that they have ended.
type load struct {
	app         *app
	good, ended []string
	stop        chan struct{}
	all         sync.WaitGroup

	mu      sync.Mutex
	answers []answer // to valid ones
	wrong   atomic.Int64
	slowest atomic.Int64
}

const people = 16

func newLoad(t *testing.T, a *app) *load {
	t.Helper()
	l := &load{app: a, stop: make(chan struct{})}
	for i := range people {
		token, err := a.issue(t)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.hello(t, token); got.status != http.StatusOK {
			t.Fatalf("a new session is answered with %d", got.status)
		}
		if i%2 == 0 {
			l.good = append(l.good, token)
			continue
		}
		if err := a.revoke(t, token); err != nil {
			t.Fatal(err)
		}
		l.ended = append(l.ended, token)
	}
	for _, token := range l.good {
		l.ask(t, token, func(got answer) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.answers = append(l.answers, got)
		})
	}
	for _, token := range l.ended {
		l.ask(t, token, func(got answer) {
			if got.status == http.StatusOK {
				l.wrong.Add(1)
			}
		})
	}
	l.all.Go(func() { l.comeAndGo(t) })
	return l
}

func (l *load) ask(t *testing.T, token string, note func(answer)) {
	l.all.Go(func() {
		for l.goesOn() {
			got := l.app.hello(t, token)
			if got.status == http.StatusServiceUnavailable && got.retryAfter == "" {
				t.Error("a 503 does not say when to come again")
			}
			if int64(got.took) > l.slowest.Load() {
				l.slowest.Store(int64(got.took))
			}
			note(got)
			time.Sleep(5 * time.Millisecond)
		}
	})
}

// comeAndGo begins sessions and ends them. What has certainly ended is
// presented again.
func (l *load) comeAndGo(t *testing.T) {
	for l.goesOn() {
		token, err := l.app.issue(t)
		if err == nil {
			err = l.app.revoke(t, token)
		}
		if err == nil && l.app.hello(t, token).status == http.StatusOK {
			l.wrong.Add(1)
		}
	}
}

func (l *load) goesOn() bool {
	select {
	case <-l.stop:
		return false
	default:
		return true
	}
}

// since returns the statuses of responses to valid sessions that were requested
// from a time on.
func (l *load) since(at time.Time) map[int]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	statuses := map[int]int{}
	for _, got := range l.answers {
		if !got.at.Before(at) {
			statuses[got.status]++
		}
	}
	return statuses
}

// recovered waits until valid sessions have all been accepted for a moment, at
// most 2 seconds.
func (l *load) recovered(t *testing.T) {
	t.Helper()
	back := time.Now()
	for {
		from := time.Now()
		time.Sleep(200 * time.Millisecond)
		got := l.since(from)
		if len(got) == 1 && got[http.StatusOK] > 0 {
			break
		}
		if time.Since(back) > 2200*time.Millisecond {
			t.Errorf("2 s after Redis came back good sessions are answered with %v", got)
			break
		}
	}
	t.Logf("everything is normal %v after Redis came back; the slowest answer took %v", time.Since(back),
		time.Duration(l.slowest.Load()))
}

// end stops the load, and checks what must never have happened.
func (l *load) end(t *testing.T) {
	t.Helper()
	close(l.stop)
	l.all.Wait()
	if n := l.wrong.Load(); n > 0 {
		t.Errorf("%d requests with an ended session were accepted", n)
	}
	got := l.since(time.Time{})
	if got[http.StatusServiceUnavailable] == 0 || got[http.StatusOK] == 0 || len(got) != 2 {
		t.Errorf("good sessions were answered with %v, want 200 and 503 alone", got)
	}
	if most := time.Duration(l.slowest.Load()); most > 3*time.Second {
		t.Errorf("a request took %v", most)
	}
}

// TestStopped stops Redis for 10 seconds. This one writes everything to its
// disk, so that sessions are there again.
func TestStopped(t *testing.T) {
	redis := server.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	l := newLoad(t, newApp(t, redis.URL()))
	time.Sleep(500 * time.Millisecond)
	before := runtime.NumGoroutine()
	redis.Stop()
	stopped := time.Now()
	waiting := 0 // all callers at once, after a second, with their connections
	for i := range 20 {
		time.Sleep(500 * time.Millisecond)
		n := runtime.NumGoroutine()
		if i < 2 {
			waiting = max(waiting, n)
		} else if n > waiting+10 {
			t.Errorf("%d goroutines, %d a second after Redis was stopped", n, waiting)
		}
	}
	if got := l.since(stopped.Add(time.Second)); got[http.StatusOK] > 0 {
		t.Errorf("without Redis sessions are answered with %v", got)
	}
	redis.Start()
	l.recovered(t)
	l.end(t)
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines at the end, %d before", n, before)
	}
}

// TestHung pauses Redis, with sessions that another node has revoked a moment
// before.
func TestHung(t *testing.T) {
	t.Parallel()
	redis := server.StartRedis(t)
	a, other := newApp(t, redis.URL()), newApp(t, redis.URL())
	var late []string
	for range 50 {
		token, err := a.issue(t)
		if err != nil || a.hello(t, token).status != http.StatusOK {
			t.Fatal("a session was not made", err)
		}
		late = append(late, token)
	}
	l := newLoad(t, a)
	for _, token := range late {
		if err := other.revoke(t, token); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("F04 a Redis that hangs is believed for 5 s, and then it is 503", func(t *testing.T) {
		redis.Pause()
		paused := time.Now()
		time.Sleep(time.Until(paused.Add(5500 * time.Millisecond)))
		for _, token := range late[:2] {
			if got := a.hello(t, token); got.status == http.StatusOK {
				t.Error("a session that had ended is accepted 5.5 s later")
			}
		}
		time.Sleep(2 * time.Second)
		if got := l.since(paused.Add(5500 * time.Millisecond)); got[http.StatusOK] > 0 ||
			got[http.StatusServiceUnavailable] == 0 {
			t.Errorf("5.5 s after Redis hung sessions are answered with %v", got)
		}
	})
	t.Run("F04 twin: it comes back, and all is well", func(t *testing.T) {
		redis.Resume()
		l.recovered(t)
	})
	for _, token := range late {
		if got := a.hello(t, token); got.status != http.StatusUnauthorized {
			t.Errorf("a session that had ended is answered with %d", got.status)
		}
	}
	l.end(t)
}

// TestRestartedEmpty: sessions are lost, users are not.
func TestRestartedEmpty(t *testing.T) {
	redis := server.StartRedis(t)
	a := newApp(t, redis.URL())
	token, err := a.issue(t)
	if err != nil || a.hello(t, token).status != http.StatusOK {
		t.Fatal("a session was not made", err)
	}
	redis.Stop()
	redis.Start()
	t.Run("F05 a session that Redis has lost is refused, and does not come back", func(t *testing.T) {
		eventually(t, "the session has ended", func() bool { return a.hello(t, token).status == http.StatusUnauthorized })
		for range 100 {
			if got := a.hello(t, token); got.status != http.StatusUnauthorized {
				t.Fatalf("it is answered with %d", got.status)
			}
		}
	})
	t.Run("F05 twin: a login lives", func(t *testing.T) {
		if got := a.login(t); got.status != http.StatusOK {
			t.Errorf("a login is answered with %d", got.status)
		}
		if token, err := a.issue(t); err != nil || a.hello(t, token).status != http.StatusOK {
			t.Errorf("a new session is refused: %v", err)
		}
	})
}
