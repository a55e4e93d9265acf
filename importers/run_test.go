package importers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/importers"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

const adaID = "0190a4c8-7b6f-7c3e-9f53-0b1c2d3e4f5a"

var born = time.Date(2019, 5, 1, 10, 0, 0, 0, time.UTC)

// people are a source with nothing wrong.
func people() records {
	return records{
		{Key: "1", ID: adaID, Email: " Ada@Example.org", Hash: oldHash, Active: true, Verified: true, Created: born,
			Own:   raw("full_name", `"Ada"`, "shoe_size", `38`),
			Links: []importers.Link{{Provider: "google", Subject: "g1", Email: "ada@gmail.com"}}},
		{Key: "2", ID: "42", Email: "root@example.org", Hash: oldHash, Active: true, Superuser: true, Left: []string{"second factor"}},
		{Key: "3", Email: "gone@example.org"},
		{Key: "4", Skip: "anonymous"},
	}
}

func TestRunImports(t *testing.T) {
	a := newApp(t)
	report, results := a.run(people(), importers.Options{})
	wantOutcomes(t, results, map[string]importers.Outcome{
		"1": importers.Imported, "2": importers.Imported, "3": importers.Imported, "4": importers.Skipped,
	})
	if report.Total != 4 || report.Imported != 3 || report.Superusers != 1 || report.Links != 1 ||
		report.WithoutPassword != 1 ||
		report.Unknown["shoe_size"] != 1 || report.Providers["google"] != 1 ||
		report.Left["second factor"] != 1 || report.After != "4" {
		t.Errorf("%+v", report)
	}
	ada := a.member("ada@example.org")
	if ada.ID != adaID || ada.Email != "Ada@Example.org" || !ada.IsActive || !ada.IsVerified || ada.IsSuperuser ||
		ada.FullName != "Ada" || !ada.CreatedAt.Equal(born) {
		t.Errorf("%+v", ada)
	}
	if link, err := a.accounts.Find(t.Context(), "google", "g1"); err != nil || link.UserID != adaID ||
		link.Email != "ada@gmail.com" {
		t.Errorf("the account at google is %v, %v", link, err)
	}
	if u := a.member("gone@example.org"); u.IsActive || u.HashedPassword != "" {
		t.Errorf("%+v", u)
	}
	m := a.Manager()
	if _, err := m.Authenticate(t.Context(), "ada@example.org", "wrong password"); err == nil {
		t.Error("a wrong password is taken")
	}
	for range 2 {
		if _, err := m.Authenticate(t.Context(), "ada@example.org", oldPassword); err != nil {
			t.Errorf("the old password: %v", err)
		}
	}
	if hash := a.member("ada@example.org").HashedPassword; !strings.HasPrefix(string(hash), "$argon2id$") {
		t.Errorf("after a login the hash is %.10s…", string(hash))
	}
}

func TestDryRunStoresNothing(t *testing.T) {
	a := newApp(t)
	dry, _ := a.run(people(), importers.Options{DryRun: true})
	users, _, err := a.Manager().List(t.Context(), core.Query{Limit: 10})
	if len(users) != 0 || err != nil {
		t.Errorf("%d users are stored, %v", len(users), err)
	}
	if _, err := a.accounts.Find(t.Context(), "google", "g1"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("an account is stored: %v", err)
	}
	wet, _ := a.run(people(), importers.Options{})
	if dry.DryRun = false; dry.String() != wet.String() {
		t.Errorf("the dry run says\n%s\nand the run\n%s", dry, wet)
	}
}

// TestASecondRunIsQuiet: also after people have logged in, which replaces their
// hash, and after one has left.
func TestASecondRunIsQuiet(t *testing.T) {
	a := newApp(t)
	_, first := a.run(people(), importers.Options{})
	if _, err := a.Manager().Authenticate(t.Context(), "ada@example.org", oldPassword); err != nil {
		t.Fatal(err)
	}
	again := append(people(), importers.Record{Key: "5", ID: "43", Email: "late@example.org", Active: true})
	report, results := a.run(again, importers.Options{})
	wantOutcomes(t, results, map[string]importers.Outcome{
		"1": importers.Same, "2": importers.Same, "3": importers.Same, "4": importers.Skipped, "5": importers.Imported,
	})
	if report.Same != 3 || report.Links != 0 || len(report.Problems) != 1 {
		t.Errorf("%+v", report)
	}
	for _, key := range []string{"1", "2", "3"} {
		if first[key].ID == "" || first[key].ID != results[key].ID {
			t.Errorf("record %s was %s and is %s", key, first[key].ID, results[key].ID)
		}
	}
}

