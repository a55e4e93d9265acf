package growth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var most = flag.Int("users", 1_000_000, "how many users the large database has")

const (
	few = 1000
	// What a statement may take at a million users, in times of what it
	// takes at a thousand.
	mostFactor = 4.0
	mostSearch = 5.0
)

// operation is what one request asks of the store. User i is a random one.
type operation struct {
	name string
	most float64
	do   func(ctx context.Context, in *installation, i int) error
}

// BenchmarkGrowth compares each operation on a large database with the same on
// a small one, in turns. What it reports are ratios of medians.
func BenchmarkGrowth(b *testing.B) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			small, large := d.open(b, few), d.open(b, *most)
			table := fmt.Sprintf("%d and %d users; the median in ms, and how many times that of the small one it is", few, *most)
			for b.Loop() {
				for _, op := range operations {
					table += "\n" + compare(b, op, small, large)
				}
			}
			fmt.Println(d.name+":", table) // of a log, testing keeps ten lines
		})
	}
}

// compare returns the operation's line of the table.
func compare(b *testing.B, op operation, small, large *installation) string {
	b.Helper()
	const warm, turns = 20, 200
	var times [2][]time.Duration
	begun := time.Now()
	for turn := range turns {
		for k, in := range []*installation{small, large} {
			i := mathrand.IntN(in.n)
			start := time.Now()
			if err := op.do(b.Context(), in, i); err != nil {
				b.Errorf("%s: %v", op.name, err)
				return ""
			}
			if turn >= warm {
				times[k] = append(times[k], time.Since(start))
			}
		}
		if turn > 2*warm && time.Since(begun) > 20*time.Second {
			break
		}
	}
	a, z := median(times[0]), median(times[1])
	factor := float64(z) / float64(a)
	if factor > op.most {
		b.Errorf("%s takes %.1f times as long, must be %.0f", op.name, factor, op.most)
	}
	return fmt.Sprintf("| %-34s | %8.3f | %6.1f |", op.name, float64(z)/1e6, factor)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

var operations = slices.Concat(hot, administrative, searches)

// hot are what ordinary requests ask.
var hot = []operation{
	{"find by e-mail", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.users.Find(ctx, core.ByEmail(email(i)))
		return err
	}},
	{"find an unknown e-mail", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.users.Find(ctx, core.ByEmail(email(-1-i)))
		return want(err, core.ErrNotFound)
	}},
	{"find by ID", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.users.Find(ctx, core.ByID(userID(i)))
		return err
	}},
	{"session and user", mostFactor, func(ctx context.Context, in *installation, i int) error {
		found, err := in.users.Sessions().Find(ctx, digest("session", i))
		if err == nil && found.User == nil {
			err = errors.New("no user")
		}
		return err
	}},
	{"unknown session", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.users.Sessions().Find(ctx, digest("made up", i))
		return want(err, core.ErrNotFound)
	}},
	{"epoch", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.users.Epoch(ctx, userID(i))
		return err
	}},
	{"touch a session", mostFactor, func(ctx context.Context, in *installation, i int) error {
		now := time.Now()
		return in.store.Sessions().Touch(ctx, digest("session", i), now, now.AddDate(0, 0, 7))
	}},
	{"find a linked account", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.store.OAuthAccounts().Find(ctx, "acme", fmt.Sprint(i-i%linked))
		return err
	}},
	{"a user's linked accounts", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.store.OAuthAccounts().List(ctx, userID(i-i%linked))
		return err
	}},
	{"a user's sessions", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.store.Sessions().List(ctx, userID(i))
		return err
	}},
	{"new session, and its end", mostFactor, beginAndEnd},
	{"count two limits", mostFactor, func(ctx context.Context, in *installation, i int) error {
		a, z := core.Limit{Events: 1 << 20, Window: time.Minute}, core.Limit{Events: 1 << 20, Window: time.Hour}
		_, err := in.store.Limiter().Allow(ctx, email(i), a, z)
		return err
	}},
	{"ticket, and its use", mostFactor, func(ctx context.Context, in *installation, i int) error {
		d, expires := fresh(), time.Now().Add(time.Hour)
		ticket := core.Ticket{Digest: d, Purpose: "reset", UserID: userID(i), Email: email(i), Expires: expires}
		if err := in.store.Tickets().Put(ctx, ticket, true); err != nil {
			return err
		}
		_, err := in.store.Tickets().Consume(ctx, "reset", d)
		return err
	}},
	{"change a user", mostFactor, func(ctx context.Context, in *installation, i int) error {
		_, err := in.users.Update(ctx, userID(i), func(u *core.User) error { u.HashedPassword += "x"; return nil })
		return err
	}},
	{"end all sessions of a user", mostFactor, func(ctx context.Context, in *installation, i int) error {
		return in.store.Sessions().DeleteAll(ctx, userID(i), 0, digest("session", i))
	}},
	{"new user, and its deletion", mostFactor, func(ctx context.Context, in *installation, _ int) error {
		address := fmt.Sprintf("%x@example.com", fresh())
		u := &core.User{Email: address, EmailKey: address, IsActive: true, CreatedAt: time.Now(), UpdatedAt: time.Now()}
		if err := in.users.Create(ctx, u); err != nil {
			return err
		}
		return in.users.Delete(ctx, u.ID)
	}},
}

