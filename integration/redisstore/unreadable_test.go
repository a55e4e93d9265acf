package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

// lines is a log, which several goroutines may write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// taken returns the lines since the last call.
func (l *lines) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.text.String()
	l.text.Reset()
	return strings.Split(text, "\n")[:strings.Count(text, "\n")]
}

// logging returns a store, and its log.
func logging(t testing.TB, addr string) (*redisstore.Store, *lines) {
	t.Helper()
	log := new(lines)
	return open(t, addr, redisstore.Options{Log: slog.New(slog.NewTextHandler(log, nil))}), log
}

// redisDo runs a command.
func redisDo(t testing.TB, client rueidis.Client, words ...string) rueidis.RedisMessage {
	t.Helper()
	answer, err := client.Do(context.Background(), client.B().Arbitrary(words...).Build()).ToMessage()
	if err != nil && !rueidis.IsRedisNil(err) {
		t.Fatalf("%q: %v", words, err)
	}
	return answer
}

func exists(t testing.TB, client rueidis.Client, key string) bool {
	t.Helper()
	answer := redisDo(t, client, "EXISTS", key)
	n, _ := answer.AsInt64()
	return n == 1
}

func TestASessionThatCannotBeRead(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	store, log := logging(t, addr)
	sessions := store.Sessions()
	d := login(t, sessions, "one")
	key := keys(t, client, "*session:*")[0]
	answer := redisDo(t, client, "GET", key)
	good, _ := answer.ToString()
	for name, put := range map[string][]string{
		"empty":         {"SET", key, ""},
		"the version":   {"SET", key, "a"},
		"cut off":       {"SET", key, good[:len(good)-1]},
		"longer":        {"SET", key, good + "x"},
		"a broken head": {"SET", key, good[:5] + "x" + good[6:]},
		"no session":    {"SET", key, "garbage"},
		"no marks":      {"SET", key, "b" + good[1:]},
		"a list":        {"RPUSH", key, good},
		"a hash":        {"HSET", key, "a", good},
	} {
		t.Run("S19 S24 "+name, func(t *testing.T) {
			for _, find := range map[string]func() error{
				"Find":  func() error { return second(sessions.Find(context.Background(), d)) },
				"Touch": func() error { return sessions.Touch(context.Background(), d, time.Now(), time.Now().Add(time.Hour)) },
			} {
				redisDo(t, client, "DEL", key)
				redisDo(t, client, put...)
				log.taken()
				eventually(t, "it is no session", func() bool { return errors.Is(find(), core.ErrNotFound) })
				if exists(t, client, key) {
					t.Error("it is still there")
				}
				if got := log.taken(); len(got) != 1 || strings.Contains(got[0], good[100:]) {
					t.Errorf("the log has %q, want a line without the value", got)
				}
			}
			redisDo(t, client, put...)
			if all, err := sessions.List(t.Context(), "ada"); err != nil || len(all) != 0 {
				t.Errorf("List: got %v, %v, want none", all, err)
			}
			redisDo(t, client, "DEL", key)
			redisDo(t, client, put...)
			if err := sessions.Delete(t.Context(), d); err != nil || exists(t, client, key) {
				t.Errorf("Delete: %v, or it is still there", err)
			}
			redisDo(t, client, "SET", key, good)
			if err := sessions.Delete(t.Context(), d); err != nil { // so that the index is as it was
				t.Error(err)
			}
			redisDo(t, client, "DEL", key)
			login(t, sessions, "one")
			redisDo(t, client, "DEL", key)
			redisDo(t, client, put...)
			if err := sessions.DeleteAll(t.Context(), "ada", 1, [32]byte{}); err != nil {
				t.Errorf("DeleteAll: %v", err)
			}
		})
	}
	redisDo(t, client, "SET", key, good)
	t.Run("S24 a later release's is left alone, and logged once", func(t *testing.T) {
		log.taken()
		for _, version := range []string{"d", "z", "A", "\x00"} {
			later := version + good[1:]
			redisDo(t, client, "SET", key, later)
			eventually(t, "an outage", func() bool { return outage(second(sessions.Find(context.Background(), d))) })
			for range 10 {
				if err := second(sessions.Find(t.Context(), d)); !outage(err) {
					t.Errorf("Find: got %v, want an outage", err)
				}
			}
			if got := redisDo(t, client, "GET", key); got.String() == "" || !exists(t, client, key) {
				t.Error("it was deleted")
			}
		}
		if got := log.taken(); len(got) != 1 || !strings.Contains(got[0], "later release") {
			t.Errorf("the log has %q, want a line about it", got)
		}
	})
	t.Run("S24 twin: a good one is found", func(t *testing.T) {
		redisDo(t, client, "SET", key, good)
		eventually(t, "it is found", func() bool { return alive(t, sessions, d) })
		if got := log.taken(); len(got) != 0 {
			t.Errorf("the log has %q", got)
		}
	})
}

