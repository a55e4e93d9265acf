package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Audit checks a store of audit records.
func Audit(t *testing.T, open func(t *testing.T) core.AuditStore, lacks ...Lack) {
	t.Helper()
	Run(t, open, AuditCases(), lacks...)
}

// AuditCases are the obligations of a core.AuditStore.
func AuditCases() []Case[core.AuditStore] {
	return slices.Concat(auditAppendCases, auditListCases, auditCursorCases, auditPruneCases, auditForgetCases)
}

type auditCase = Case[core.AuditStore]

// noon is when the records of the cases begin.
var noon = time.Date(2026, 3, 31, 12, 0, 0, 123456000, time.UTC)

// record is a login of AnnID, with all fields set to plain values.
func record(at time.Time) core.Record {
	id, err := core.NewRecordID(at, rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return core.Record{
		ID: id, At: at, Action: core.EventLoggedIn, Code: "SOME_CODE",
		By:      core.Principal{Kind: "user", UserID: AnnID, SessionID: "a session", Actor: BobID},
		Subject: AnnID, Target: "a target", Route: "auth:web.login", Backend: "web", Method: "password",
		Client: core.Client{IP: netip.MustParseAddr("192.0.2.1"), Label: "Firefox"}, Fields: []string{"email", "nick"},
		Reason: "a reason",
	}
}

// appendAll appends records, and expects no error.
func appendAll(ctx context.Context, s core.AuditStore, records ...core.Record) error {
	for i, r := range records {
		if err := s.Append(ctx, r); err != nil {
			return is(fmt.Sprintf("Append of record %d", i), err, nil)
		}
	}
	return nil
}

// series appends n records, a second apart, and returns them, the oldest first.
func series(ctx context.Context, s core.AuditStore, n int) ([]core.Record, error) {
	all := make([]core.Record, n)
	for i := range all {
		all[i] = record(noon.Add(time.Duration(i) * time.Second))
	}
	return all, appendAll(ctx, s, all...)
}

// recorded complains unless List returns exactly want, in its order, on one
// page.
func recorded(ctx context.Context, s core.AuditStore, step string, q core.AuditQuery, want ...core.Record) error {
	if q.Limit == 0 {
		q.Limit = 100
	}
	got, next, err := s.List(ctx, q)
	if err != nil {
		return is(step+": List", err, nil)
	}
	return errors.Join(that(next == "", "%s: there is a page after the last", step), sameRecords(step, got, want))
}

func sameRecords(step string, got, want []core.Record) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s: List returned %d records, want %d", step, len(got), len(want))
	}
	var errs []error
	for i := range want {
		g, w := got[i], want[i]
		same := slices.Equal(g.Fields, w.Fields) // nil and empty are one
		errs = append(errs, that(same, "%s: record %d: Fields are %q, want %q", step, i, g.Fields, w.Fields))
		g.Fields, w.Fields = nil, nil
		errs = append(errs, sameFields(fmt.Sprintf("%s: record %d", step, i), reflect.ValueOf(g), reflect.ValueOf(w)))
	}
	return errors.Join(errs...)
}

func reversed(records []core.Record) []core.Record {
	all := slices.Clone(records)
	slices.Reverse(all)
	return all
}

