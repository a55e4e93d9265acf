package redisstore_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// turn makes next the secret in place of from, "" for none.
func turn(from, next string) core.Turn {
	now := time.Now().UTC().Truncate(time.Microsecond)
	t := core.Turn{
		Next:   core.Rotation{Secret: core.Digest(next), Sealed: core.Digest("sealed " + next), At: now},
		Before: now, Seen: now, Expires: now.Add(time.Hour),
	}
	if from != "" {
		t.From = core.Digest(from)
	}
	t.Next.Replaced = t.From
	return t
}

// rotates is a Rotate that must be made.
func rotates(t testing.TB, s *redisstore.Sessions, d [32]byte, turn core.Turn) {
	t.Helper()
	if got, err := s.Rotate(t.Context(), d, turn); err != nil || got.Secret != turn.Next.Secret {
		t.Fatalf("Rotate returned %+v, %v", got, err)
	}
}

// TestAttackT02RacesOfNodes: the kit's races of Rotate, between two nodes with
// caches, 300 rounds of each in full.
func TestAttackT02RacesOfNodes(t *testing.T) {
	race, addr, clock := regexp.MustCompile("^(T02|T17|S02 no Rotate|S04 no Rotate)"), server.Redis(t), storetest.NewClock()
	client, o := raw(t, addr), redisstore.Options{Now: clock.Now}
	both := &nodes{both: [2]*redisstore.Sessions{open(t, addr, o).Sessions(), open(t, addr, o).Sessions()}}
	for range long.Count(1, 60) { // of five rounds each
		for _, c := range storetest.SessionCases() {
			if !race.MatchString(c.Rule) {
				continue
			}
			redisDo(t, client, "FLUSHALL")
			if err := c.Check(t.Context(), storetest.Clocked[core.SessionStore]{Store: both, Clock: clock}); err != nil {
				t.Fatalf("%s: %v", c.Rule, err)
			}
		}
	}
}

// TestOnlyRotatedSessionsHaveTheNewForm: any other can be read by the release
// before.
func TestOnlyRotatedSessionsHaveTheNewForm(t *testing.T) {
	addr := server.Redis(t)
	client, sessions := raw(t, addr), open(t, addr, redisstore.Options{}).Sessions()
	plain, scoped := adas("plain"), adas("scoped")
	scoped.Scopes = []string{"read"}
	value := func() string {
		answer := redisDo(t, client, "GET", keys(t, client, "*session:*")[0])
		stored, _ := answer.ToString()
		return stored
	}
	for form, one := range map[string]core.Session{"a": plain, "b": scoped} {
		redisDo(t, client, "FLUSHALL")
		d, wrong, begin := core.Digest(one.ID), turn("none", "one"), adas("").LastSeen
		if err := errors.Join(sessions.Create(t.Context(), d, one), sessions.Touch(t.Context(), d, begin, begin.Add(time.Hour)),
			sessions.DeleteAll(t.Context(), "ada", 2, d), second(sessions.Rotate(t.Context(), d, wrong))); err != nil {
			t.Fatal(err)
		}
		before := value()
		if before[:1] != form {
			t.Errorf("a session that was not rotated has the form %q, want %q", before[:1], form)
		}
		for i, step := range [][2]string{{"", "one"}, {"one", "two"}, {"two", "three"}} {
			rotates(t, sessions, d, turn(step[0], step[1]))
			if after := value(); after[:1] != "c" || len(after)-len(before) != map[string]int{"a": 117, "b": 116}[form] {
				t.Errorf("rotation %d: the form is %q, of %d bytes more", i, after[:1], len(after)-len(before))
			}
		}
		found, err := sessions.Find(t.Context(), d)
		if err != nil || found.Epoch != 2 || found.ID != one.ID || !slices.Equal(found.Scopes, one.Scopes) {
			t.Errorf("it is now %+v, %v", found.Session, err)
		}
	}
}