// TestAPersonWhoseSessionCannotBeRead: the response is a 401, and the person
// can log in.
func TestAPersonWhoseSessionCannotBeRead(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	store, _ := logging(t, addr)
	a := appOver(t, store)
	token, err := a.issue(t)
	if err != nil || a.hello(t, token).status != http.StatusOK {
		t.Fatal("a session was not made", err)
	}
	key := keys(t, client, "*session:*")[0]
	answer := redisDo(t, client, "GET", key)
	good, _ := answer.ToString()
	later := "d" + good[1:]
	redisDo(t, client, "SET", key, later)
	t.Run("S24 503 for a later release's, which is left alone", func(t *testing.T) {
		eventually(t, "it is read", func() bool { return a.hello(t, token).status == http.StatusServiceUnavailable })
		if !exists(t, client, key) {
			t.Error("it was deleted")
		}
	})
	redisDo(t, client, "SET", key, good[:80])
	t.Run("S24 401 for one that is broken", func(t *testing.T) {
		eventually(t, "it is read", func() bool { return a.hello(t, token).status == http.StatusUnauthorized })
	})
	t.Run("S24 twin: the next login is good", func(t *testing.T) {
		if got := a.login(t); got.status != http.StatusOK {
			t.Errorf("a login is answered with %d", got.status)
		}
		if token, err := a.issue(t); err != nil || a.hello(t, token).status != http.StatusOK {
			t.Errorf("a new session is refused: %v", err)
		}
	})
}

