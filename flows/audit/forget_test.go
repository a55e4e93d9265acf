package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// from is an event about u, by somebody at an address.
func from(u *servicetest.Account, kind core.EventKind, by core.Principal) core.Event {
	return core.Event{
		Kind: kind, At: servicetest.Start, User: u, Actor: by,
		Client: core.Client{IP: netip.MustParseAddr("192.0.2.7"), Label: "Firefox"},
	}
}

func TestADeletionTakesTheClientsOfTheUserAlong(t *testing.T) {
	t.Parallel()
	s, store := servicetest.New(t), memstore.NewAudit()
	f := audit.Flow{Store: store}
	u, other := s.Add(ada, "secret"), s.Add("bob@example.org", "secret")
	own, boss := core.Principal{Kind: "user", UserID: u.ID}, core.Principal{Kind: "user", UserID: other.ID}
	for _, e := range []core.Event{
		from(u, core.EventLoggedIn, own), from(u, core.EventLoginFailed, core.Principal{Kind: "nobody"}),
		from(u, core.EventSuspended, boss), from(other, core.EventUpdated, own), from(other, core.EventLoggedIn, boss),
		from(u, core.EventDeleted, own), // its own record too
	} {
		if err := happen(t, f, s, e, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range records(t, store) {
		gone := r.Subject == u.ID && r.By.UserID != other.ID
		if blank := r.Client == (core.Client{}); blank != gone || r.Subject == "" {
			t.Errorf("%s of %s by %s %s: the client is %+v", r.Action, r.Subject, r.By.Kind, r.By.UserID, r.Client)
		}
	}
}

var errDown = errors.New("down")

// noForget cannot forget.
type noForget struct{ core.AuditStore }

func (noForget) Forget(context.Context, string) error { return errDown }

func TestADeletionThatCannotBeForgottenIsNone(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	e := from(u, core.EventDeleted, core.Principal{Kind: "user", UserID: u.ID})
	f := audit.Flow{Store: noForget{memstore.NewAudit()}}
	if err := happen(t, f, s, e, 1); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	if err := happen(t, f, s, from(u, core.EventUpdated, e.Actor), 1); err != nil { // the twin
		t.Error(err)
	}
}

// auditOf returns the export of u's records as JSON has it.
func auditOf(t *testing.T, f audit.Flow, u core.AnyUser) (records []map[string]any, more bool) {
	t.Helper()
	part, err := f.Export(t.Context(), nil, u)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(part)
	var out struct {
		Records []map[string]any
		More    bool
	}
	if err = errors.Join(err, json.Unmarshal(text, &out)); err != nil || out.Records == nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out.Records, out.More
}

func TestExportHasTheNewestRecordsOfTheUserAlone(t *testing.T) {
	t.Parallel()
	s, store := servicetest.New(t), memstore.NewAudit()
	f := audit.Flow{Store: store}
	u, other := s.Add(ada, "secret"), s.Add("bob@example.org", "secret")
	own := core.Principal{Kind: "user", UserID: u.ID}
	e := from(u, core.EventSuspended, core.Principal{Kind: "user", UserID: other.ID})
	if err := errors.Join(happen(t, f, s, e, 1), happen(t, f, s, from(other, core.EventLoggedIn, own), 1)); err != nil {
		t.Fatal(err)
	}
	got, more := auditOf(t, f, u)
	if len(got) != 1 || more || got[0]["action"] != "user.suspended" || got[0]["ip"] != "" || got[0]["actor"] != "others" {
		t.Errorf("got %v, more %v", got, more)
	}
	if got, more := auditOf(t, audit.Flow{}, u); len(got) != 0 || more {
		t.Errorf("without a store: %v, %v", got, more)
	}
	for i := range 10_000 {
		e := from(u, core.EventLoggedIn, own)
		e.At = e.At.Add(time.Duration(i+1) * time.Second)
		e.Method = fmt.Sprint(i)
		if err := happen(t, f, s, e, 1); err != nil {
			t.Fatal(err)
		}
		if i != 9_998 {
			continue
		}
		if got, more := auditOf(t, f, u); len(got) != 10_000 || more {
			t.Errorf("of exactly as many: %d, more %v", len(got), more)
		}
	}
	got, more = auditOf(t, f, u)
	if len(got) != 10_000 || !more || got[0]["method"] != "9999" || got[9_999]["method"] != "0" {
		t.Errorf("got %d, more %v, from %v to %v", len(got), more, got[0]["method"], got[len(got)-1]["method"])
	}
	if _, err := (audit.Flow{Store: noList{store}}).Export(t.Context(), nil, u); !errors.Is(err, errDown) {
		t.Errorf("without the store: %v", err)
	}
}

// noList cannot list.
type noList struct{ core.AuditStore }

func (noList) List(context.Context, core.AuditQuery) ([]core.Record, string, error) {
	return nil, "", errDown
}
