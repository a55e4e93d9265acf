package importers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/importers"
)

// read returns all records of a source.
func read(t *testing.T, from importers.Source, after string) (all []importers.Record) {
	t.Helper()
	for rec, err := range from.Records(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	return all
}

func TestJSONLines(t *testing.T) {
	const text = "\ufeff" + `{"email": "ada@example.org"}` + "\r\n" + `
{"id": 42, "email": "bob@example.org", "hashed_password": "$2b$x", "is_active": false, "is_superuser": true, "is_verified": true, ` +
		`"created_at": "2019-05-01T12:00:00+02:00", "suspended_until": "9999-12-31 23:59:59", "suspended_for": "spam", "full_name": "Bob", ` +
		`"by_owner": {"bio": "x"}, "oauth_accounts": [{"oauth_name": "google", "account_id": 7, "account_email": "b@gmail.com", ` +
		`"access_token": "at", "refresh_token": "rt", "expires_at": 1735689600, "more": 1}]}
{"email": "carla@example.org", "id": null, "hashed_password": null, "is_active": null, "created_at": null, "oauth_accounts": null}`
	want := []importers.Record{
		{Key: "1", Email: "ada@example.org", Active: true, Own: core.Object{}},
		{Key: "3", ID: "42", Email: "bob@example.org", Hash: "$2b$x", Superuser: true, Verified: true, Created: born,
			SuspendedUntil: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), SuspendedFor: "spam",
			Own: raw("full_name", `"Bob"`), ByOwner: raw("bio", `"x"`), Links: []importers.Link{{
				Provider: "google", Subject: "7", Email: "b@gmail.com",
				Tokens: core.OAuthTokens{Access: "at", Refresh: "rt", Expires: time.Unix(1735689600, 0).UTC()},
			}}},
		{Key: "4", Email: "carla@example.org", Active: true, Own: core.Object{}},
	}
	source := importers.JSONLines(strings.NewReader(text))
	for after, n := range map[string]int{"": 0, "1": 1, "2": 1, "3": 2, "4": 3, "5": 3} {
		got := read(t, source, after)
		if len(got) != 3-n {
			t.Fatalf("after %q come %d records, want %d", after, len(got), 3-n)
		}
		for i, rec := range got {
			if !reflect.DeepEqual(rec, want[n+i]) {
				t.Errorf("after %q:\ngot  %#v\nwant %#v", after, rec, want[n+i])
			}
		}
	}
}

func TestJSONLinesFaults(t *testing.T) {
	for name, c := range map[string]struct{ line, fault string }{
		"no JSON":               {`email: ada@example.org`, "not one JSON object"},
		"an array":              {`["ada@example.org"]`, "not one JSON object"},
		"two objects":           {`{"email": "a@example.org"} {}`, "not one JSON object"},
		"a member twice":        {`{"email": "a@example.org", "email": "b@example.org"}`, "not one JSON object"},
		"invalid UTF-8":         {"{\"email\": \"\xff@example.org\"}", "not one JSON object"},
		"a NUL":                 {`{"email": "a\u0000@example.org"}`, "not one JSON object"},
		"a lone surrogate":      {`{"email": "\ud800"}`, "not one JSON object"},
		"a line of 3 MiB":       {`{"email": "` + strings.Repeat("a", 3<<20) + `"}`, "2 MiB"},
		"an address of a list":  {`{"email": ["a@example.org"]}`, `"email"`},
		"a flag of a text":      {`{"email": "a@example.org", "is_active": "yes"}`, `"is_active"`},
		"a date that is none":   {`{"email": "a@example.org", "created_at": "yesterday"}`, `"created_at"`},
		"a date of a list":      {`{"email": "a@example.org", "created_at": [1]}`, `"created_at"`},
		"accounts of an object": {`{"email": "a@example.org", "oauth_accounts": {}}`, `"oauth_accounts"`},
		"an account of a text":  {`{"email": "a@example.org", "oauth_accounts": ["google"]}`, `"oauth_accounts"`},
		"an account's name":     {`{"email": "a@example.org", "oauth_accounts": [{"oauth_name": {}}]}`, `"oauth_accounts"`},
		"by_owner of a text":    {`{"email": "a@example.org", "by_owner": "x"}`, `"by_owner"`},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.line + "\n" + `{"email": "twin@example.org"}` + "\n"
			got := read(t, importers.JSONLines(strings.NewReader(text)), "")
			if len(got) != 2 || !strings.Contains(got[0].Fault, c.fault) || got[0].Key != "1" {
				t.Fatalf("%.500v", got)
			}
			if got[1].Email != "twin@example.org" || got[1].Fault != "" || got[1].Key != "2" {
				t.Errorf("the next line is %+v", got[1])
			}
		})
	}
}