// What is kept of a user, and counts.
func TestOtherValuesThatCannotBeRead(t *testing.T) {
	addr, ctx := server.Redis(t), t.Context()
	client := raw(t, addr)
	store, log := logging(t, addr)
	sessions := store.Sessions()
	limit := core.Limit{Events: 2, Window: time.Hour}
	for name, tt := range map[string]struct {
		pattern string
		put     [][]string // "" means the key
		logged  bool
	}{
		"a floor that is no number": {"latchkey:floor:*", [][]string{{"SET", "", "x"}, {"SET", "", strings.Repeat("9", 19) + "x"}}, true},
		"a floor of another type":   {"latchkey:floor:*", [][]string{{"RPUSH", "", "x"}}, true},
		"an index of another type":  {"latchkey:sessions:*", [][]string{{"SET", "", "x"}, {"SADD", "", "x"}}, true},
		"an index with odd members": {"latchkey:sessions:*", [][]string{{"ZADD", "", "9999999999999", "x"}}, false},
	} {
		t.Run("S19 "+name, func(t *testing.T) {
			for _, put := range tt.put {
				for step, call := range map[string]func() error{
					"Create":    func() error { return sessions.Create(ctx, core.Digest("new"), adas("new")) },
					"DeleteAll": func() error { return sessions.DeleteAll(ctx, "ada", 1, [32]byte{}) },
				} {
					redisDo(t, client, "FLUSHALL")
					login(t, sessions, "old")
					if err := sessions.DeleteAll(ctx, "ada", 1, [32]byte{}); err != nil {
						t.Fatal(err)
					}
					key := keys(t, client, tt.pattern)[0]
					redisDo(t, client, "DEL", key)
					redisDo(t, client, append([]string{put[0], key}, put[2:]...)...)
					log.taken()
					if err := call(); err != nil {
						t.Errorf("%s over %q: %v", step, put, err)
					}
					if got := log.taken(); (len(got) == 1) != tt.logged {
						t.Errorf("%s over %q: the log has %q", step, put, got)
					}
					d := login(t, sessions, "later")
					if !alive(t, sessions, d) {
						t.Error("twin: a login afterwards does not live")
					}
					if all, err := sessions.List(ctx, "ada"); err != nil || len(all) == 0 {
						t.Errorf("List: got %v, %v", all, err)
					}
				}
			}
		})
	}
	t.Run("S19 List over an index of another type", func(t *testing.T) {
		redisDo(t, client, "FLUSHALL")
		login(t, sessions, "old")
		key := keys(t, client, "latchkey:sessions:*")[0]
		redisDo(t, client, "SET", key, "x")
		if all, err := sessions.List(ctx, "ada"); err != nil || len(all) != 0 {
			t.Errorf("got %v, %v, want none", all, err)
		}
	})
	t.Run("S19 a count", func(t *testing.T) {
		for _, put := range [][]string{{"SET", "", "x"}, {"HSET", "", "start", "x", "count", "1"},
			{"HSET", "", "start", "1", "count", "nan"},
			{"HSET", "", "start", "inf", "count", "1"}, {"HSET", "", "start", "1", "count", "-5"}} {
			redisDo(t, client, "FLUSHALL")
			if err := second(store.Limiter().Allow(ctx, email, limit)); err != nil {
				t.Fatal(err)
			}
			key := keys(t, client, "latchkey:limit:*")[0]
			for step, call := range map[string]func() error{
				"Allow":  func() error { return second(store.Limiter().Allow(ctx, email, limit)) },
				"Refund": func() error { return store.Limiter().Refund(ctx, email) },
			} {
				redisDo(t, client, "DEL", key)
				redisDo(t, client, append([]string{put[0], key}, put[2:]...)...)
				if err := call(); err != nil {
					t.Errorf("%s over %q: %v", step, put, err)
				}
			}
			redisDo(t, client, "DEL", key)
			for i, want := range []bool{false, false, true} { // twin: it counts again
				if wait, err := store.Limiter().Allow(ctx, email, limit); err != nil || (wait > 0) != want {
					t.Errorf("event %d after %q: %v, %v", i, put, wait, err)
				}
			}
		}
	})
}

