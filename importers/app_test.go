package importers_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/importers"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// Member is the application's user.
type Member struct {
	latchkey.User
	FullName string         `json:"full_name" auth:"register,update"`
	News     bool           `json:"news" auth:"update"`
	Plan     string         `json:"plan"`
	Since    *time.Time     `json:"since"`
	Tags     []string       `json:"tags"`
	Score    float64        `json:"score"`
	Settings map[string]any `json:"settings"`
	Private  string         `json:"-"`
}

// Hashes of cost 4 that crypt_blowfish has made.
const (
	oldHash     core.PasswordHash = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
	oldPassword string            = "Kk4DQuMMfZL9o"
)

// records are a source whose keys are in order.
type records []importers.Record

func (r records) Records(_ context.Context, after string) iter.Seq2[importers.Record, error] {
	return func(yield func(importers.Record, error) bool) {
		for _, rec := range r {
			if (after == "" || rec.Key > after) && !yield(rec, nil) {
				return
			}
		}
	}
}

// app is an application with an empty store.
type app struct {
	*testing.T
	*latchkey.Auth[Member]
	accounts *memstore.OAuthAccounts
}

func newApp(t *testing.T, hashers ...core.Hasher) *app {
	t.Helper()
	return newAppOver(t, memstore.NewUsers[Member](), hashers...)
}

func newAppOver(t *testing.T, users core.UserStore[Member], hashers ...core.Hasher) *app {
	t.Helper()
	ours, err1 := argon2id.New(argon2id.Options{Memory: 7 << 10, Time: 5})
	old, err2 := bcrypt.New(bcrypt.Options{})
	sessions, err3 := session.New(memstore.NewSessions(nil), session.Options{})
	accounts := memstore.NewOAuthAccounts()
	social, err4 := oauth.New(oauth.Options{
		Accounts: accounts, Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: google{}}},
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	if hashers == nil {
		hashers = []core.Hasher{ours, old}
	}
	auth, err := latchkey.New(users, latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Hashers:  hashers, Flows: social.Flows(), Tickets: memstore.NewTickets(nil), BaseURL: "https://app.example.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	return &app{t, auth, accounts}
}

type google struct{}

func (google) Name() string { return "google" }
func (google) Begin(context.Context, core.OAuthBegin) (string, error) {
	return "https://accounts.example", nil
}
func (google) Finish(context.Context, core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	return core.OAuthIdentity{}, core.OAuthTokens{}, nil
}

// run runs an import that must not fail, and returns its report and what became
// of each record, "key outcome" and a reason.
func (a *app) run(from importers.Source, o importers.Options) (importers.Report, map[string]importers.Result) {
	a.Helper()
	results := map[string]importers.Result{}
	o.Each = func(r importers.Result) {
		if _, ok := results[r.Key]; ok {
			a.Errorf("record %q is settled twice", r.Key)
		}
		results[r.Key] = r
	}
	report, err := importers.Run(a.Context(), a.Manager(), from, o)
	if err != nil {
		a.Fatal(err)
	}
	if report.Done() != len(results) {
		a.Errorf("the report counts %d records, %d are settled", report.Done(), len(results))
	}
	return report, results
}

// member returns the user of an address.
func (a *app) member(address string) *Member {
	a.Helper()
	u, err := a.Manager().FindByEmail(a.Context(), address)
	if err != nil {
		a.Fatalf("%s: %v", address, err)
	}
	return u
}

func (a *app) missing(address string) {
	a.Helper()
	if _, err := a.Manager().FindByEmail(a.Context(), address); !errors.Is(err, core.ErrNotFound) {
		a.Errorf("%s: %v; want that there is no such user", address, err)
	}
}

func wantOutcomes(t *testing.T, results map[string]importers.Result, want map[string]importers.Outcome) {
	t.Helper()
	for key, outcome := range want {
		if r := results[key]; r.Outcome != outcome {
			t.Errorf("record %s is %s (%s), want %s", key, r.Outcome, r.Reason, outcome)
		}
	}
	if len(results) != len(want) {
		t.Errorf("%d records are settled, want %d", len(results), len(want))
	}
}

// wantReason checks that a report and a result say something, and nothing of
// what they must not.
func wantReason(t *testing.T, r importers.Result, reason string) {
	t.Helper()
	if !strings.Contains(r.Reason, reason) {
		t.Errorf("the reason is %q, want something with %q", r.Reason, reason)
	}
	for _, secret := range []string{"example", "$2"} {
		if strings.Contains(r.Reason, secret) {
			t.Errorf("the reason %q has an address or a hash", r.Reason)
		}
	}
}

func raw(members ...string) core.Object {
	o := core.Object{}
	for pair := range slices.Chunk(members, 2) {
		o[pair[0]] = []byte(pair[1])
	}
	return o
}
