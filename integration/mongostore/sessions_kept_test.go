package mongostore_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestManySessions: those of a user who had them before there was a limit.
func TestManySessions(t *testing.T) {
	const many, limit = 2500, 100
	db, store, _ := open[core.User](t, mongostore.Options{})
	ctx, sessions, now := t.Context(), store.Sessions(), time.Now().UTC().Truncate(time.Microsecond)
	one := core.Session{ID: "id", UserID: "ada", Backend: "web", Created: now, LastSeen: now, Expires: now.Add(time.Hour)}
	first := core.Digest("0")
	if err := sessions.Create(ctx, first, one); err != nil {
		t.Fatal(err)
	}
	var stored bson.M
	all := db.Collection("latchkey_sessions")
	if err := all.FindOne(ctx, bson.D{{Key: "_id", Value: first[:]}}).Decode(&stored); err != nil {
		t.Fatal(err)
	}
	var more []any
	for i := 1; i < many; i++ {
		next, digest := maps.Clone(stored), core.Digest(fmt.Sprint(i))
		next["_id"], next["id"], next["created"] = digest[:], fmt.Sprint(i), now.UnixMicro()+int64(i)
		more = append(more, next)
	}
	if _, err := all.InsertMany(ctx, more); err != nil {
		t.Fatal(err)
	}
	listed, err := sessions.List(ctx, "ada")
	if err != nil || len(listed) != 1000 || listed[0].ID != fmt.Sprint(many-1) {
		t.Errorf("the list has %d sessions, %v, want the newest 1,000", len(listed), err)
	}
	t.Run("S17 the newest are left", func(t *testing.T) {
		if ended, err := sessions.Trim(ctx, "ada", "web", limit, [32]byte{}); err != nil || len(ended) != many-limit {
			t.Errorf("%d sessions were ended, %v, want %d", len(ended), err, many-limit)
		}
		listed, err := sessions.List(ctx, "ada")
		if err != nil || len(listed) != limit || listed[limit-1].ID != fmt.Sprint(many-limit) {
			t.Errorf("%d sessions are left, %v, want the newest %d", len(listed), err, limit)
		}
	})
}

func TestSessionsThatCannotBeRead(t *testing.T) {
	var log bytes.Buffer
	db, store, _ := open[core.User](t, mongostore.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, sessions, now := t.Context(), store.Sessions(), time.Now().UTC()
	one := core.Session{
		ID: "id", UserID: "ada", Backend: "web", Label: "secret label", Proofs: []core.Proof{{Method: "password", At: now}},
		Created: now, LastSeen: now, Expires: now.Add(time.Hour),
	}
	good, bad := core.Digest("good"), core.Digest("bad")
	for name, change := range map[string]bson.D{
		"an address that is none":    {{Key: "ip", Value: "x"}},
		"an address of another type": {{Key: "ip", Value: 5}},
		"proofs of another type":     {{Key: "proofs", Value: "x"}},
		"a proof of another type":    {{Key: "proofs", Value: bson.A{"x"}}},
		"an epoch of another type":   {{Key: "epoch", Value: "x"}},
		"a time of another type":     {{Key: "created", Value: "x"}},
	} {
		t.Run("S24 "+name, func(t *testing.T) {
			for _, step := range []string{"Find", "List", "Trim"} {
				for _, digest := range [][32]byte{good, bad} {
					if err := errors.Join(sessions.Delete(ctx, digest), sessions.Create(ctx, digest, one)); err != nil {
						t.Fatal(err)
					}
				}
				_, err := db.Collection("latchkey_sessions").UpdateOne(ctx, bson.D{{Key: "_id", Value: bad[:]}},
					bson.D{{Key: "$set", Value: change}})
				if err != nil {
					t.Fatal(err)
				}
				log.Reset()
				logged := 1
				switch step {
				case "Find":
					if _, err := sessions.Find(ctx, bad); !errors.Is(err, core.ErrNotFound) {
						t.Errorf("Find: got %v, want core.ErrNotFound", err)
					}
				case "List":
					if all, err := sessions.List(ctx, "ada"); err != nil || len(all) != 1 {
						t.Errorf("List: got %d sessions, %v, want the good one", len(all), err)
					}
				default: // a login after it
					if _, err := sessions.Trim(ctx, "ada", "web", 1, good); err != nil {
						t.Errorf("Trim: %v", err)
					}
					logged = 0
				}
				if text := log.String(); strings.Count(text, "\n") != logged || strings.Contains(text, "secret") {
					t.Errorf("%s: the log is %q", step, text)
				}
				if n, err := db.Collection("latchkey_sessions").CountDocuments(ctx, bson.D{}); err != nil || n != 1 {
					t.Errorf("%s: %d sessions are left, %v, want the good one", step, n, err)
				}
				if _, err := sessions.Find(ctx, good); err != nil {
					t.Errorf("twin: %v", err)
				}
			}
		})
	}
}