// administrative are pages of users. A deep one begins behind the user i.
var administrative = []operation{
	list("page", core.Query{}),
	deep("page, deep", core.Query{}),
	list("page by creation", core.Query{Sort: core.SortCreated}),
	list("page by creation, newest first", core.Query{Sort: core.SortCreated, Descending: true}),
	deep("page by creation, deep", core.Query{Sort: core.SortCreated}),
	list("page by e-mail", core.Query{Sort: core.SortEmail}),
	list("superusers", core.Query{Superuser: new(true)}),
	list("active superusers", core.Query{Active: new(true), Superuser: new(true), Limit: 2}),
	list("superusers by creation", core.Query{Superuser: new(true), Sort: core.SortCreated}),
	list("inactive users", core.Query{Active: new(false)}),
	list("unverified users, newest first", core.Query{Verified: new(false), Sort: core.SortCreated, Descending: true}),
	list("suspended users", core.Query{Suspended: new(true), Now: time.Now()}),
	list("users who are not suspended", core.Query{Suspended: new(false), Now: time.Now()}),
	recent("users of ten minutes, by creation", core.SortCreated),
	recent("users of ten minutes", core.SortStable),
}

// searches are by the beginning of an address: of a million users "a" has
// 62,500.
var searches = []operation{
	search("search a", core.Query{Email: "a"}),
	search("search ab", core.Query{Email: "ab"}),
	search("search zzz", core.Query{Email: "zzz"}),
	search("search a, descending", core.Query{Email: "a", Descending: true}),
	search("search a, superusers", core.Query{Email: "a", Superuser: new(true)}),
	deep("search a, deep", core.Query{Email: "a"}),
	{"search a whole address", mostSearch, func(ctx context.Context, in *installation, i int) error {
		_, _, err := in.users.List(ctx, core.Query{Email: email(i), Limit: 20})
		return err
	}},
}

func list(name string, q core.Query) operation {
	if q.Limit == 0 {
		q.Limit = 20
	}
	return operation{name, mostFactor, func(ctx context.Context, in *installation, _ int) error {
		_, _, err := in.users.List(ctx, q)
		return err
	}}
}

func search(name string, q core.Query) operation {
	op := list(name, q)
	op.most = mostSearch
	return op
}

// deep walks ten pages on from the start and measures all of them, as a cursor
// belongs to what a page returned.
func deep(name string, q core.Query) operation {
	q.Limit = 5
	return operation{name, mostSearch, func(ctx context.Context, in *installation, _ int) error {
		at := q
		for range 10 {
			_, next, err := in.users.List(ctx, at)
			if err != nil {
				return err
			}
			at.Cursor = next
		}
		return nil
	}}
}

// recent are those created in ten minutes: 600.
func recent(name string, order core.UserSort) operation {
	return operation{name, mostFactor, func(ctx context.Context, in *installation, _ int) error {
		q := core.Query{CreatedFrom: in.begun.Add(-10 * time.Minute), CreatedBefore: in.begun, Sort: order}
		_, _, err := in.users.List(ctx, q)
		return err
	}}
}

// beginAndEnd stores a session of the user i and deletes it.
func beginAndEnd(ctx context.Context, in *installation, i int) error {
	d, now := fresh(), time.Now()
	s := core.Session{
		ID: "new", UserID: userID(i), Backend: "web", Created: now, LastSeen: now, Expires: now.AddDate(0, 0, 7),
	}
	return errors.Join(in.store.Sessions().Create(ctx, d, s), in.store.Sessions().Delete(ctx, d))
}

func fresh() (d [32]byte) {
	_, _ = rand.Read(d[:])
	return d
}

func want(err, wanted error) error {
	if errors.Is(err, wanted) {
		return nil
	}
	return fmt.Errorf("%w instead of %w", err, wanted)
}
