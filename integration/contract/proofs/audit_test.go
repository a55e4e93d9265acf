package proofs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// auditLog are attacks on the records of what happened. The first counts those
// of everybody.
func auditLog(t *testing.T, a *harness.App) {
	t.Run("E02 secrets in records", func(t *testing.T) { secretsInRecords(t, a) })
	t.Run("E01 a change that is rolled back", func(t *testing.T) { rolledBack(t, a) })
	t.Run("E03 what a client says of itself", func(t *testing.T) { forgedLines(t, a) })
	t.Run("E04 the records cannot be written", func(t *testing.T) { auditDown(t, a) })
	t.Run("E04 sinks alone", func(t *testing.T) { sinksAlone(t, a) })
}

// veto is a witness after the audit log, which refuses everything while it is
// set.
type veto struct{ set atomic.Bool }

func (*veto) Name() string                                { return "veto" }
func (*veto) PerBackend() bool                            { return false }
func (*veto) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

func (v *veto) Witness(context.Context, *core.Services, core.Event) error {
	if v.set.Load() {
		return latchkey.Refuse("VETO")
	}
	return nil
}

// vetoes are those of applications.
var vetoes harness.PerApp[veto]

// rolledBack is a change: it and its record are both there, or neither is.
func rolledBack(t *testing.T, a *harness.App) {
	_, atomic := core.As[core.Transactor](a.Stores.Users)
	u := a.NewUser(t)
	mine := a.LogIn(t, "session", u)
	before := actionsOf(t, a, u.ID)
	after := slices.Sorted(slices.Values(append(slices.Clone(before), "user.updated", "login")))
	change := harness.JSONObject(harness.Object{"full_name": "E01", "password": harness.OtherPassword})
	right := harness.LoginForm(u.Email, harness.OtherPassword)
	vetoes.Of(a).set.Store(true)
	defer vetoes.Of(a).set.Store(false)
	if !atomic { // the change stands, and so does its record
		a.Want(t, "PATCH /users/me 200 (E01)", mine, change)
		a.Want(t, "POST /auth/session/login 200 (E01)", right)
		if got := actionsOf(t, a, u.ID); !slices.Equal(got, after) {
			t.Errorf("E01: got the records %q, want %q", got, after)
		}
		return
	}
	a.Want(t, "PATCH /users/me 400 VETO (E01)", mine, change)
	a.Want(t, "POST /auth/session/login 400 VETO (E01)", harness.LoginForm(u.Email, harness.Password))
	a.Want(t, "POST /auth/register 400 VETO (E01)",
		harness.JSONObject(harness.Object{"email": "e01@example.org", "password": harness.Password}))
	if got := actionsOf(t, a, u.ID); !slices.Equal(got, before) || find(t, a, u.ID).FullName != u.FullName {
		t.Errorf("E01: a change that was rolled back has a record: %q, want %q", got, before)
	}
	if all := a.ListSessions(t, mine); len(all) != 1 {
		t.Errorf("E01: a login without a record: %+v", all)
	}
	vetoes.Of(a).set.Store(false)
	a.Want(t, "PATCH /users/me 200 (E01 the twin)", mine, change)
	a.Want(t, "POST /auth/session/login 200 (E01 the twin)", right)
	a.Want(t, "POST /auth/register 201 (E01 the twin)",
		harness.JSONObject(harness.Object{"email": "e01@example.org", "password": harness.Password}))
	if got := actionsOf(t, a, u.ID); !slices.Equal(got, after) {
		t.Errorf("E01: got the records %q, want %q", got, after)
	}
}