// TestAttackT20LostKeys: whatever key of a session is lost, no token that was
// replaced is good again.
func TestAttackT20LostKeys(t *testing.T) {
	addr := server.Redis(t)
	client, sessions := raw(t, addr), open(t, addr, redisstore.Options{}).Sessions()
	for _, pattern := range []string{"*session:*", "*sessions:*", "*floor:*"} {
		t.Run(pattern, func(t *testing.T) {
			redisDo(t, client, "FLUSHALL")
			if err := sessions.DeleteAll(t.Context(), "ada", 1, [32]byte{}); err != nil { // so that there is a floor
				t.Fatal(err)
			}
			d, next := login(t, sessions, pattern), turn("", "one")
			rotates(t, sessions, d, next)
			for _, key := range keys(t, client, pattern) {
				redisDo(t, client, "DEL", key)
			}
			lost := pattern == "*session:*"
			got, err := sessions.Rotate(t.Context(), d, turn("", "two"))
			switch {
			case lost && !errors.Is(err, core.ErrNotFound):
				t.Errorf("without the session: got %+v, %v, want core.ErrNotFound", got, err)
			case !lost && (err != nil || got.Secret != next.Next.Secret || got.Sealed != next.Next.Sealed):
				t.Errorf("the first token once more: got %+v, %v, want what replaced it", got, err)
			}
			if lost {
				return
			}
			rotates(t, sessions, d, turn("one", "three"))
			if err := sessions.DeleteAll(t.Context(), "ada", 2, [32]byte{}); err != nil || alive(t, sessions, d) {
				t.Errorf("DeleteAll does not end it: %v", err)
			}
		})
	}
}

// TestRotationsThatCannotBeRead, and those of a later release, also where Find
// still has the session in memory.
func TestRotationsThatCannotBeRead(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	store, log := logging(t, addr)
	sessions := store.Sessions()
	d := login(t, sessions, "one")
	rotates(t, sessions, d, turn("", "one"))
	key := keys(t, client, "*session:*")[0]
	answer := redisDo(t, client, "GET", key)
	good, _ := answer.ToString()
	for name, value := range map[string]string{
		"a time that is none": good[:176] + "x" + good[177:], "half a rotation": good[:100], "nothing after it": good[:177],
		"cut off": good[:len(good)-1], "longer": good + "x", "another form's": "a" + good[1:], "without one": good[:61] + good[177:],
	} {
		t.Run("S24 "+name, func(t *testing.T) {
			redisDo(t, client, "SET", key, good)
			eventually(t, "it is found", func() bool { return alive(t, sessions, d) })
			log.taken()
			redisDo(t, client, "SET", key, value)
			eventually(t, "it is no session", func() bool {
				_, err := sessions.Rotate(t.Context(), d, turn("none", "two"))
				return errors.Is(err, core.ErrNotFound)
			})
			if exists(t, client, key) {
				t.Error("it is still there")
			}
			if got := log.taken(); len(got) != 1 || strings.Contains(got[0], good[200:]) {
				t.Errorf("the log has %q, want a line without the value", got)
			}
		})
	}
	t.Run("S24 a later release's is left alone", func(t *testing.T) {
		redisDo(t, client, "SET", key, good)
		eventually(t, "it is found", func() bool { return alive(t, sessions, d) })
		later := "d" + good[1:]
		redisDo(t, client, "SET", key, later)
		for range 10 { // some while the session is in memory
			if got, err := sessions.Rotate(t.Context(), d, turn("one", "two")); !outage(err) || got != (core.Rotation{}) {
				t.Errorf("Rotate: got %+v, %v, want an outage", got, err)
			}
		}
		answer := redisDo(t, client, "GET", key)
		if stored, _ := answer.ToString(); stored != later {
			t.Errorf("it became %q", stored)
		}
		redisDo(t, client, "SET", key, good)
		eventually(t, "twin: a good one is rotated", func() bool {
			got, err := sessions.Rotate(t.Context(), d, turn("one", "two"))
			return err == nil && got.Secret == core.Digest("two")
		})
	})
}