func TestNobodyIsGuessedToBeSomebodyElse(t *testing.T) {
	google := func(subject string) []importers.Link { return []importers.Link{{Provider: "google", Subject: subject}} }
	source := records{
		{Key: "01", ID: "1", Email: "ada@example.org", Active: true},
		{Key: "02", ID: "2", Email: "ADA@Example.org", Active: true},
		{Key: "03", ID: "3", Email: "bob@example.org", Links: google("b")},
		{Key: "04", ID: "4", Email: "bob@elsewhere.org", Links: google("b")},
		{Key: "05", ID: "5", Email: "carla@bücher.example"},
		{Key: "06", ID: "6", Email: "carla@xn--bcher-kva.example"},
		{Key: "07", ID: "7", Email: "ada+news@example.org"},
		{Key: "08", ID: "8", Email: "taken@example.org"},
		{Key: "09", ID: "9", Email: "new@example.org", Links: google("taken")},
		{Key: "10", ID: "10", Email: "twice@example.org", Links: append(google("t"), google("t")...)},
		{Key: "11", ID: "11", Email: "ada@example.org", Skip: "deleted"},
	}
	for _, dry := range []bool{true, false} {
		t.Run(fmt.Sprint("dry ", dry), func(t *testing.T) {
			a := newApp(t)
			taken := &Member{}
			taken.Email = "Taken@example.org"
			if err := a.Manager().Import(t.Context(), taken, "",
				core.OAuthAccount{Provider: "google", Subject: "taken"}); err != nil {
				t.Fatal(err)
			}
			report, results := a.run(source, importers.Options{DryRun: dry})
			wantOutcomes(t, results, map[string]importers.Outcome{
				"01": importers.Doubled, "02": importers.Doubled, "03": importers.Doubled, "04": importers.Doubled,
				"05": importers.Doubled, "06": importers.Doubled, "07": importers.Imported, "08": importers.Taken,
				"09": importers.Taken, "10": importers.Imported, "11": importers.Skipped,
			})
			wantReason(t, results["01"], "another record has the same address")
			wantReason(t, results["02"], "record 01 has the same address")
			wantReason(t, results["04"], "record 03 has the same account at google")
			wantReason(t, results["08"], "the address: ")
			wantReason(t, results["09"], "the account at google: ")
			if report.Doubled != 6 || report.Taken != 2 || len(report.Problems) != 9 {
				t.Errorf("%+v", report)
			}
			a.missing("ada@example.org")
			a.missing("bob@example.org")
			if u := a.member("taken@example.org"); u.ID != taken.ID {
				t.Error("the user who was here is another one")
			}
		})
	}
}

// TestTwoSourcesWithTheSameNumbers: the second must not be taken for the first.
func TestTwoSourcesWithTheSameNumbers(t *testing.T) {
	a := newApp(t)
	shop := records{{Key: "7", ID: "7", Email: "ada@example.org", Active: true}}
	blog := records{{Key: "7", ID: "7", Email: "bob@example.org", Active: true}}
	a.run(shop, importers.Options{})
	_, results := a.run(blog, importers.Options{})
	wantOutcomes(t, results, map[string]importers.Outcome{"7": importers.Taken})
	wantReason(t, results["7"], "Options.Origin")
	a.missing("bob@example.org")
	_, results = a.run(blog, importers.Options{Origin: "blog"})
	wantOutcomes(t, results, map[string]importers.Outcome{"7": importers.Imported})
	if a.member("bob@example.org").ID == a.member("ada@example.org").ID {
		t.Error("two people have one ID")
	}
}

func TestIDs(t *testing.T) {
	const object = "65f1c0ffee65f1c0ffee65f1"
	for name, c := range map[string]struct {
		ids      importers.IDs
		id, want string // a beginning
		length   int
	}{
		"a UUID stays":                   {importers.UUIDs, adaID, adaID, 36},
		"a UUID without dashes stays":    {importers.UUIDs, strings.ReplaceAll(adaID, "-", ""), adaID, 36},
		"a number becomes a UUID":        {importers.UUIDs, "42", "", 36},
		"a text becomes a UUID":          {importers.UUIDs, "3Kk0ZQyq", "", 36},
		"without an ID there is one":     {importers.UUIDs, "", "", 36},
		"a number is kept":               {importers.Kept, "42", "42", 2},
		"nothing cannot be kept":         {importers.Kept, "", "", 36},
		"an ObjectID stays":              {importers.ObjectIDs, object, object, 24},
		"a number becomes an ObjectID":   {importers.ObjectIDs, "42", "", 24},
		"a UUID becomes an ObjectID too": {importers.ObjectIDs, adaID, "", 24},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			_, results := a.run(records{{Key: "1", ID: c.id, Email: "ada@example.org"}}, importers.Options{IDs: c.ids})
			u := a.member("ada@example.org")
			if !strings.HasPrefix(u.ID, c.want) || len(u.ID) != c.length || results["1"].ID != u.ID {
				t.Errorf("the ID is %s, and reported as %s", u.ID, results["1"].ID)
			}
		})
	}
}

