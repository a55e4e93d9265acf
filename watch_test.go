package latchkey_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// wantEnd waits at most so long for the end of a context, and wants its cause
// to be all of these.
func wantEnd(t *testing.T, ctx context.Context, within time.Duration, causes ...error) {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(within):
	}
	if ctx.Err() == nil {
		t.Errorf("the context lives %v later", within)
		return
	}
	for _, want := range causes {
		if got := context.Cause(ctx); !errors.Is(got, want) {
			t.Errorf("it ended because of %v, want %v", got, want)
		}
	}
}

func wantAlive(t *testing.T, ctx context.Context, after time.Duration) {
	t.Helper()
	time.Sleep(after)
	if ctx.Err() != nil {
		t.Fatalf("the context has ended: %v", context.Cause(ctx))
	}
}

func TestWatchEndsWithTheLogin(t *testing.T) {
	off := false
	for name, end := range map[string]func(s *streams, m *Member, one *core.Session) error{
		"revoked": func(s *streams, _ *Member, one *core.Session) error {
			return s.strategies[one.Backend].Revoke(s.t.Context(), one)
		},
		"expired": func(*streams, *Member, *core.Session) error { time.Sleep(time.Minute); return nil },
		"all ended": func(s *streams, m *Member, _ *core.Session) error {
			return s.Manager().EndSessions(s.t.Context(), m.ID)
		},
		"deleted": func(s *streams, m *Member, _ *core.Session) error { return s.Manager().Delete(s.t.Context(), m.ID) },
		"deactivated": func(s *streams, m *Member, _ *core.Session) error {
			return second(s.Manager().Update(s.t.Context(), m.ID, latchkey.Changes[Member]{IsActive: &off}))
		},
		"behind Latchkey's back": func(s *streams, m *Member, _ *core.Session) error {
			return second(s.users.Update(s.t.Context(), m.ID, func(m *Member) error { m.TokenEpoch++; return nil }))
		},
	} {
		for _, c := range []struct {
			backend string
			guards  []latchkey.Guard
		}{{"web", nil}, {"api", nil}, {"web", []latchkey.Guard{latchkey.SessionOnly}},
			{"api", []latchkey.Guard{latchkey.SessionOnly}}} {
			t.Run(name+" "+c.backend, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStreams(t)
					ada, bob := s.register("ada"), s.register("bob")
					_, ctx := s.login(ada, c.backend, c.guards...)
					watched, cancel := s.Watch(ctx)
					defer cancel()
					wantAlive(t, watched, 11*time.Second+300*time.Millisecond)
					_, ctx = s.login(bob, c.backend, c.guards...)
					twin, cancel := s.Watch(ctx)
					defer cancel()

					if err := end(s, ada, core.CurrentFrom(watched).Session); err != nil {
						t.Fatal(err)
					}
					if name != "expired" {
						wantEnd(t, watched, 5*time.Second, core.Unauthorized(), core.ErrInvalid)
						wantAlive(t, twin, 6*time.Second)
					}
					wantEnd(t, watched, 0, core.Unauthorized(), core.ErrInvalid)
				})
			})
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestWatchOfTheInactive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(t)
		ada := s.register("ada")
		_, ctx := s.login(ada, "web")
		watched, cancel := s.Watch(ctx)
		defer cancel()
		if _, err := s.users.Update(t.Context(), ada.ID, deactivate); err != nil {
			t.Fatal(err)
		}
		_, ctx = s.login(s.register("bob"), "web", latchkey.SessionOnly)
		unknowing, cancel := s.Watch(ctx)
		defer cancel()
		if _, err := s.users.Update(t.Context(), core.CurrentFrom(ctx).Session.UserID, deactivate); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, watched, 5*time.Second, core.Unauthorized())
		wantAlive(t, unknowing, 5*time.Second) // as the guard itself, which loads no user
	})
}

