package account_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func TestSuspensionByRoute(t *testing.T) {
	t.Parallel()
	s, admin, u := administered(t)
	call := func(route, body string) servicetest.Call {
		return servicetest.Call{Route: strings.Replace(route, "{id}", u.ID, 1), As: admin, JSON: body}
	}
	const suspend = "POST /{id}/suspend"
	for body, field := range map[string]string{
		`{}`:                              `"reason"],"msg":"Field required"`,
		`{"reason": null}`:                "string_type",
		`{"reason": "  "}`:                "1 to 200 characters",
		`{"reason": "a\nb"}`:              "1 to 200 characters",
		`{"reason": "x", "until": true}`:  "string_type",
		`{"reason": "x", "until": ""}`:    "RFC 3339",
		`{"reason": "x", "until": "now"}`: "RFC 3339",
		`{"reason": "x", "until": "2026-05-04T12:30:00"}`:       "RFC 3339", // no zone
		`{"reason": "x", "until": "0001-01-01T00:00:00Z"}`:      "RFC 3339",
		`{"reason": "x", "until": "2026-05-04T14:30:00+02:00"}`: "in the future", // now
		`{"until": "x", "reason": 1}`:                           "RFC 3339",
		`{"reason": "` + strings.Repeat("x", 201) + `"}`:        "1 to 200 characters",
	} {
		s.Want(t.Context(), users, call(suspend, body), 422, field)
	}
	s.Want(t.Context(), users, call("POST /nobody/suspend", `{"reason": "x"}`), 404, "")
	self := servicetest.Call{Route: "POST /" + admin.ID + "/suspend", As: admin, JSON: `{"reason": "x"}`}
	s.Want(t.Context(), users, self, 409, core.CodeAdminSelf)
	if got := s.Get(u.ID); !got.SuspendedUntil.IsZero() || !s.Get(admin.ID).SuspendedUntil.IsZero() {
		t.Fatalf("a refusal has suspended %+v", got.User)
	}

	// The longest reason, and the first moment.
	reason := strings.Repeat("ß", 200)
	body := `{"reason": " ` + reason + ` ", "until": "2026-05-04T14:30:00.000001+02:00"}`
	s.Want(t.Context(), users, call(suspend, body), 204, "")
	got := s.Get(u.ID)
	if !got.SuspendedUntil.Equal(servicetest.Start.Add(time.Microsecond)) || got.SuspendedFor != reason ||
		got.TokenEpoch != u.TokenEpoch+1 {
		t.Errorf("got %+v", got.User)
	}
	if e := s.Last(); e.Kind != core.EventSuspended || e.Reason != reason || e.Was.SuspendedFor != "" || e.Keep != nil ||
		e.User.Base().SuspendedFor != reason {
		t.Errorf("the event is %+v", e)
	}
	s.Want(t.Context(), users, call(suspend, `{"reason": "for good", "until": null}`), 204, "")
	if got := s.Get(u.ID); !got.SuspendedUntil.Equal(core.ForGood()) || got.TokenEpoch != u.TokenEpoch+2 {
		t.Errorf("got %+v", got.User)
	}
	list := s.Want(t.Context(), users, servicetest.Call{Route: "GET ", As: admin}, 200, `"suspended_for":"for good"`)
	if !strings.Contains(string(list.Body), `"suspended_until":"9999-12-31T23:59:59.999999Z"`) ||
		!strings.Contains(string(list.Body), `"suspended_until":null,"suspended_for":null,"created_at":"`) {
		t.Errorf("the list is %s", list.Body)
	}

	s.Want(t.Context(), users, call("DELETE /{id}/suspend", ""), 204, "")
	if got := s.Get(u.ID); !got.SuspendedUntil.IsZero() || got.SuspendedFor != "" || got.TokenEpoch != u.TokenEpoch+2 {
		t.Errorf("got %+v", got.User)
	}
	if e := s.Last(); e.Kind != core.EventReinstated || e.Was.SuspendedFor != "for good" {
		t.Errorf("the event is %+v", e)
	}
	before := s.Get(u.ID).UpdatedAt
	s.Want(t.Context(), users, call("DELETE /{id}/suspend", ""), 204, "")
	if !s.Get(u.ID).UpdatedAt.Equal(before) {
		t.Error("nothing was to be done, and it was written")
	}
	s.Want(t.Context(), users, call("DELETE /nobody/suspend", ""), 404, "")
}