// secretsInRecords are none: neither what was typed to log in nor what was
// stored.
func secretsInRecords(t *testing.T, a *harness.App) {
	u, admin := a.NewUser(t, harness.Verified), a.NewUser(t, harness.Superuser)
	const misplaced, wrong = "a password in the wrong field 7", "a wrong guess 88"
	const fresh, reset, name, other = "a fresh 17 password", "one by mail 23", "E02 Lovelace", "E02 Again"
	tokens := []string{a.Token(t, "session", u), a.Token(t, "cookie", u), a.Token(t, "jwt", u)}
	mine, root := harness.Credential("session", tokens[0]), a.LogIn(t, "session", admin)
	for _, b := range harness.Backends {
		a.Want(t, "POST /auth/"+b+"/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(misplaced, wrong))
		a.Want(t, "POST /auth/"+b+"/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm("unknown-e02@example.org", wrong))
		a.Want(t, "POST /auth/"+b+"/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(u.Email, wrong))
	}
	a.Want(t, "GET /users/me 401", harness.Credential("session", tokens[0]+"x"))
	a.Want(t, "PATCH /users/me 200", mine, harness.JSONObject(harness.Object{"full_name": name, "password": fresh}))
	a.Want(t, "PATCH /users/{id} 200", root, harness.PathID(u.ID), harness.JSONObject(harness.Object{"full_name": other}))
	token := a.MailedToken(t, "reset", u)
	a.Want(t, "POST /auth/reset-password 200", harness.JSONObject(harness.Object{"token": token, "password": reset}))
	all := recordsOf(t, a, "")
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	listed := a.Want(t, "GET /auth/audit 200", root, harness.Query("limit=100")).Body
	stored := string(find(t, a, u.ID).HashedPassword)
	for _, secret := range append(tokens, token, misplaced, wrong, fresh, reset, "unknown-e02", name, other, u.Email,
		strings.ToLower(u.Email), harness.Password, stored) {
		if strings.Contains(string(text)+listed, secret) {
			t.Errorf("E02: %q is in the records", secret)
		}
	}
	// The twin: whose account somebody has tried is recorded, and
	// from where.
	var unknown, known int
	for _, r := range all {
		switch {
		case r.Action != core.EventLoginFailed:
		case !r.Client.IP.IsLoopback() || r.Code != core.CodeLoginBadCredentials:
			t.Errorf("E02: %+v", r)
		case r.Subject == u.ID:
			known++
		case r.Subject == "":
			unknown++
		}
	}
	if known != 3 || unknown != 6 {
		t.Errorf("E02: %d failed logins of the user and %d of nobody, want 3 and 6", known, unknown)
	}
	changed := []string{"full_name", "password"}
	if !slices.ContainsFunc(all, func(r core.Record) bool { return slices.Equal(r.Fields, changed) }) {
		t.Error("E02: a change has no names of fields")
	}
}

// forgedLines are what a client says of itself.
func forgedLines(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	body := harness.JSONObject(harness.Object{"username": u.Email, "password": harness.Password})
	for name, agent := range map[string]string{
		"E03 long":             strings.Repeat("x", 30_000),
		"E03 a C1 control":     "evil\u009b31mred\u0085level=ERROR",
		"E03 bytes":            "evil\xff\xfe",
		"E03 a tab":            "evil\tlevel=ERROR",
		"E03 a right-to-left":  "evil\u202e",
		"E03 a twin, Firefox":  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"E03 a twin, with a Ω": `Ω "quoted" \n`,
	} {
		a.Want(t, "POST /auth/session/login 200", harness.Case(name), body, harness.Header("User-Agent", agent))
	}
	for name, line := range map[string]string{
		"E03 an escape": "User-Agent: evil\x1b[31mred", "E03 a folded line": "User-Agent: evil\r\n level=ERROR",
		"E03 a NUL": "User-Agent: evil\x00",
	} {
		content := fmt.Sprintf(`{"username": %q, "password": %q}`, u.Email, harness.Password)
		got, _ := a.SendRaw(t, fmt.Sprintf("POST /auth/session/login HTTP/1.1\r\nHost: app\r\nConnection: close\r\n"+
			"Content-Type: application/json\r\nContent-Length: %d\r\n%s\r\n\r\n%s", len(content), line, content))
		if got.Status != 200 && got.Status != 400 {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	labels := map[string]bool{}
	for _, r := range recordsOf(t, a, u.ID) {
		label := r.Client.Label
		labels[label] = true
		if len(label) > 200 || strings.ContainsFunc(label, unicode.IsControl) {
			t.Errorf("E03: the label %q", label)
		}
	}
	for _, want := range []string{strings.Repeat("x", 200), `Ω "quoted" \n`,
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"} {
		if !labels[want] {
			t.Errorf("E03: there is no %q in %v", want, labels)
		}
	}
}

// auditDown is when changes cannot be recorded: they are refused, where they
// can be.
func auditDown(t *testing.T, a *harness.App) {
	_, atomic := core.As[core.Transactor](a.Stores.Users)
	u := a.NewUser(t)
	mine, right := a.LogIn(t, "session", u), harness.LoginForm(u.Email, harness.Password)
	change := harness.JSONObject(harness.Object{"full_name": "E04"})
	a.Break("audit.Append")
	if atomic {
		a.Want(t, "PATCH /users/me 503 SERVICE_UNAVAILABLE (E04)", mine, change)
		if find(t, a, u.ID).FullName != u.FullName {
			t.Error("E04: the change was written")
		}
		for _, b := range harness.Backends {
			a.Want(t, "POST /auth/"+b+"/login 503 SERVICE_UNAVAILABLE (E04)", right)
		}
		if all := a.ListSessions(t, mine); len(all) != 1 {
			t.Errorf("E04: a login without a record: %+v", all)
		}
	} else {
		a.Want(t, "PATCH /users/me 200 (E04)", mine, change)
		a.Want(t, "POST /auth/session/login 200 (E04)", right)
	}
	a.Want(t, "POST /auth/session/login 400 LOGIN_BAD_CREDENTIALS (E04)",
		harness.LoginForm(u.Email, harness.OtherPassword))
	a.Want(t, "GET /users/me 200 (E04)", mine)
	a.Want(t, "GET /auth/audit 403 (E04)", mine)
	a.Want(t, "POST /auth/session/logout 204 (E04)", mine)
	a.Mend()
	a.Want(t, "POST /auth/session/login 200 (E04 the twin)", right)
	again := a.LogIn(t, "session", u)
	a.Want(t, "PATCH /users/me 200 (E04 the twin)", again, change)
}

// sinksAlone hear afterwards, and cannot fail anybody.
func sinksAlone(t *testing.T, other *harness.App) {
	var heard atomic.Int64
	a := other.Beside(t, func(_ *harness.App, o *harness.Options) {
		o.Flows = slices.DeleteFunc(o.Flows, func(f latchkey.Flow) bool { return f.Name() == "audit" })
		o.Flows = append(o.Flows, audit.Flow{Also: []audit.Sink{audit.Func(func(context.Context, core.Record) {
			heard.Add(1)
			panic("the disk is full")
		})}})
	})
	u := a.NewUser(t)
	before := heard.Load()
	mine := a.LogIn(t, "session", u)
	a.Want(t, "PATCH /users/me 200 (E04)", mine, harness.JSONObject(harness.Object{"full_name": "E04"}))
	a.Want(t, "POST /auth/session/login 400 LOGIN_BAD_CREDENTIALS (E04)",
		harness.LoginForm(u.Email, harness.OtherPassword))
	if n := heard.Load() - before; n != 3 {
		t.Errorf("E04: %d records were heard of, want 3", n)
	}
}

// recordsOf returns the audit records of a user, or of everybody for "", the
// oldest first.
func recordsOf(t *testing.T, a *harness.App, userID string) (all []core.Record) {
	t.Helper()
	for cursor, first := "", true; first || cursor != ""; first = false {
		q := core.AuditQuery{User: userID, Oldest: true, Cursor: cursor, Limit: 100}
		page, next, err := a.Manager().Audit(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all, cursor = append(all, page...), next
	}
	return all
}

// actionsOf are the actions of recordsOf, sorted: the clock stands still.
func actionsOf(t *testing.T, a *harness.App, userID string) (all []string) {
	t.Helper()
	for _, r := range recordsOf(t, a, userID) {
		all = append(all, string(r.Action))
	}
	slices.Sort(all)
	return all
}
