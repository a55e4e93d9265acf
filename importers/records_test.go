package importers_test

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/importers"
)

// TestHostileRecords: each is reported and left out, and the run goes on.
func TestHostileRecords(t *testing.T) {
	good := func(key string) importers.Record {
		return importers.Record{
			Key: key, ID: key, Email: key + "@example.org", Hash: oldHash, Active: true, Created: born, SuspendedFor: "x",
			SuspendedUntil: born, Own: raw("full_name", `"Ada"`),
			Links: []importers.Link{{Provider: "google", Subject: key, Email: "a@b.example"}},
		}
	}
	bad := map[string]struct {
		edit   func(*importers.Record)
		reason string
	}{
		"a fault of the source":        {func(r *importers.Record) { r.Fault = "its date is none" }, "its date is none"},
		"no address":                   {func(r *importers.Record) { r.Email = "" }, "@-sign"},
		"an address with a NUL":        {func(r *importers.Record) { r.Email = "a\x00@example.org" }, "not valid"},
		"an address with a line break": {func(r *importers.Record) { r.Email = "a\r\nBcc: b@example.org" }, "not valid"},
		"an address in invalid UTF-8":  {func(r *importers.Record) { r.Email = "\xff@example.org" }, "not valid text"},
		"an address of 10 MB":          {func(r *importers.Record) { r.Email = strings.Repeat("a", 1e7) + "@example.org" }, "too long"},
		"a hash of 10 MB":              {func(r *importers.Record) { r.Hash = oldHash + core.PasswordHash(strings.Repeat("A", 1e7)) }, "1 KiB"},
		"a hash with a NUL":            {func(r *importers.Record) { r.Hash = "$2b$\x00" }, "1 KiB"},
		"a hash that is cut off":       {func(r *importers.Record) { r.Hash = oldHash[:50] }, "malformed"},
		"a hash of cost 31":            {func(r *importers.Record) { r.Hash = "$2b$31$" + oldHash[7:] }, "cost"},
		"4 GiB of argon2id": {func(r *importers.Record) {
			r.Hash = "$argon2id$v=19$m=4194304,t=2,p=1$8BHF94dnJfBlHfd0Z6CElw$BukZaTcoSYH371ppsk4k0Q"
		}, "bounds"},
		"a hash of no hasher":         {func(r *importers.Record) { r.Hash = "pbkdf2_sha256$1$a$b" }, "no hasher"},
		"clear text":                  {func(r *importers.Record) { r.Hash = "hunter2" }, "no hasher"},
		"an ID with a NUL":            {func(r *importers.Record) { r.ID = "a\x00b" }, "ID"},
		"an ID of 256 bytes":          {func(r *importers.Record) { r.ID = strings.Repeat("a", 256) }, "ID"},
		"born before 1970":            {func(r *importers.Record) { r.Created = time.Unix(-1, 0) }, "creation"},
		"born in the year 10000":      {func(r *importers.Record) { r.Created = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "creation"},
		"born at the end of time":     {func(r *importers.Record) { r.Created = time.Unix(math.MaxInt64/2, 0) }, "creation"},
		"suspended beyond 9999":       {func(r *importers.Record) { r.SuspendedUntil = time.Date(292277, 1, 1, 0, 0, 0, 0, time.UTC) }, "suspension"},
		"a reason with a line break":  {func(r *importers.Record) { r.SuspendedFor = "a\nb" }, "suspension"},
		"a provider with a space":     {func(r *importers.Record) { r.Links[0].Provider = "Google Inc" }, "Options.Providers"},
		"no provider":                 {func(r *importers.Record) { r.Links[0].Provider = "" }, "Options.Providers"},
		"no subject":                  {func(r *importers.Record) { r.Links[0].Subject = "" }, "subject"},
		"a subject of 256 bytes":      {func(r *importers.Record) { r.Links[0].Subject = strings.Repeat("s", 256) }, "subject"},
		"a subject in invalid UTF-8":  {func(r *importers.Record) { r.Links[0].Subject = "\xff" }, "subject"},
		"a token of 10 MB":            {func(r *importers.Record) { r.Links[0].Tokens.Access = strings.Repeat("t", 1e7) }, "token"},
		"101 accounts":                {func(r *importers.Record) { r.Links = accounts(101) }, "100 accounts"},
		"own members of 10 MB":        {func(r *importers.Record) { r.Own["x"] = []byte(`"` + strings.Repeat("a", 1e7) + `"`) }, "1 MiB"},
		"an own member with a NUL":    {func(r *importers.Record) { r.Own["full_name"] = []byte(`"a\u0000b"`) }, "full_name"},
		"an own member that is other": {func(r *importers.Record) { r.Own["score"] = []byte(`"many"`) }, "score"},
		"an own member that is none":  {func(r *importers.Record) { r.Own["full_name"] = []byte(`nonsense`) }, "full_name"},
	}
	source, want := records{good("0")}, map[string]importers.Outcome{"0": importers.Imported}
	names := map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(bad)) {
		rec := good(fmt.Sprintf("%02d", i+1))
		bad[name].edit(&rec)
		names[rec.Key] = name
		source, want[rec.Key] = append(source, rec), importers.Refused
	}
	last := good("99")
	last.Links = accounts(100)
	source, want["99"] = append(source, last), importers.Imported
	a := newApp(t)
	report, results := a.run(source, importers.Options{})
	wantOutcomes(t, results, want)
	for key, name := range names {
		if !strings.Contains(results[key].Reason, bad[name].reason) || len(results[key].Reason) > 200 {
			t.Errorf("%s: %.300q, want something with %q", name, results[key].Reason, bad[name].reason)
		}
		wantReason(t, results[key], "")
	}
	if text := report.String(); len(text) > 10_000 || strings.Contains(text, "example") ||
		strings.Contains(text, "hunter2") {
		t.Errorf("the report is\n%.12000s", text)
	}
}

