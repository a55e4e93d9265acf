package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func TestForcedReset(t *testing.T) {
	t.Parallel()
	s, admin, u := administered(t)
	routes, err := users.Routes(s.Services)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		if r.Name == "users:reset_password" {
			t.Error("the route is there without a flow that mails the link")
		}
	}
	asked := ""
	with := account.Users{ForceReset: func(_ context.Context, _ *core.Services, u core.AnyUser, r *core.Request) error {
		asked = u.Base().ID
		return map[bool]error{true: core.ErrNotFound}[u.Base().ID == admin.ID]
	}}
	call := func(id string) servicetest.Call {
		return servicetest.Call{Route: "POST /" + id + "/reset-password", As: admin}
	}
	s.Want(t.Context(), with, call("nobody"), 404, "")
	if asked != "" {
		t.Errorf("it asked about %s", asked)
	}
	resp := s.Want(t.Context(), with, call(u.ID), 202, "")
	if asked != u.ID || resp.Body != nil {
		t.Errorf("it asked about %q and answers %s", asked, resp.Body)
	}
	s.Want(t.Context(), with, call(admin.ID), 404, "") // gone since it was looked up
}

func TestSessionsOfAnother(t *testing.T) {
	t.Parallel()
	s, admin, u := administered(t)
	at := s.Now()
	for _, one := range []core.Session{
		{ID: "web", UserID: u.ID, Label: "Firefox", IP: servicetest.Addr("192.0.2.7"), Created: at},
		{ID: "acted", UserID: u.ID, Label: "Chrome", IP: servicetest.Addr("192.0.2.8"), Actor: admin.ID},
		{ID: "key", UserID: u.ID, Epoch: core.AnyEpoch, Scopes: []string{"read"}},
		{ID: "ended", UserID: u.ID, Epoch: u.TokenEpoch + 1},
		{ID: "admin's", UserID: admin.ID},
	} {
		s.Living = append(s.Living, &one)
	}
	list := servicetest.Call{Route: "GET /" + u.ID + "/sessions", As: admin}
	var got []struct {
		ID, Label, IP string
		Current       bool
		Actor         *string
		CreatedAt     time.Time `json:"created_at"`
	}
	resp := s.Want(t.Context(), users, list, 200, "")
	if err := json.Unmarshal(resp.Body, &got); err != nil || len(got) != 3 {
		t.Fatalf("%v: %s", err, resp.Body)
	}
	if got[0].ID != "web" || got[0].IP != "192.0.2.7" || got[0].Actor != nil || !got[0].CreatedAt.Equal(at) ||
		got[1].ID != "acted" || *got[1].Actor != admin.ID || got[1].Label != "Chrome" || got[2].ID != "key" {
		t.Errorf("got %s", resp.Body)
	}
	own := s.Want(t.Context(), account.Sessions{}, servicetest.Call{Route: "GET /sessions", As: u}, 200, "acted")
	err := json.Unmarshal(own.Body, &got)
	if err != nil || got[1].Label != "" || got[1].IP != "" || got[0].Label != "Firefox" {
		t.Errorf("the user sees %s", own.Body)
	}
	call := func(route string) servicetest.Call { return servicetest.Call{Route: route, As: admin} }
	for _, unknown := range []string{"nobody/sessions", u.ID + "/sessions/admin's", u.ID + "/sessions/none"} {
		s.Want(t.Context(), users, call("DELETE /"+unknown), 404, "")
	}
	s.Want(t.Context(), users, call("DELETE /"+u.ID+"/sessions/web"), 204, "")
	if e := s.Last(); e.Kind != core.EventSessionEnded || e.Target != "web" || e.User.Base().ID != u.ID {
		t.Errorf("the event is %+v", e)
	}
	s.Want(t.Context(), users, call("DELETE /"+u.ID+"/sessions"), 204, "")
	if now := s.Get(u.ID).TokenEpoch; now != u.TokenEpoch+1 {
		t.Errorf("the epoch is %d", now)
	}
	s.Refuse = errors.New("down")
	s.Want(t.Context(), users, call("DELETE /"+u.ID+"/sessions/acted"), 503, core.CodeServiceUnavailable)
}