// broken is a file that cannot be read after some bytes.
type broken struct{ io.ReadSeeker }

var errDisk = errors.New("input/output error")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.ReadSeeker.Read(p)
	if errors.Is(err, io.EOF) {
		err = errDisk
	}
	return n, err
}

func TestJSONLinesEnds(t *testing.T) {
	ended := func(ctx context.Context, from importers.Source, after string) (n int, err error) {
		for _, err := range from.Records(ctx, after) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	lines := strings.Repeat(`{"email": "a@example.org"}`+"\n", 3)
	if n, err := ended(t.Context(), broken{strings.NewReader(lines)}.source(), ""); n != 3 || !errors.Is(err, errDisk) {
		t.Errorf("a broken file ends after %d with %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := ended(ctx, importers.JSONLines(strings.NewReader(lines)), ""); n != 0 ||
		!errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %d, %v", n, err)
	}
	for _, after := range []string{"x", "-1", "1.5"} {
		if n, err := ended(t.Context(), importers.JSONLines(strings.NewReader(lines)), after); n != 0 || err == nil {
			t.Errorf("after %q come %d, %v", after, n, err)
		}
	}
}

func (b broken) source() importers.Source { return importers.JSONLines(b) }

// TestWriteJSONLines: what is written is read as it was, but for the keys.
func TestWriteJSONLines(t *testing.T) {
	source := append(people(), importers.Record{
		Key: "5", ID: "5", Email: `"<&>\ü@example.org`, Hash: oldHash,
		Created: born.Add(123456 * time.Microsecond), SuspendedUntil: born,
		SuspendedFor: "a \"reason\"", Own: raw("full_name", `"<b>"`, "email", `"other@example.org"`, "is_superuser", `true`),
		ByOwner: raw("bio", `"\u2028"`), Links: []importers.Link{{Provider: "google", Subject: "x",
			Tokens: core.OAuthTokens{Access: "at", Refresh: "rt", Expires: born}}},
	}, importers.Record{Key: "6", Fault: "broken"})
	var out bytes.Buffer
	var left []string
	err := importers.WriteJSONLines(t.Context(), &out, source, func(r importers.Result) {
		left = append(left, fmt.Sprint(r.Key, " ", r.Outcome, " ", r.Reason))
	})
	if err != nil || strings.Join(left, ", ") != "4 skipped anonymous, 6 refused broken" {
		t.Fatal(err, left)
	}
	got := read(t, importers.JSONLines(bytes.NewReader(out.Bytes())), "")
	want := append(source[:3:3], source[4])
	if len(got) != len(want) {
		t.Fatalf("%d lines:\n%s", len(got), out.String())
	}
	for i := range want {
		want[i].Key, want[i].Left, got[i].Key = "", nil, ""
		delete(want[i].Own, "email")
		delete(want[i].Own, "is_superuser")
		if want[i].Own == nil {
			want[i].Own = core.Object{}
		}
		if fmt.Sprintf("%+v", got[i]) != fmt.Sprintf("%+v", want[i]) || got[i].Hash != want[i].Hash ||
			!reflect.DeepEqual(got[i].Links, want[i].Links) && len(want[i].Links) > 0 {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
	err = importers.WriteJSONLines(t.Context(), &out, broken{strings.NewReader("")}.source(), nil)
	if !errors.Is(err, errDisk) {
		t.Errorf("a broken source: %v", err)
	}
}

func FuzzJSONLines(f *testing.F) {
	f.Add(`{"email": "a@example.org", "oauth_accounts": [{"oauth_name": "google", "account_id": 7}]}`)
	f.Add("\ufeff{}\r\n\n{\"created_at\": -62135596800}")
	f.Add(`{"by_owner": {"x": {"y": [1e999]}}, "id": 1e400}`)
	f.Fuzz(func(t *testing.T, text string) {
		lines := 0
		for rec, err := range importers.JSONLines(strings.NewReader(text)).Records(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if lines++; rec.Key == "" {
				t.Error("a record without a key")
			}
		}
		if lines > strings.Count(text, "\n")+1 {
			t.Errorf("%d records in %q", lines, text)
		}
	})
}