// accounts are n accounts of one user at one provider.
func accounts(n int) (all []importers.Link) {
	for i := range n {
		all = append(all, importers.Link{Provider: "google", Subject: fmt.Sprint("account-", i)})
	}
	return all
}

// TestHashesThatNobodyVerifies: the report says how many there are and what to
// do, and with DropHashes their users come without a password.
func TestHashesThatNobodyVerifies(t *testing.T) {
	ours, err := argon2id.New(argon2id.Options{})
	if err != nil {
		t.Fatal(err)
	}
	salt, key := strings.Repeat("0a", 16), strings.Repeat("f0", 64)
	source := records{
		{Key: "1", ID: "1", Email: "a@example.org", Hash: oldHash}, {Key: "2", ID: "2", Email: "b@example.org", Hash: oldHash},
		{Key: "3", ID: "3", Email: "c@example.org", Hash: core.PasswordHash(salt + ":" + key)},
		{Key: "4", ID: "4", Email: "d@example.org", Hash: "pbkdf2_sha256$320000$seasalt$Toj2II2r"},
		{Key: "5", ID: "5", Email: "e@example.org", Hash: "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3"},
		{Key: "6", ID: "6", Email: "f@example.org", Hash: "correct horse battery staple"},
		{Key: "7", ID: "7", Email: "g@example.org"},
	}
	a := newApp(t, ours)
	report, results := a.run(source, importers.Options{DryRun: true})
	if report.Refused != 6 || results["7"].Outcome != importers.Imported {
		t.Errorf("%+v", report)
	}
	text := report.String()
	for _, line := range []string{
		"2 with a hash of the form $2b$…: add bcrypt.New to Options.Hashers",
		"1 with a hash of the form salt:key: add scrypt.New",
		"1 with a hash of the form pbkdf2_sha256$…: add pbkdf2.New",
		"1 with a hash of the form md5$…: no hasher of Latchkey",
		"1 with a hash of the form without a name: no hasher of Latchkey",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the report lacks %q:\n%s", line, text)
		}
	}
	for _, secret := range []string{"seasalt", "horse", salt[:8], string(oldHash[:12])} {
		if strings.Contains(text, secret) {
			t.Errorf("the report shows %q:\n%s", secret, text)
		}
	}
	report, _ = a.run(source, importers.Options{DropHashes: true})
	if report.Imported != 7 || report.WithoutPassword != 7 || a.member("a@example.org").HashedPassword != "" {
		t.Errorf("%+v", report)
	}
}