func TestATicketThatCannotBeRead(t *testing.T) {
	addr, ctx := server.Redis(t), t.Context()
	client := raw(t, addr)
	store, log := logging(t, addr)
	tickets, later := store.Tickets(), time.Now().Add(time.Hour)
	unused := func(d [32]byte) error {
		return tickets.Put(ctx, core.Ticket{Digest: d, Purpose: "reset", UserID: "ada", Expires: later}, true)
	}
	burned := func(d [32]byte) error { return tickets.Burn(ctx, "reset", d, later) }
	for i, tt := range []struct {
		name string
		make func([32]byte) error
		put  []string
		want error
	}{
		{"an unused one with a broken text", unused, []string{"HSET", "", "frozen", "x"}, core.ErrNotFound},
		{"an unused one with a broken end", unused, []string{"HSET", "", "expires", "x"}, core.ErrNotFound},
		{"an unused one without its text", unused, []string{"HDEL", "", "frozen"}, core.ErrNotFound},
		{"one of which it is unknown whether it is used", unused, []string{"HDEL", "", "used"}, core.ErrUsed},
		{"a burned one with a broken text", burned, []string{"HSET", "", "frozen", "x"}, core.ErrUsed},
		{"a burned one with a broken end", burned, []string{"HSET", "", "expires", "5"}, core.ErrUsed},
		{"another type", burned, []string{"SET", "", "x"}, core.ErrUsed},
	} {
		t.Run("S19 "+tt.name, func(t *testing.T) {
			for step, call := range map[string]func([32]byte) error{
				"Find":    func(d [32]byte) error { return second(tickets.Find(ctx, "reset", d)) },
				"Consume": func(d [32]byte) error { return second(tickets.Consume(ctx, "reset", d)) },
				"Fail":    func(d [32]byte) error { return tickets.Fail(ctx, "reset", d, 5) },
			} {
				d := core.Digest(fmt.Sprint(i, step))
				if err := tt.make(d); err != nil {
					t.Fatal(err)
				}
				key := ""
				for _, k := range keys(t, client, "latchkey:ticket:reset:*") {
					key = k
				}
				redisDo(t, client, append([]string{tt.put[0], key}, tt.put[2:]...)...)
				log.taken()
				for range 3 {
					if err := call(d); !errors.Is(err, tt.want) {
						t.Errorf("%s: got %v, want %v", step, err, tt.want)
					}
				}
				if got := log.taken(); len(got) != 1 {
					t.Errorf("%s: the log has %q, want a line", step, got)
				}
				if tt.want == core.ErrUsed {
					if err := burned(d); !errors.Is(err, core.ErrUsed) {
						t.Errorf("%s: Burn returns %v, so it counts as unused", step, err)
					}
				}
				redisDo(t, client, "DEL", key)
			}
		})
	}
	t.Run("S19 an index of another type", func(t *testing.T) {
		redisDo(t, client, "FLUSHALL")
		if err := unused(core.Digest("first")); err != nil {
			t.Fatal(err)
		}
		redisDo(t, client, "SET", keys(t, client, "latchkey:tickets:*")[0], "x")
		if err := errors.Join(unused(core.Digest("second")),
			second(tickets.Consume(ctx, "reset", core.Digest("second")))); err != nil {
			t.Error(err)
		}
	})
}

// Prefixes that begin with one another, and users whose IDs look like keys.
func TestNamesThatLookLikeKeys(t *testing.T) {
	addr, ctx := server.Redis(t), t.Context()
	t.Run("S20 neither a prefix nor a user reaches what is another's", func(t *testing.T) {
		var stores []*redisstore.Sessions
		for _, prefix := range []string{"app:", "app:session:", "app:sessions:", "app:floor:", "app:session:app:"} {
			stores = append(stores, open(t, addr, redisstore.Options{Prefix: prefix}).Sessions())
		}
		users := []string{"ada", "", "{ada}", "ada}", "session:ada", "app:session:", "*", "ada\x00", "ADA", "ada:floor",
			strings.Repeat("a", 43)}
		name := func(i int, user string) [32]byte { return core.Digest(fmt.Sprint(i, user)) }
		for i, s := range stores {
			for _, user := range users {
				one := adas(user)
				one.UserID, one.Label = user, fmt.Sprint(i)
				if err := s.Create(ctx, name(i, user), one); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := stores[1].DeleteAll(ctx, "ada", 2, [32]byte{}); err != nil {
			t.Fatal(err)
		}
		for i, s := range stores {
			for j := range stores {
				for _, user := range users {
					want := i == j && !(i == 1 && user == "ada")
					if alive(t, s, name(j, user)) != want {
						t.Errorf("store %d finds the session of %q in store %d: %v", i, user, j, !want)
					}
				}
			}
			for _, user := range users {
				all, err := s.List(ctx, user)
				if want := !(i == 1 && user == "ada"); err != nil || (len(all) == 1) != want {
					t.Errorf("store %d lists %d sessions of %q, %v", i, len(all), user, err)
				}
			}
		}
	})
}
