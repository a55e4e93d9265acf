package routes_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestSessionsList(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		a.LogIn(t, "session", a.NewUser(t)) // of somebody else
		start := a.Now()
		credentials := harness.LoginForm(u.Email, harness.Password)
		web := a.Want(t, "POST /auth/cookie/login 204", credentials, harness.Header("User-Agent", "A browser"),
			harness.Header("Test-Peer", "[2001:db8::7]:1")).Cookie(t).Value
		a.Advance(time.Hour)
		app := a.Want(t, "POST /auth/session/login 200", credentials,
			harness.Header("User-Agent", strings.Repeat("é", 150)+"\t")).Member(t, "access_token").(string)
		a.LogIn(t, "jwt", u) // is no session
		a.Advance(time.Hour)

		t.Run("GET /auth/sessions 200", func(t *testing.T) {
			week := 7 * 24 * time.Hour
			newest, oldest := harness.ListedSession{
				Backend: "session", Label: strings.Repeat("é", 100), IP: "127.0.0.1", CreatedAt: start.Add(time.Hour),
				LastSeen:  start.Add(time.Hour),
				ExpiresAt: start.Add(time.Hour + week),
			}, harness.ListedSession{
				Backend: "cookie", Label: "A browser", IP: "2001:db8::7", CreatedAt: start, LastSeen: start.Add(2 * time.Hour),
				ExpiresAt: start.Add(2*time.Hour + week), Current: true,
			}
			a.ListSessions(t, harness.Credential("cookie", web)) // that the session is in use is noted meanwhile
			got := a.ListSessions(t, harness.Credential("cookie", web))
			if len(got) != 2 || got[0].ID == got[1].ID || got[0].ID == "" {
				t.Fatalf("got %+v", got)
			}
			newest.ID, oldest.ID = got[0].ID, got[1].ID
			if got[0] != newest || got[1] != oldest {
				t.Errorf("got\n%+v, want\n%+v", got, []harness.ListedSession{newest, oldest})
			}
		})
		t.Run("GET /auth/sessions 200 (the other one is current)", func(t *testing.T) {
			got := a.ListSessions(t, harness.Credential("session", app))
			if len(got) != 2 || !got[0].Current || got[1].Current {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("GET /auth/sessions 200 (by a JWT none is current)", func(t *testing.T) {
			got := a.ListSessions(t, a.LogIn(t, "jwt", u))
			if len(got) != 2 || got[0].Current || got[1].Current {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("GET /auth/sessions 200 (an empty list)", func(t *testing.T) {
			got := a.Want(t, "GET /auth/sessions 200", a.LogIn(t, "jwt", a.NewUser(t)))
			if got.Body != "[]" {
				t.Errorf("got %s, want []", got.Body)
			}
		})
		t.Run("GET /auth/sessions 200 (no token is shown)", func(t *testing.T) {
			got := a.Want(t, "GET /auth/sessions 200", harness.Credential("cookie", web))
			for _, token := range []string{web, app} {
				if strings.Contains(got.Body, token) || strings.Contains(got.Body, token[:20]) {
					t.Errorf("got %s", got.Body)
				}
			}
			var all []harness.ListedSession
			if err := json.Unmarshal([]byte(got.Body), &all); err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				a.Want(t, "GET /users/me 401 (an id is no token)", harness.Credential("cookie", s.ID))
			}
		})
	})
}

func TestSessionsUnauthorized(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		ended := a.LogIn(t, "cookie", u)
		a.Want(t, "POST /auth/cookie/logout 204", ended)
		for _, route := range []string{"GET /auth/sessions 401 ", "DELETE /auth/sessions 401 ", "DELETE /auth/sessions/" +
			harness.NobodyID + " 401 "} {
			a.Want(t, route+"(no credential)")
			a.Want(t, route+"(ended)", ended)
		}
	})
}

func TestSessionsDelete(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, stranger := a.NewUser(t), a.NewUser(t)
		mine, other, theirs := a.LogIn(t, "cookie", u), a.LogIn(t, "session", u), a.LogIn(t, "session", stranger)
		var otherID, mineID string
		for _, s := range a.ListSessions(t, mine) {
			if s.Current {
				mineID = s.ID
			} else {
				otherID = s.ID
			}
		}
		route := "DELETE /auth/sessions/{id} "
		for _, unknown := range []string{harness.NobodyID, "x", `a\b`, "\x00", strings.ToUpper(otherID), otherID + "0"} {
			a.Want(t, route+"404 (unknown)", harness.PathID(unknown), mine)
		}
		a.Want(t, route+"404 (another user's)", harness.PathID(otherID), theirs)
		a.Want(t, route+"403 CROSS_ORIGIN_REFUSED (cookie)", harness.PathID(otherID), mine,
			harness.Header("Sec-Fetch-Site", "cross-site"))
		a.Want(t, "GET /users/me 200 (nothing has ended)", other)
		got := a.Want(t, route+"204", harness.Row, harness.PathID(otherID), mine)
		if got.Body != "" || len(got.Header["Set-Cookie"]) > 0 {
			t.Errorf("got %s %v", got.Body, got.Header)
		}
		a.Want(t, "GET /users/me 401 (that one has ended)", other)
		a.Want(t, "GET /users/me 200 (this one has not)", mine)
		a.Want(t, route+"404 (ended already)", harness.PathID(otherID), mine)
		a.Want(t, route+"204 (the current one)", harness.PathID(mineID), mine)
		a.Want(t, "GET /users/me 401", mine)
	})
}

func TestSessionsDeleteOthers(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range []string{"cookie", "session"} {
			u := a.NewUser(t)
			mine, theirs := a.LogIn(t, backend, u), a.LogIn(t, backend, a.NewUser(t))
			var others []harness.Option
			for _, b := range harness.Backends {
				others = append(others, a.LogIn(t, b, u))
			}
			a.Want(t, "DELETE /auth/sessions 204 ("+backend+")", mine)
			for _, other := range others {
				a.Want(t, "GET /users/me 401 (the others have ended, JWTs too)", other)
			}
			a.Want(t, "GET /users/me 200 (this one has not)", mine)
			a.Want(t, "GET /users/me 200 (another user's has not)", theirs)
			if left := a.ListSessions(t, mine); len(left) != 1 || !left[0].Current {
				t.Errorf("left are %+v", left)
			}
			a.Want(t, "POST /auth/jwt/login 200 (a new login works)", harness.LoginForm(u.Email, harness.Password))
		}
	})
}
