package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

const ada = "ada@example.org"

// records returns everything that a store has, the oldest first.
func records(t *testing.T, s core.AuditStore) []core.Record {
	t.Helper()
	all, _, err := s.List(t.Context(), core.AuditQuery{Oldest: true, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// heard is a Sink that keeps what it hears.
type heard struct {
	mu  sync.Mutex
	all []core.Record
}

func (h *heard) Record(_ context.Context, r core.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, r)
}

// happen lets an event happen as the front door does: decided, witnessed so
// many times, heard of.
func happen(t *testing.T, f core.Flow, s *servicetest.Services, e core.Event, runs int) error {
	t.Helper()
	if runs > 0 {
		if err := f.(core.Decider).Decide(t.Context(), s.Services, &e); err != nil {
			t.Fatal(err)
		}
	}
	for range runs {
		if err := f.(core.Witness).Witness(t.Context(), s.Services, e); err != nil {
			return err
		}
	}
	f.(core.Listener).On(t.Context(), s.Services, e)
	return nil
}

func TestARecordHasWhatHappened(t *testing.T) {
	t.Parallel()
	s, store, h := servicetest.New(t), memstore.NewAudit(), &heard{}
	u := s.Add(ada, "secret")
	at := time.Date(2026, 5, 4, 14, 30, 0, 123456789, time.FixedZone("", 7200))
	event := core.Event{
		Kind: core.EventUpdated, At: at, Route: "users:patch_user", Method: "password", Code: "CODE", Reason: "why", User: u,
		Actor: core.Principal{Kind: "user", UserID: "root", SessionID: "s1", Actor: "other"}, Target: "t1",
		Client: core.Client{IP: netip.MustParseAddr("192.0.2.7"), Label: "Firefox"}, Fields: []string{"email", "password"},
		Input: core.Object{"password": json.RawMessage(`"hunter2"`)}, Session: &core.Session{ID: "s2", Backend: "web"},
	}
	if err := happen(t, audit.Flow{Store: store, Also: []audit.Sink{h}}, s, event, 1); err != nil {
		t.Fatal(err)
	}
	got := records(t, store)
	if len(got) != 1 || len(h.all) != 1 || got[0].ID != h.all[0].ID {
		t.Fatalf("kept %+v, heard %+v", got, h.all)
	}
	r := got[0]
	want := core.Record{
		ID: r.ID, At: at.UTC().Truncate(time.Microsecond), Action: "user.updated", Code: "CODE", By: event.Actor,
		Subject: u.ID, Target: "t1", Route: "users:patch_user", Backend: "web", Method: "password", Client: event.Client,
		Fields: event.Fields, Reason: "why",
	}
	gotText, _ := json.Marshal(r)
	wantText, _ := json.Marshal(want)
	if !bytes.Equal(gotText, wantText) {
		t.Errorf("got  %s\nwant %s", gotText, wantText)
	}
	if strings.Contains(string(gotText), "hunter2") {
		t.Error("a value is in the record")
	}
}

// Of a transaction that ran again, sinks hear of one record: the one kept.
// (memstore, without transactions, has both.)
func TestAlsoHearOfTheLastRun(t *testing.T) {
	t.Parallel()
	s, store, h := servicetest.New(t), memstore.NewAudit(), &heard{}
	f := audit.Flow{Store: store, Also: []audit.Sink{h}}
	event := core.Event{Kind: core.EventDeleted, At: servicetest.Start, User: s.Add(ada, "x")}
	if err := happen(t, f, s, event, 2); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range records(t, store) {
		known[r.ID] = true
	}
	if len(h.all) != 1 || len(known) != 2 || !known[h.all[0].ID] {
		t.Errorf("heard %+v of %v", h.all, known)
	}
}

func TestAttackE03ControlCharactersAreEscaped(t *testing.T) {
	t.Parallel()
	s, store := servicetest.New(t), memstore.NewAudit()
	long := strings.Repeat("é", 600)
	for _, e := range []core.Event{
		{Kind: core.EventUpdated, Reason: "a\r\nlevel=ERROR b\x1b[31m\u0085\x00\xff", Target: "x\ny", Code: "C\x7f"},
		{Kind: core.EventUpdated, Reason: long, Target: long, Code: long, Fields: []string{"a\nb", long, strings.Repeat("y", 300)},
			Client: core.Client{Label: long}},
		{Kind: core.EventUpdated, Reason: `the twin: "Ω" \n`, Client: core.Client{Label: "Firefox"}},
	} {
		e.At = servicetest.Start
		if err := happen(t, audit.Flow{Store: store}, s, e, 1); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]core.Record{}
	for _, r := range records(t, store) {
		seen[r.Reason] = r
	}
	if r, ok := seen[`a\r\nlevel=ERROR b\x1b[31m\u0085\x00�`]; !ok || r.Target != `x\ny` || r.Code != `C\x7f` {
		t.Errorf("%+v", seen)
	}
	if r, ok := seen[strings.Repeat("é", 500)]; !ok || len(r.Client.Label) != 200 || len(r.Target) != 254 ||
		r.Fields[0] != `a\nb` || len(r.Fields[1]) != 254 || len(r.Fields[2]) != 255 {
		t.Errorf("%+v", r)
	}
	if r, ok := seen[`the twin: "Ω" \n`]; !ok || r.Client.Label != "Firefox" {
		t.Errorf("%+v", r)
	}
}

// failing is a store that is down.
type failing struct{ core.AuditStore }

func (failing) Append(context.Context, core.Record) error { return errors.New("disk full") }

func TestAttackE04StoreDown(t *testing.T) {
	t.Parallel()
	s, h := servicetest.New(t), &heard{}
	var log bytes.Buffer
	s.Env.Log = slog.New(slog.NewTextHandler(&log, nil))
	u := s.Add(ada, "secret")
	f := audit.Flow{Store: failing{}, Also: []audit.Sink{h}}
	change := core.Event{Kind: core.EventUpdated, At: servicetest.Start, User: u}
	if err := happen(t, f, s, change, 1); err == nil || len(h.all) != 0 {
		t.Errorf("a change that cannot be recorded: %v, and %d were heard of", err, len(h.all))
	}
	refused := core.Event{Kind: core.EventLoginFailed, At: servicetest.Start, Code: core.CodeLoginBadCredentials}
	if err := happen(t, f, s, refused, 0); err != nil || len(h.all) != 1 ||
		!strings.Contains(log.String(), "could not be recorded") || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a failed login: %v, %d were heard of, and the log has %s", err, len(h.all), &log)
	}
	// The twin: without a Store nothing can be down.
	h = &heard{}
	login := core.Event{Kind: core.EventLoggedIn, At: servicetest.Start, User: u}
	if err := happen(t, audit.Flow{Also: []audit.Sink{h}}, s, login, 1); err != nil || len(h.all) != 1 {
		t.Errorf("Also alone: %v, %d were heard of", err, len(h.all))
	}
}

// What anybody can cause at will does not fill the table.
func TestAttackE08RefusalsAreBounded(t *testing.T) {
	t.Parallel()
	s, store := servicetest.New(t), memstore.NewAudit()
	f := audit.Flow{Store: store}
	refuse := func(n int, ip string, code string) {
		for range n {
			e := core.Event{Kind: core.EventRefused, At: s.Now(), Code: code, Client: core.Client{IP: netip.MustParseAddr(ip)}}
			if err := happen(t, f, s, e, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	count := func() int {
		all, n, cursor := []core.Record(nil), 0, ""
		for {
			var err error
			if all, cursor, err = store.List(t.Context(), core.AuditQuery{Limit: 100, Cursor: cursor}); err != nil {
				t.Fatal(err)
			}
			if n += len(all); cursor == "" {
				return n
			}
		}
	}
	refuse(250, "192.0.2.1", "Unauthorized")
	if n := count(); n != 100 {
		t.Errorf("%d records of one network, want 100", n)
	}
	refuse(1, "192.0.2.2", "Unauthorized") // the twin: another network
	if n := count(); n != 101 {
		t.Errorf("%d records, want 101", n)
	}
	s.Advance(time.Hour + time.Second) // the twin: later
	refuse(1, "192.0.2.1", "Forbidden")
	refuse(50, "192.0.2.3", core.CodeRateLimited)
	if n := count(); n != 102 {
		t.Errorf("%d records, want 102", n)
	}
	for range 120 { // the limits of logins bound these
		e := core.Event{Kind: core.EventLoginFailed, At: s.Now(), Code: core.CodeLoginBadCredentials}
		if err := happen(t, f, s, e, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 222 {
		t.Errorf("%d records, want 222", n)
	}
}

func TestSweepKeepsWhatIsYoung(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keep time.Duration
		age  time.Duration
		want int
	}{
		{0, 90*24*time.Hour + time.Second, 1}, {0, 90*24*time.Hour - time.Second, 0},
		{time.Hour, 61 * time.Minute, 1}, {time.Hour, 59 * time.Minute, 0}, {-1, 10 * 365 * 24 * time.Hour, 0},
	} {
		s, store := servicetest.New(t), memstore.NewAudit()
		f := audit.Flow{Store: store, Keep: c.keep}.Bind(s.Services)
		if err := happen(t, f, s, core.Event{Kind: core.EventDeleted, At: s.Now()}, 1); err != nil {
			t.Fatal(err)
		}
		s.Advance(c.age)
		if n, err := f.(core.Sweeper).Sweep(t.Context()); n != c.want || err != nil {
			t.Errorf("Keep %s, after %s: swept %d, %v", c.keep, c.age, n, err)
		}
	}
	if n, err := (audit.Flow{Also: []audit.Sink{&heard{}}}).Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("without a Store: swept %d, %v", n, err)
	}
}

func TestRoutesReportWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	for want, f := range map[string]audit.Flow{
		"needs a Store":  {},
		"Own needs":      {Own: true, Also: []audit.Sink{&heard{}}},
		"has a nil Sink": {Store: memstore.NewAudit(), Also: []audit.Sink{nil}},
	} {
		if _, err := f.Routes(s.Services); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", want, err)
		}
	}
	for want, f := range map[int]audit.Flow{
		0: {Also: []audit.Sink{&heard{}}}, 1: {Store: memstore.NewAudit()}, 2: {Store: memstore.NewAudit(), Own: true},
	} {
		if routes, err := f.Routes(s.Services); err != nil || len(routes) != want {
			t.Errorf("%d routes and %v, want %d", len(routes), err, want)
		}
	}
}

func TestSlog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	sink := audit.Slog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: drop})))
	at := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	sink.Record(t.Context(), core.Record{
		ID: "id", At: at, Action: "user.updated", By: core.Principal{Kind: "user", UserID: "1"}, Subject: "2",
		Client: core.Client{IP: netip.MustParseAddr("192.0.2.1")}, Fields: []string{"email", "nick"},
	})
	const want = `level=INFO msg=audit id=id at=2026-05-04T12:30:00.000Z action=user.updated by=user by_user=1 user=2 ip=192.0.2.1 fields=email,nick` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", &out, want)
	}
}