// What administrators do not do to themselves by a route, others may.
func TestAdministratorsAndThemselves(t *testing.T) {
	t.Parallel()
	s, admin, u := administered(t)
	s.Set(u.ID, func(a *servicetest.Account) { a.IsSuperuser = true })
	for body, route := range map[string]string{
		`{"reason": "x"}`: "POST /{id}/suspend", "": "DELETE /{id}",
		`{"is_superuser": false, "nick": "n"}`: "PATCH /{id}",
	} {
		c := servicetest.Call{Route: strings.Replace(route, "{id}", admin.ID, 1), As: admin, JSON: body}
		s.Want(t.Context(), users, c, 409, core.CodeAdminSelf)
	}
	if got := s.Get(admin.ID); got.Blocked(s.Now()) || !got.IsSuperuser || got.Nick != "" {
		t.Errorf("got %+v", got)
	}
	c := servicetest.Call{Route: "PATCH /" + admin.ID, As: admin, JSON: `{"is_superuser": true, "nick": "n"}`}
	s.Want(t.Context(), users, c, 200, `"nick":"n"`)
	c = servicetest.Call{Route: "PATCH /" + u.ID, As: admin, JSON: `{"is_superuser": false}`}
	s.Want(t.Context(), users, c, 200, `"is_superuser":false`)
	err := account.Suspend(t.Context(), s.Services, admin, account.Suspension{Reason: "by the operator"}, nil)
	if err != nil || !s.Get(admin.ID).Blocked(s.Now()) {
		t.Errorf("outside HTTP: %v", err)
	}
}

func TestSuspendOutsideHTTP(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, password)
	for _, bad := range []account.Suspension{
		{Reason: ""}, {Reason: "\xff"}, {Reason: "x", Until: s.Now()}, {Reason: "x", Until: core.ForGood().Add(time.Second)},
	} {
		var refusal *core.Error
		if err := account.Suspend(t.Context(), s.Services, u, bad, nil); !errors.As(err, &refusal) || refusal.Status != 422 {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	s.Refuse = core.Refuse("NOT_NOW")
	spam := account.Suspension{Reason: "x"}
	if err := account.Suspend(t.Context(), s.Services, u, spam, nil); !errors.Is(err, s.Refuse) {
		t.Errorf("a decider's refusal: %v", err)
	}
	s.Refuse = nil
	ghost := &servicetest.Account{User: core.User{ID: "nobody", SuspendedUntil: core.ForGood()}}
	if err := account.Suspend(t.Context(), s.Services, ghost, spam, nil); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("somebody who is gone: %v", err)
	}
	if err := account.Reinstate(t.Context(), s.Services, ghost, nil); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("somebody who is gone is reinstated: %v", err)
	}
}

// An application's own column of that name is what it was.
func TestTheListKeepsOwnColumns(t *testing.T) {
	t.Parallel()
	s, admin, u := administered(t)
	s.Set(u.ID, func(a *servicetest.Account) { a.Nick = "amazing" })
	resp := s.Want(t.Context(), users, servicetest.Call{Route: "GET ?email=" + ada, As: admin}, 200, "amazing")
	var page []map[string]any
	if err := json.Unmarshal(resp.Body, &page); err != nil || len(page) != 1 {
		t.Fatalf("%v: %s", err, resp.Body)
	}
	for _, name := range []string{"id", "email", "is_active", "is_superuser", "is_verified", "nick", "suspended_until",
		"suspended_for", "created_at"} {
		if _, there := page[0][name]; !there {
			t.Errorf("%s is missing: %s", name, resp.Body)
		}
	}
	if len(page[0]) != 9 {
		t.Errorf("got %s", resp.Body)
	}
	one := s.Want(t.Context(), users, servicetest.Call{Route: "GET /" + u.ID, As: admin}, 200, ada)
	if strings.Contains(string(one.Body), "suspended") {
		t.Errorf("one user is %s", one.Body)
	}
}

// I08: what looks like the suspension of a user who leaves would be lifted by
// their link, or they removed by a sweep.
func TestAttackI08TheReasonOfWhoLeaves(t *testing.T) {
	t.Parallel()
	s, admin, u := administered(t)
	for _, reason := range []string{
		core.SuspendedForLeaving, " " + core.SuspendedForLeaving, core.SuspendedForLeaving + "\u2003 ",
	} {
		for _, until := range []string{
			"", `, "until": null`, `, "until": "9999-12-31T23:59:59.999999Z"`, `, "until": "2027-01-01T00:00:00Z"`,
		} {
			body := `{"reason": "` + reason + `"` + until + `}`
			call := servicetest.Call{Route: "POST /" + u.ID + "/suspend", As: admin, JSON: body}
			s.Want(t.Context(), users, call, 422, "of users who leave")
		}
		for _, until := range []time.Time{{}, core.ForGood(), s.Now().Add(time.Hour)} {
			var refusal *core.Error
			err := account.Suspend(t.Context(), s.Services, u, account.Suspension{Reason: reason, Until: until}, nil)
			if !errors.As(err, &refusal) || refusal.Status != 422 || refusal.Problems[0].Loc[1] != "reason" {
				t.Errorf("outside HTTP, until %v: %v", until, err)
			}
		}
	}
	if got := s.Get(u.ID); got.SuspendedFor != "" || got.TokenEpoch != u.TokenEpoch {
		t.Fatalf("changed to %+v", got.User)
	}
	// The twin is another reason, which is not that of Leaving.
	more := account.Suspension{Reason: core.SuspendedForLeaving + " Fraud."}
	err := account.Suspend(t.Context(), s.Services, u, more, nil)
	if got := s.Get(u.ID); err != nil || got.Leaving() || !got.Blocked(s.Now()) {
		t.Errorf("%v, %+v", err, got.User)
	}
}
