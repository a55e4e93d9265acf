package redisstore_test

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// TestWhatIsStored looks at everything that an application leaves in Redis.
func TestWhatIsStored(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	store := open(t, addr, redisstore.Options{Prefix: "app:"})
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	secret, digest, err := core.NewSecret(strings.NewReader(strings.Repeat("secret!!", 4)))
	if err != nil {
		t.Fatal(err)
	}
	errCreate := store.Sessions().Create(ctx, digest, adas("id"))
	_, errTake := store.Limiter().Allow(ctx, email, core.Limit{Events: 3, Window: time.Hour})
	for _, err := range []error{
		errCreate, errTake,
		store.Sessions().Touch(ctx, digest, time.Now(), later),
		store.Sessions().DeleteAll(ctx, "ada", 1, [32]byte{}),
		store.Tickets().Put(ctx, core.Ticket{Digest: digest, Purpose: "exchange", UserID: "ada", Expires: later}, true),
		store.Tickets().Burn(ctx, "state", digest, later),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	dump := func(key string) string {
		value, _ := client.Do(ctx, client.B().Dump().Key(key).Build()).ToString()
		return key + " " + value
	}
	names := keys(t, client, "*")
	if len(names) != 7 {
		t.Errorf("the keys are %q, want 7", names)
	}
	for _, key := range names {
		if !strings.HasPrefix(key, "app:") {
			t.Errorf("%q has not the prefix", key)
		}
		for _, secret := range []string{secret, secret[:16], "secret!!", email} {
			if strings.Contains(dump(key), secret) {
				t.Errorf("%q shows %q", key, secret)
			}
		}
		left, err := client.Do(ctx, client.B().Pttl().Key(key).Build()).AsInt64()
		most := 26 * time.Hour
		if strings.HasPrefix(key, "app:floor:") {
			most = 400 * 24 * time.Hour
		}
		if err != nil || left < 0 || left > most.Milliseconds() {
			t.Errorf("%q stays for %d ms, %v", key, left, err)
		}
	}
	if all := strings.Join(names, " "); !strings.Contains(all, base64.RawURLEncoding.EncodeToString(digest[:])) {
		t.Errorf("twin: the digest is in no key of %s", all)
	}
}

// outage reports whether an error means that the store could not be reached.
func outage(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "redisstore: ")
}

// TestTheIndexOutlivesItsSessions: DeleteAll still deletes a session that a
// Touch or a Rotate has extended, when its first expiry is long past.
func TestTheIndexOutlivesItsSessions(t *testing.T) {
	t.Run("Touch", func(t *testing.T) {
		indexOutlives(t, func(s *redisstore.Sessions, d [32]byte, seen, expires time.Time) error {
			return s.Touch(t.Context(), d, seen, expires)
		})
	})
	t.Run("Rotate", func(t *testing.T) {
		indexOutlives(t, func(s *redisstore.Sessions, d [32]byte, seen, expires time.Time) error {
			next := turn("", "one")
			next.Seen, next.Expires = seen, expires
			return second(s.Rotate(t.Context(), d, next))
		})
	})
}

func indexOutlives(t *testing.T, extend func(s *redisstore.Sessions, d [32]byte, seen, expires time.Time) error) {
	addr, ctx := server.Redis(t), t.Context()
	client := raw(t, addr)
	now := time.Now()
	sessions := open(t, addr, redisstore.Options{Now: func() time.Time { return now }}).Sessions()
	d := login(t, sessions, "long")
	if err := extend(sessions, d, now, now.Add(30*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"first", "second"} { // each removes expired entries
		now = now.Add(48 * time.Hour)
		other := adas(name)
		other.Expires = now.Add(time.Hour)
		if err := sessions.Create(ctx, core.Digest(name), other); err != nil {
			t.Fatal(err)
		}
		members, err := client.Do(ctx, client.B().Zcard().Key(keys(t, client, "*sessions:*")[0]).Build()).AsInt64()
		if err != nil || members != 2 {
			t.Errorf("after %d more sessions the index has %d entries, %v, want 2", i+1, members, err)
		}
	}
	if left, err := client.Do(ctx,
		client.B().Pttl().Key(keys(t, client, "*sessions:*")[0]).Build()).AsInt64(); err != nil ||
		left < 30*24*time.Hour.Milliseconds() {
		t.Errorf("the index stays for %d ms, %v, less than the session", left, err)
	}
	if err := sessions.DeleteAll(ctx, "ada", 2, [32]byte{}); err != nil || alive(t, sessions, d) {
		t.Errorf("the session lives on, %v", err)
	}
}

// TestLongValuesAreRefused: whoever stores one would delay everybody else.
func TestLongValuesAreRefused(t *testing.T) {
	store := open(t, server.Redis(t), redisstore.Options{})
	for size, want := range map[int]bool{60 << 10: true, 64 << 10: false} {
		text, d := strings.Repeat("x", size), core.Digest(strconv.Itoa(size))
		long := adas("long")
		long.Label = text
		if err := store.Sessions().Create(t.Context(), d, long); (err == nil) != want {
			t.Errorf("a session with %d bytes of text: %v", size, err)
		}
		ticket := core.Ticket{Digest: d, Purpose: "exchange", Email: text, Expires: time.Now().Add(time.Minute)}
		if err := store.Tickets().Put(t.Context(), ticket, false); (err == nil) != want {
			t.Errorf("a ticket with %d bytes of text: %v", size, err)
		}
	}
}
