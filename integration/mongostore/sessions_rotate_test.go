package mongostore_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"go.mongodb.org/mongo-driver/v2/bson"
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

// rotated returns a session of ada's, with secrets that have replaced one
// another.
func rotated(t testing.TB, sessions *mongostore.Sessions, name string, secrets ...string) (digest [32]byte) {
	t.Helper()
	digest, now := core.Digest(name), time.Now().UTC()
	one := core.Session{ID: name, UserID: "ada", Epoch: 1, Created: now, LastSeen: now, Expires: now.Add(time.Hour)}
	if err := sessions.Create(t.Context(), digest, one); err != nil {
		t.Fatal(err)
	}
	last := ""
	for _, secret := range secrets {
		got, err := sessions.Rotate(t.Context(), digest, turn(last, secret))
		if err != nil || got.Secret != core.Digest(secret) {
			t.Fatalf("Rotate returned %+v, %v", got, err)
		}
		last = secret
	}
	return digest
}

// TestAttackT02RacesOnAReplicaSet: the kit's races of Rotate on your own
// server, 300 rounds of each in full.
func TestAttackT02RacesOnAReplicaSet(t *testing.T) {
	if external == "" {
		t.Skip("FerretDB has no atomic updates; TestRotatesAtOnce has the orders of their steps")
	}
	race, clock, times := regexp.MustCompile("^(T02|T17|S02 no Rotate|S04 no Rotate)"), storetest.NewClock(), 1
	if os.Getenv("LATCHKEY_TEST_LONG") == "1" {
		times = 60 // of five rounds each
	}
	for range times {
		for _, c := range storetest.SessionCases() {
			if !race.MatchString(c.Rule) {
				continue
			}
			sessions := at(t, clock.Now).Sessions()
			if err := c.Check(t.Context(), storetest.Clocked[core.SessionStore]{Store: sessions, Clock: clock}); err != nil {
				t.Fatalf("%s: %v", c.Rule, err)
			}
		}
	}
}

// TestRotatesAtOnce: what another call does right before the update, or between
// it and the reading of what was there.
func TestRotatesAtOnce(t *testing.T) {
	for _, secrets := range [][]string{nil, {"one"}} {
		last := strings.Join(secrets, "")
		t.Run("T02 another Rotate from "+last, func(t *testing.T) {
			db, store, _ := open[core.User](t, mongostore.Options{})
			digest, first := rotated(t, store.Sessions(), "id", secrets...), turn(last, "first")
			late := between(t, db.Name(), "update", "latchkey_sessions", func() error {
				return second(store.Sessions().Rotate(t.Context(), digest, first))
			})
			got, err := late.Sessions().Rotate(t.Context(), digest, turn(last, "late"))
			if err != nil || got.Secret != first.Next.Secret || got.Sealed != first.Next.Sealed || got.Replaced != first.From {
				t.Errorf("got %+v, %v, want what the first has made", got, err)
			}
		})
		for _, command := range []string{"update", "find"} {
			t.Run("S04 a DeleteAll before the "+command+" from "+last, func(t *testing.T) {
				db, store, _ := open[core.User](t, mongostore.Options{})
				digest := rotated(t, store.Sessions(), "id", secrets...)
				late := between(t, db.Name(), command, "latchkey_sessions", func() error {
					return store.Sessions().DeleteAll(t.Context(), "ada", 2, [32]byte{})
				})
				from := last
				if command == "find" {
					from = "another" // so that it reads
				}
				if got, err := late.Sessions().Rotate(t.Context(), digest, turn(from, "late")); !errors.Is(err, core.ErrNotFound) {
					t.Errorf("got %+v, %v, want core.ErrNotFound", got, err)
				}
				if _, err := store.Sessions().Find(t.Context(), digest); !errors.Is(err, core.ErrNotFound) {
					t.Errorf("the session: %v", err)
				}
			})
		}
	}
}

// TestRotationsThatCannotBeRead: their sessions are none, as Find says of those
// that it cannot read.
func TestRotationsThatCannotBeRead(t *testing.T) {
	var log bytes.Buffer
	db, store, _ := open[core.User](t, mongostore.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, sessions := t.Context(), store.Sessions()
	rotated(t, sessions, "good", "one")
	for name, change := range map[string]bson.D{
		"of another type":            {{Key: "rotation", Value: "secret"}},
		"without what it replaced":   {{Key: "rotation.replaced", Value: nil}},
		"with half a digest":         {{Key: "rotation.sealed", Value: make([]byte, 16)}},
		"with a time of other types": {{Key: "rotation.at", Value: "secret"}},
	} {
		t.Run("S24 "+name, func(t *testing.T) {
			bad := rotated(t, sessions, "bad", "one")
			_, err := db.Collection("latchkey_sessions").UpdateOne(ctx, bson.D{{Key: "_id", Value: bad[:]}},
				bson.D{{Key: "$set", Value: change}})
			if err != nil {
				t.Fatal(err)
			}
			log.Reset()
			if _, err := sessions.Rotate(ctx, bad, turn("none", "two")); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("got %v, want core.ErrNotFound", err)
			}
			if text := log.String(); strings.Count(text, "\n") != 1 || strings.Contains(text, "secret") {
				t.Errorf("the log is %q, want a line without what was stored", text)
			}
			if n, err := db.Collection("latchkey_sessions").CountDocuments(ctx, bson.D{}); err != nil || n != 1 {
				t.Errorf("%d sessions are left, %v, want the good one", n, err)
			}
		})
	}
	if _, err := sessions.Rotate(ctx, core.Digest("good"), turn("one", "two")); err != nil {
		t.Errorf("twin: %v", err)
	}
}