// What is believed of sessions and epochs for some seconds is not believed by
// Watch. A login fills the caches first.
func TestWatchAsksPastCaches(t *testing.T) {
	for name, end := range map[string]func(s *streams, m *Member, token string) error{
		"epoch": func(s *streams, m *Member, _ string) error {
			return second(s.users.Update(s.t.Context(), m.ID, func(m *Member) error { m.TokenEpoch++; return nil }))
		},
		"session": func(s *streams, _ *Member, token string) error {
			return s.sessions.Delete(s.t.Context(), core.Digest(token))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreams(t)
				ada := s.register("ada")
				token, ctx := s.login(ada, "web", latchkey.SessionOnly)
				watched, cancel := s.Watch(ctx)
				defer cancel()
				if err := end(s, ada, token); err != nil {
					t.Fatal(err)
				}
				wantEnd(t, watched, 5*time.Second-1, core.Unauthorized())
			})
		})
	}
}

// deactivate is behind Latchkey's back, so that the epoch stays.
func deactivate(m *Member) error {
	m.IsActive = false
	return nil
}

// The session that changes the password outlives it, and so does its stream.
func TestWatchGoesOnAfterTheOwnNewPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(t)
		ada := s.register("ada")
		token, ctx := s.login(ada, "web")
		here, cancel := s.Watch(ctx)
		defer cancel()
		_, ctx = s.login(ada, "web")
		elsewhere, cancel := s.Watch(ctx)
		defer cancel()

		mux := http.NewServeMux()
		httpauth.Mount(mux, "/users", s.Users())
		r := httptest.NewRequest("PATCH", "/users/me", strings.NewReader(
			`{"password": "another password of ada's", "current_password": "`+password+`"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Token", token)
		w := httptest.NewRecorder()
		if mux.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		wantEnd(t, elsewhere, 5*time.Second, core.Unauthorized())
		wantAlive(t, here, 10*time.Second)
	})
}

func TestWatchWhileTheStoreIsDown(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(context.Context) error
		says error
	}{
		"refuses":          {func(context.Context) error { return errDown }, errDown},
		"hangs":            {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, context.DeadlineExceeded},
		"heeds no context": {func(context.Context) error { time.Sleep(time.Hour); return errDown }, core.Unavailable(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreams(t)
				_, ctx := s.login(s.register("ada"), "web")
				watched, cancel := s.Watch(ctx)
				defer cancel()
				wantAlive(t, watched, 11*time.Second)

				s.sessions.answers(c.do)
				wantAlive(t, watched, 2900*time.Millisecond) // the last good answer is at most 2 s old
				wantEnd(t, watched, 2101*time.Millisecond, core.Unavailable(nil), c.says)
				time.Sleep(time.Hour) // until the question that heeds no context is answered
			})
		})
	}
}

func TestWatchOutlastsAShortOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(t)
		_, ctx := s.login(s.register("ada"), "web")
		watched, cancel := s.Watch(ctx)
		defer cancel()
		for range 12 {
			s.sessions.answers(func(context.Context) error { return errDown })
			time.Sleep(900 * time.Millisecond)
			s.sessions.answers(nil)
			wantAlive(t, watched, 2100*time.Millisecond)
		}
		s.sessions.answers(func(context.Context) error { time.Sleep(1900 * time.Millisecond); return nil })
		wantAlive(t, watched, 20*time.Second)
		cancel()
		time.Sleep(2 * time.Second) // until the last answer
	})
}

// A slow answer says what was true when it was requested: five seconds later
// it counts no more.
func TestWatchCountsFromTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(t)
		_, ctx := s.login(s.register("ada"), "web")
		watched, cancel := s.Watch(ctx)
		defer cancel()
		var asked time.Time
		s.sessions.answers(func(context.Context) error {
			if !asked.IsZero() {
				return errDown
			}
			asked = time.Now()
			time.Sleep(1900 * time.Millisecond)
			return nil
		})
		<-watched.Done()
		if after := time.Since(asked); after != 5*time.Second {
			t.Errorf("it ended %v after the last question that was answered", after)
		}
	})
}

// Streams that were opened together, as all are after a deploy, do not ask
// together.
func TestWatchSpreadsTheQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many, bins, bin = 1000, 40, 100 * time.Millisecond
		s := newStreams(t)
		_, ctx := s.login(s.register("ada"), "web")
		begin := time.Now()
		var asked [bins]atomic.Int64
		s.sessions.answers(func(context.Context) error {
			if i := int(time.Since(begin) / bin); i < bins {
				asked[i].Add(1)
			}
			return nil
		})
		for range many {
			_, cancel := s.Watch(ctx)
			defer cancel()
		}
		time.Sleep(bins * bin)
		total := int64(0)
		for i := range asked {
			n := asked[i].Load()
			total += n
			if n > many/5 { // at most 100 are expected, give or take 10
				t.Errorf("%d of %d streams asked within the same %v, %v after they were opened", n, many, bin, time.Duration(i)*bin)
			}
		}
		if total < many*3/2 { // twin: each asks every 2 s
			t.Errorf("%d streams asked %d times in %v", many, total, bins*bin)
		}
	})
}

func TestWatchStops(t *testing.T) {
	cause := errors.New("the server stops")
	for name, c := range map[string]struct {
		stop func(parent context.CancelCauseFunc, cancel context.CancelFunc)
		want error
	}{
		"cancelled":       {func(_ context.CancelCauseFunc, cancel context.CancelFunc) { cancel() }, context.Canceled},
		"its parent ends": {func(parent context.CancelCauseFunc, _ context.CancelFunc) { parent(cause) }, cause},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreams(t)
				_, ctx := s.login(s.register("ada"), "web")
				ctx, parent := context.WithCancelCause(ctx)
				defer parent(nil)
				watched, cancel := s.Watch(ctx)
				defer cancel()
				time.Sleep(10 * time.Second)
				c.stop(parent, cancel)
				wantEnd(t, watched, 0, c.want)

				var asked atomic.Int64
				s.sessions.answers(func(context.Context) error { asked.Add(1); return nil })
				time.Sleep(time.Minute)
				if asked.Load() > 0 {
					t.Errorf("the store was asked %d times afterwards", asked.Load())
				}
			})
		})
	}
}

func TestWatchEndsAtOnceWhereItCannotWork(t *testing.T) {
	s := newStreams(t)
	bare, err := latchkey.New(s.users,
		latchkey.Options[Member]{Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: static{}}}})
	if err != nil {
		t.Fatal(err)
	}
	of := func(backend string) context.Context {
		return core.WithCurrent(context.Background(), core.Current{Session: &core.Session{UserID: "7", Backend: backend}})
	}
	for name, c := range map[string]struct {
		auth *latchkey.Auth[Member]
		ctx  context.Context
		says string
	}{
		"nobody":             {s.Auth, context.Background(), "put Require with the guard Streaming before"},
		"no session":         {s.Auth, core.WithCurrent(context.Background(), core.Current{User: &Member{}}), "put Require with the guard Streaming before"},
		"a strategy without": {bare, of("web"), "has no core.Rechecker"},
		"another's backend":  {bare, of("api"), `no backend is called "api"`},
	} {
		ctx, cancel := c.auth.Watch(c.ctx)
		if ctx.Err() == nil || !strings.Contains(context.Cause(ctx).Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, context.Cause(ctx), c.says)
		}
		cancel()
	}
}

// A part that panics ends one stream, and not the program.
func TestWatchOutlivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(t)
		_, ctx := s.login(s.register("ada"), "web")
		watched, cancel := s.Watch(ctx)
		defer cancel()
		s.sessions.answers(func(context.Context) error { panic("a secret") })
		wantEnd(t, watched, 5*time.Second)
		if got := context.Cause(watched).Error(); !strings.Contains(got, "panicked with a string") ||
			strings.Contains(got, "a secret") {
			t.Errorf("it says %q", got)
		}
	})
}