var auditAppendCases = []auditCase{
	{Rule: "Append keeps every field as it is, and so is a record without them", Check: func(ctx context.Context, s core.AuditStore) error {
		full, bare := record(noon), record(noon.Add(time.Microsecond))
		bare = core.Record{ID: bare.ID, At: bare.At, Action: core.EventRefused}
		return errors.Join(appendAll(ctx, s, full, bare), recorded(ctx, s, "both", core.AuditQuery{Oldest: true}, full, bare))
	}},
	{Rule: "E03 Append keeps texts byte for byte: accents, quotes, blanks, the longest", Check: func(ctx context.Context, s core.AuditStore) error {
		hostile := []string{
			"Ω", "é", "e\u0301", `'; DROP TABLE users; --`, `"double" 'single' \back`, " blanks ", "%_$.", "\U0001F511", "{\"a\": 1}",
			strings.Repeat("x", 200),
		}
		var all []core.Record
		for i, text := range hostile {
			r := record(noon.Add(time.Duration(i) * time.Second))
			r.Code, r.Subject, r.Target, r.Client.Label, r.Reason = text, text, text, text, text
			r.By.UserID, r.By.SessionID, r.By.Actor = text, text, text
			r.Fields = []string{text, "a, b", `["x"]`}
			all = append(all, r)
		}
		last := &all[len(all)-1]
		last.Reason, last.Subject = strings.Repeat("é", 500), strings.Repeat("y", 255)
		err := errors.Join(appendAll(ctx, s, all...), recorded(ctx, s, "all", core.AuditQuery{Oldest: true}, all...))
		for i := range all {
			who := all[i].Subject
			err = errors.Join(err, recorded(ctx, s, "the user "+show(who), core.AuditQuery{User: who}, all[i]))
		}
		return err
	}},
	{Rule: "Append refuses what breaks a limit, and stores nothing of it", Check: func(ctx context.Context, s core.AuditStore) error {
		var errs []error
		for step, spoil := range map[string]func(*core.Record){
			"no ID":                   func(r *core.Record) { r.ID = "" },
			"an ID of another time":   func(r *core.Record) { r.At = r.At.Add(time.Microsecond) },
			"an ID in capitals":       func(r *core.Record) { r.ID = r.ID[:31] + "A" },
			"no Action":               func(r *core.Record) { r.Action = "" },
			"a long Label":            func(r *core.Record) { r.Client.Label = strings.Repeat("x", 201) },
			"a long Reason":           func(r *core.Record) { r.Reason = strings.Repeat("x", 1001) },
			"a long Subject":          func(r *core.Record) { r.Subject = strings.Repeat("x", 256) },
			"a NUL":                   func(r *core.Record) { r.Target = "a\x00b" },
			"E03 a line break":        func(r *core.Record) { r.Client.Label = "a\r\nb" },
			"E03 an escape":           func(r *core.Record) { r.Reason = "\x1b[31m" },
			"bytes that are no UTF-8": func(r *core.Record) { r.Subject = "\xff" },
			"a year before 1970":      func(r *core.Record) { r.At = time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC) },
		} {
			r := record(noon)
			spoil(&r)
			errs = append(errs, outage("Append of a record with "+step, s.Append(ctx, r)))
		}
		return errors.Join(append(errs, recorded(ctx, s, "afterwards", core.AuditQuery{}))...)
	}},
	{Rule: "Append is ErrTaken if the ID exists, and changes nothing", Check: func(ctx context.Context, s core.AuditStore) error {
		r := record(noon)
		again := r
		again.Subject = BobID
		return errors.Join(appendAll(ctx, s, r), is("Append of the same ID", s.Append(ctx, again), core.ErrTaken),
			recorded(ctx, s, "afterwards", core.AuditQuery{}, r))
	}},
	{Rule: "A record that List returned is the caller's own", Check: func(ctx context.Context, s core.AuditStore) error {
		r := record(noon)
		if err := appendAll(ctx, s, r); err != nil {
			return err
		}
		got, _, err := s.List(ctx, core.AuditQuery{Limit: 1})
		if err != nil || len(got) != 1 {
			return fmt.Errorf("List returned %d records and %w", len(got), err)
		}
		got[0].Fields[0] = "changed"
		return recorded(ctx, s, "afterwards", core.AuditQuery{}, r)
	}},
	{Rule: "Of 64 concurrent Appends all are kept, with IDs of their own in the order of time", Check: func(ctx context.Context, s core.AuditStore) error {
		all := make([]core.Record, 64)
		for i := range all { // four in each microsecond
			all[i] = record(noon.Add(time.Duration(i/4) * time.Microsecond))
		}
		errs := together(len(all), func(i int) error { return s.Append(ctx, all[i]) })
		sortRecords(all)
		inTime := slices.IsSortedFunc(all, func(a, b core.Record) int { return a.At.Compare(b.At) })
		return errors.Join(tally("Append", errs, len(all), nil), that(inTime, "IDs are not in the order of time"),
			recorded(ctx, s, "afterwards", core.AuditQuery{Oldest: true}, all...))
	}},
}

var auditPruneCases = []auditCase{
	{Rule: "Prune deletes the records before a time, and returns their number", Check: func(ctx context.Context, s core.AuditStore) error {
		all, err := series(ctx, s, 5)
		if err != nil {
			return err
		}
		n, err := s.Prune(ctx, all[2].At)
		again, err2 := s.Prune(ctx, all[2].At)
		return errors.Join(is("Prune", err, nil), is("Prune again", err2, nil),
			that(n == 2 && again == 0, "Prune returned %d and then %d, want 2 and 0", n, again),
			recorded(ctx, s, "afterwards", core.AuditQuery{Oldest: true}, all[2:]...))
	}},
	{Rule: "Prune of a time before all deletes nothing, and one after all everything", Check: func(ctx context.Context, s core.AuditStore) error {
		all, err := series(ctx, s, 3)
		if err != nil {
			return err
		}
		none, err := s.Prune(ctx, noon.Add(-time.Hour))
		ancient, err2 := s.Prune(ctx, time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC))
		kept := recorded(ctx, s, "afterwards", core.AuditQuery{Oldest: true}, all...)
		n, err3 := s.Prune(ctx, noon.Add(time.Hour))
		return errors.Join(is("Prune", err, nil), is("Prune", err2, nil), is("Prune", err3, nil), kept,
			that(none == 0 && ancient == 0 && n == 3, "Prune returned %d, %d and %d, want 0, 0 and 3", none, ancient, n),
			recorded(ctx, s, "at the end", core.AuditQuery{}))
	}},
	{Rule: "Prune deletes many records", Check: func(ctx context.Context, s core.AuditStore) error {
		all, err := series(ctx, s, 250)
		if err != nil {
			return err
		}
		n, err := s.Prune(ctx, all[249].At)
		return errors.Join(is("Prune", err, nil), that(n == 249, "Prune returned %d, want 249", n),
			recorded(ctx, s, "afterwards", core.AuditQuery{}, all[249]))
	}},
}
