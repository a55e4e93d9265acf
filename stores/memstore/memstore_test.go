package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

var _ interface {
	core.SessionStore
	core.SessionLister
	core.Sweeper
} = (*memstore.Sessions)(nil)

var _ interface {
	core.TicketStore
	core.Sweeper
} = (*memstore.Tickets)(nil)

var _ interface {
	core.Limiter
	core.Sweeper
} = (*memstore.Limiter)(nil)

// tree has columns of every kind that can be shared.
type tree struct {
	core.User
	Tags    []string
	Groups  [][]int
	Pair    [2]*int
	Prefs   map[string][]string
	Address *address
	Any     any
	Born    time.Time
}

type address struct{ Lines []string }

var _ interface {
	core.UserStore[tree]
	core.EpochStore
	core.IDMaker
} = (*memstore.Users[tree])(nil)

func newTree() *tree {
	return &tree{
		User: core.User{ID: "ann", EmailKey: "ann@example.com"},
		Tags: []string{"a", "b"}, Groups: [][]int{{1}, nil, {}}, Pair: [2]*int{new(1), nil},
		Prefs:   map[string][]string{"k": {"v"}},
		Address: &address{[]string{"line"}}, Any: map[string]any{"n": []int{1}},
		Born: time.Date(2000, 1, 2, 3, 4, 5, 6, time.UTC),
	}
}

func (t *tree) spoil() {
	t.Tags[0], t.Groups[0][0], *t.Pair[0], t.Prefs["k"][0], t.Address.Lines[0] = "x", 9, 9, "x", "x"
	t.Any.(map[string]any)["n"].([]int)[0] = 9
	t.Prefs["new"] = nil
}

func TestUsersAreDeepCopies(t *testing.T) {
	ctx, s, given := t.Context(), memstore.NewUsers[tree](), newTree()
	intact := func(step string) *tree {
		t.Helper()
		got, err := s.Find(ctx, core.ByID("ann"))
		if err != nil || !reflect.DeepEqual(got, newTree()) {
			t.Fatalf("after %s: got %+v and error %v, want the user as created", step, got, err)
		}
		return got
	}
	if err := s.Create(ctx, given); err != nil {
		t.Fatal(err)
	}
	given.spoil()
	intact("spoiling what Create was given").spoil()
	intact("spoiling what Find gave")
	refused := errors.New("no")
	if _, err := s.Update(ctx, "ann", func(u *tree) error { u.spoil(); return refused }); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	intact("a refused Update")
	var inside *tree
	updated, err := s.Update(ctx, "ann", func(u *tree) error { inside = u; return nil })
	if err != nil {
		t.Fatal(err)
	}
	inside.spoil()
	updated.Address.Lines[0] = "y"
	intact("spoiling what change and Update gave")
}

func TestUpdateIgnoresAnID(t *testing.T) {
	ctx, s := t.Context(), memstore.NewUsers[tree]()
	if err := s.Create(ctx, newTree()); err != nil {
		t.Fatal(err)
	}
	u, err := s.Update(ctx, "ann", func(u *tree) error { u.ID = "bob"; return nil })
	if err != nil || u.ID != "ann" {
		t.Errorf("Update returned ID %q and error %v, want ann", u.ID, err)
	}
}

func TestIDsAreRandomUUIDs(t *testing.T) {
	s, v4 := memstore.NewUsers[tree](),
		regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for i := range 100 {
		u := &tree{User: core.User{EmailKey: strconv.Itoa(i)}}
		if err := s.Create(t.Context(), u); err != nil || !v4.MatchString(u.ID) {
			t.Fatalf("Create returned ID %q and error %v, want a UUID of version 4", u.ID, err)
		}
	}
	if one, two := s.NewID(), s.NewID(); !v4.MatchString(one) || one == two {
		t.Errorf("NewID returned %q and %q, want different UUIDs of version 4", one, two)
	}
}