// failing is a store that cannot be reached after some users.
type failing struct {
	core.UserStore[Member]
	left int
}

var errDown = errors.New("the database is gone")

func (s *failing) Unwrap() any { return s.UserStore }

func (s *failing) Create(ctx context.Context, u *Member) error {
	if s.left--; s.left < 0 {
		return errDown
	}
	return s.UserStore.Create(ctx, u)
}

// TestARunGoesOn: whatever stops it, each record is settled once in the end.
func TestARunGoesOn(t *testing.T) {
	var source records
	for i := range 1000 {
		source = append(source, importers.Record{Key: fmt.Sprintf("%04d", i), ID: fmt.Sprint(i),
			Email: fmt.Sprintf("u%d@example.org", i)})
	}
	source[700].Email = "U3@example.org" // of record 3, which is before the stop
	finish := func(t *testing.T, a *app, report importers.Report, err error, why error) {
		t.Helper()
		if !errors.Is(err, why) || report.Done() == 0 || report.Done() == 1000 {
			t.Fatalf("stopped after %d with %v, want %v", report.Done(), err, why)
		}
		rest, results := a.run(source, importers.Options{After: report.After})
		if report.Done()+rest.Done() != 1000 || report.Imported+rest.Imported != 998 || rest.Same != 0 {
			t.Errorf("first %+v\nthen %+v", report, rest)
		}
		if results["0700"].Outcome != importers.Doubled {
			t.Errorf("%+v", results["0700"])
		}
		all, _ := a.run(source, importers.Options{})
		if all.Same != 998 || all.Doubled != 2 {
			t.Errorf("in the end %+v", all)
		}
	}
	t.Run("the store", func(t *testing.T) {
		store := &failing{memstore.NewUsers[Member](), 500}
		a := newAppOver(t, store)
		report, err := importers.Run(t.Context(), a.Manager(), source, importers.Options{})
		store.left = 1000
		finish(t, a, report, err, errDown)
	})
	t.Run("the caller", func(t *testing.T) {
		a := newApp(t)
		ctx, cancel := context.WithCancel(t.Context())
		report, err := importers.Run(ctx, a.Manager(), source, importers.Options{Progress: func(r importers.Report) {
			if r.Done() == 400 {
				cancel()
			}
		}})
		finish(t, a, report, err, context.Canceled)
	})
}

// TestARunEndsWithItsContext: also where no record needs the store.
func TestARunEndsWithItsContext(t *testing.T) {
	var source records
	for i := range 1000 {
		source = append(source, importers.Record{Key: fmt.Sprintf("%04d", i), Skip: "anonymous"})
	}
	ctx, cancel := context.WithCancel(t.Context())
	report, err := importers.Run(ctx, newApp(t).Manager(), source, importers.Options{Progress: func(r importers.Report) {
		if r.Done() == 400 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || report.Skipped != 400 {
		t.Errorf("%d records, %v", report.Skipped, err)
	}
}

func TestProgress(t *testing.T) {
	a := newApp(t)
	var source records
	for i := range 500 {
		source = append(source, importers.Record{Key: fmt.Sprintf("%04d", i), ID: fmt.Sprint(i),
			Email: fmt.Sprintf("u%d@example.org", i)})
	}
	var last importers.Report
	calls := 0
	report, err := importers.Run(t.Context(), a.Manager(), source, importers.Options{Progress: func(r importers.Report) {
		if r.Total < last.Total || r.Done() < last.Done() {
			t.Errorf("%d of %d after %d of %d", r.Done(), r.Total, last.Done(), last.Total)
		}
		calls, last = calls+1, r
	}})
	if err != nil || calls < 4 || last.Done() != 500 || last.Total != 500 || report.Imported != 500 {
		t.Errorf("%d calls, last %+v, %v", calls, last, err)
	}
}