func TestOwnMembers(t *testing.T) {
	since := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		own, byOwner core.Object
		rename       map[string]string
		want         Member
		unknown      string
	}{
		"of the field's type": {
			own: raw("full_name", `"Ada"`, "tags", `["a", "b"]`, "score", `2.5`, "news", `true`,
				"since", `"2024-05-01T10:00:00Z"`,
				"settings", `{"dark": true}`),
			want: Member{FullName: "Ada", Tags: []string{"a", "b"}, Score: 2.5, News: true, Since: &since,
				Settings: map[string]any{"dark": true}},
		},
		"as databases write them": {
			own: raw("full_name", `12`, "tags", `"[\"a\"]"`, "score", `"2.50"`, "news", `1`, "since", `"2024-05-01 10:00:00+00"`,
				"settings", `"{\"dark\": true}"`),
			want: Member{FullName: "12", Tags: []string{"a"}, Score: 2.5, News: true, Since: &since,
				Settings: map[string]any{"dark": true}},
		},
		"null is nothing": {own: raw("full_name", `null`, "score", `null`, "since", `null`)},
		"without a field": {own: raw("full_name", `"Ada"`, "shoe", `38`, "Full_Name", `"A"`, "Private", `"x"`), unknown: "Full_Name Private shoe",
			want: Member{FullName: "Ada"}},
		"none of ours": {own: raw("is_superuser", `true`, "email", `"x"`, "id", `"1"`, "-", `1`), unknown: "- email id is_superuser"},
		"under another name": {own: raw("name", `"Ada"`, "shoe", `38`), rename: map[string]string{"name": "full_name", "shoe": ""},
			want: Member{FullName: "Ada"}},
		"written by the owner": {byOwner: raw("full_name", `"Ada"`, "news", `true`, "plan", `"gold"`), unknown: "plan",
			want: Member{FullName: "Ada", News: true}},
		"renamed by the owner": {byOwner: raw("x", `"gold"`), rename: map[string]string{"x": "plan"}, unknown: "x"},
		"the application's word counts more": {own: raw("full_name", `"Ada"`), byOwner: raw("full_name", `"Root"`),
			want: Member{FullName: "Ada"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			source := records{{Key: "1", ID: "1", Email: "ada@example.org", Own: c.own, ByOwner: c.byOwner}}
			report, results := a.run(source, importers.Options{Rename: c.rename})
			wantOutcomes(t, results, map[string]importers.Outcome{"1": importers.Imported})
			got := a.member("ada@example.org")
			got.User = core.User{}
			if !reflect.DeepEqual(*got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if u := strings.Join(slices.Sorted(maps.Keys(report.Unknown)), " "); u != c.unknown {
				t.Errorf("unknown are %q, want %q", u, c.unknown)
			}
		})
	}
}

func TestProvidersAreRenamed(t *testing.T) {
	a := newApp(t)
	source := records{{Key: "1", ID: "1", Email: "ada@example.org", Links: []importers.Link{
		{Provider: "google_oauth2", Subject: "1"}, {Provider: "google", Subject: "1"}, {Provider: "Old Twitter", Subject: "2"},
	}}}
	names := map[string]string{"google_oauth2": "google", "Old Twitter": ""}
	report, results := a.run(source, importers.Options{Providers: names})
	wantOutcomes(t, results, map[string]importers.Outcome{"1": importers.Imported})
	links, err := a.accounts.List(t.Context(), a.member("ada@example.org").ID)
	if err != nil || len(links) != 1 || links[0].Provider != "google" || report.Links != 1 {
		t.Errorf("%v, %v, %+v", links, err, report)
	}
}