func TestListTakesOddLimits(t *testing.T) {
	ctx, s := t.Context(), memstore.NewUsers[tree]()
	for i := range 120 {
		if err := s.Create(ctx, &tree{User: core.User{EmailKey: strconv.Itoa(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]int{-1: 1, 0: 1, 1: 1, 100: 100, 101: 100, 1 << 40: 100} {
		if page, next, err := s.List(ctx, core.Query{Limit: limit}); len(page) != want || next == "" || err != nil {
			t.Errorf("limit %d: got %d users, next %q and error %v, want %d and a next", limit, len(page), next, err, want)
		}
	}
}

// Later writes remove expired rows if nobody calls Sweep.
func TestExpiredRowsDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, sessions, tickets := t.Context(), memstore.NewSessions(nil), memstore.NewTickets(nil)
		write := func(i int) {
			expires := time.Now().Add(30 * time.Second)
			d := core.Digest(strconv.Itoa(i))
			if err := sessions.Create(ctx, d, core.Session{UserID: "ann", Expires: expires}); err != nil {
				t.Fatal(err)
			}
			if err := tickets.Put(ctx, core.Ticket{Digest: d, Expires: expires}, false); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 1000 {
			write(i)
		}
		time.Sleep(time.Minute)
		write(1000)
		time.Sleep(time.Minute)
		for name, s := range map[string]core.Sweeper{"sessions": sessions, "tickets": tickets} {
			if n, err := s.Sweep(ctx); n != 1 || err != nil {
				t.Errorf("%s: Sweep found %d rows and error %v, want only the last", name, n, err)
			}
		}
	})
}

func TestLimiterMemory(t *testing.T) {
	once := core.Limit{Events: 1, Window: time.Minute}
	take := func(t *testing.T, s *memstore.Limiter, key string) bool {
		t.Helper()
		wait, err := s.Allow(t.Context(), key, once)
		if err != nil {
			t.Fatal(err)
		}
		return wait == 0
	}
	t.Run("Q10 as many keys as allowed are counted, no more", func(t *testing.T) {
		now := time.Now()
		s := memstore.NewLimiter(memstore.LimiterOptions{MaxKeys: 100, Now: func() time.Time { return now }})
		for i := range 1_000_000 {
			if !take(t, s, strconv.Itoa(i)) {
				t.Fatalf("the first event of key %d was refused", i)
			}
		}
		if take(t, s, "999999") || take(t, s, "999900") {
			t.Error("one of the 100 latest keys was forgotten")
		}
		now = now.Add(time.Minute)
		if n, err := s.Sweep(t.Context()); n != 100 || err != nil {
			t.Errorf("Sweep found %d keys and error %v, want 100", n, err)
		}
	})
	failures := core.Limit{Events: 5, Window: 5 * time.Minute}
	for name, each := range map[string]int{"one request": 1, "four failures": 4} {
		t.Run("Q10 a flood of "+name+" from each of 100,000 networks makes it forget no full count", func(t *testing.T) {
			now := time.Now()
			s := memstore.NewLimiter(memstore.LimiterOptions{Now: func() time.Time { return now }})
			taken := func(key string, l core.Limit) bool {
				wait, err := s.Allow(t.Context(), key, l)
				if err != nil {
					t.Fatal(err)
				}
				return wait == 0
			}
			for range failures.Events {
				if !taken("login:victim", failures) {
					t.Fatal("one of five failures was refused")
				}
			}
			for i := range 120_000 {
				for range each {
					if !taken(fmt.Sprint("login-network:", i), core.Limit{Events: 30, Window: time.Hour}) {
						t.Fatalf("twin: a request of network %d was refused", i)
					}
				}
			}
			if taken("login:victim", failures) {
				t.Error("the victim's five failures are forgotten")
			}
			if err := s.Refund(t.Context(), "login:victim"); err != nil || !taken("login:victim", failures) {
				t.Errorf("twin: what was given back cannot be taken: %v", err)
			}
			now = now.Add(5 * time.Minute)
			if !taken("login:victim", failures) {
				t.Error("twin: refused after the window")
			}
			now = now.Add(time.Hour)
			if n, err := s.Sweep(t.Context()); err != nil || n > 100_000 || n < 99_999 {
				t.Errorf("%d keys were kept (%v), want 100,000 at most", n, err)
			}
		})
	}
	t.Run("twin: honest people, more than there is room for, are counted while their events are recent",
		func(t *testing.T) {
			s := memstore.NewLimiter(memstore.LimiterOptions{MaxKeys: 1000})
			for i := range 5000 {
				key := strconv.Itoa(i)
				for try := range failures.Events + 1 {
					wait, err := s.Allow(t.Context(), key, failures)
					if err != nil || (wait == 0) != (try < failures.Events) {
						t.Fatalf("person %d, try %d: wait %v, %v", i, try+1, wait, err)
					}
				}
				if err := s.Reset(t.Context(), key); err != nil { // the right password
					t.Fatal(err)
				}
			}
		})
	t.Run("ended windows make room before others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := memstore.NewLimiter(memstore.LimiterOptions{MaxKeys: 100})
			hour := core.Limit{Events: 1, Window: time.Hour}
			if wait, err := s.Allow(t.Context(), "guarded", hour); wait != 0 || err != nil {
				t.Fatal(wait, err)
			}
			for i := range 99 {
				take(t, s, strconv.Itoa(i))
			}
			time.Sleep(time.Minute)
			for i := range 99 {
				take(t, s, fmt.Sprint("later ", i))
			}
			if wait, err := s.Allow(t.Context(), "guarded", hour); wait == 0 || err != nil {
				t.Errorf("the hour's count was forgotten: wait %v, error %v", wait, err)
			}
		})
	})
}

func TestFindAllocatesNothing(t *testing.T) {
	s, d := memstore.NewSessions(nil), core.Digest("secret")
	if err := s.Create(t.Context(), d, core.Session{UserID: "ann", Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Find(ctx, d) }); n != 0 {
		t.Errorf("Find allocates %v times, want 0", n)
	}
}
