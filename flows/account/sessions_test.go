package account_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u, eve := s.Add(ada, password), s.Add("eve@example.org", password)
	s.Living = []*core.Session{
		{ID: "own", UserID: u.ID, Backend: "web", Label: "Firefox", IP: servicetest.Addr("192.0.2.1")},
		{ID: "other", UserID: u.ID, Backend: "api"},
		{ID: "outdated", UserID: u.ID, Backend: "web", Epoch: -1},
		{ID: "eve's", UserID: eve.ID, Backend: "web"},
	}
	flow := account.Sessions{}
	resp := s.Want(t.Context(), flow, servicetest.Call{Route: "GET /sessions", As: u}, 200, `"ip":"192.0.2.1"`)
	var list []struct {
		ID      string
		Current bool
	}
	if err := json.Unmarshal(resp.Body, &list); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(list) != "[{own true} {other false}]" {
		t.Errorf("listed %v", list)
	}
	s.Want(t.Context(), flow, servicetest.Call{Route: "DELETE /sessions/eve's", As: u}, 404, "")
	s.Want(t.Context(), flow, servicetest.Call{Route: "DELETE /sessions/unknown", As: u}, 404, "")
	if kinds := s.Happened(); len(kinds) != 0 {
		t.Errorf("%v has happened", kinds)
	}
	s.Want(t.Context(), flow, servicetest.Call{Route: "DELETE /sessions/other", As: u}, 204, "")
	if e := s.Last(); e.Kind != core.EventSessionEnded || e.Session.ID != "other" || e.Target != "other" {
		t.Errorf("the event is %+v", e)
	}
	s.Want(t.Context(), flow, servicetest.Call{Route: "DELETE /sessions", As: u}, 204, "")
	if s.Get(u.ID).TokenEpoch != 1 || s.Get(eve.ID).TokenEpoch != 0 {
		t.Error("the wrong sessions were revoked")
	}
}

func TestTheNewestHundredSessions(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, password)
	for i := range 101 {
		s.Living = append(s.Living, &core.Session{ID: fmt.Sprint(i), UserID: u.ID, Backend: "web"})
	}
	resp := s.Want(t.Context(), account.Sessions{}, servicetest.Call{Route: "GET /sessions", As: u}, 200, `"id":"99"`)
	var list []json.RawMessage
	if err := json.Unmarshal(resp.Body, &list); err != nil || len(list) != 100 {
		t.Errorf("%d sessions, %v; want 100", len(list), err)
	}
}
