package contract_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// listed is a session as its owner sees it.
type listed struct {
	ID        string    `json:"id"`
	Backend   string    `json:"backend"`
	Label     string    `json:"label"`
	IP        string    `json:"ip"`
	CreatedAt time.Time `json:"created_at"`
	LastSeen  time.Time `json:"last_seen"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"`
}

func (a *app) sessions(t *testing.T, mine option) (all []listed) {
	t.Helper()
	got := a.want(t, "GET /auth/sessions 200", mine)
	if !strict(got.body, &all) || all == nil {
		t.Fatalf("got %s", got.body)
	}
	return all
}

func TestSessionsList(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		a.login(t, "session", a.user(t)) // of somebody else
		start := a.Now()
		credentials := form("username", u.Email, "password", password)
		web := a.want(t, "POST /auth/cookie/login 204", credentials, header("User-Agent", "A browser"),
			header("Test-Peer", "[2001:db8::7]:1")).cookie(t).Value
		a.pass(time.Hour)
		app := a.want(t, "POST /auth/session/login 200", credentials,
			header("User-Agent", strings.Repeat("é", 150)+"\t")).member(t, "access_token").(string)
		a.login(t, "jwt", u) // is no session
		a.pass(time.Hour)

		t.Run("GET /auth/sessions 200", func(t *testing.T) {
			week := 7 * 24 * time.Hour
			newest, oldest := listed{
				Backend: "session", Label: strings.Repeat("é", 100), IP: "127.0.0.1", CreatedAt: start.Add(time.Hour),
				LastSeen:  start.Add(time.Hour),
				ExpiresAt: start.Add(time.Hour + week),
			}, listed{
				Backend: "cookie", Label: "A browser", IP: "2001:db8::7", CreatedAt: start, LastSeen: start.Add(2 * time.Hour),
				ExpiresAt: start.Add(2*time.Hour + week), Current: true,
			}
			a.sessions(t, credential("cookie", web)) // that the session is in use is noted meanwhile
			got := a.sessions(t, credential("cookie", web))
			if len(got) != 2 || got[0].ID == got[1].ID || got[0].ID == "" {
				t.Fatalf("got %+v", got)
			}
			newest.ID, oldest.ID = got[0].ID, got[1].ID
			if got[0] != newest || got[1] != oldest {
				t.Errorf("got\n%+v, want\n%+v", got, []listed{newest, oldest})
			}
		})
		t.Run("GET /auth/sessions 200 (the other one is current)", func(t *testing.T) {
			got := a.sessions(t, credential("session", app))
			if len(got) != 2 || !got[0].Current || got[1].Current {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("GET /auth/sessions 200 (by a JWT none is current)", func(t *testing.T) {
			got := a.sessions(t, a.login(t, "jwt", u))
			if len(got) != 2 || got[0].Current || got[1].Current {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("GET /auth/sessions 200 (an empty list)", func(t *testing.T) {
			got := a.want(t, "GET /auth/sessions 200", a.login(t, "jwt", a.user(t)))
			if got.body != "[]" {
				t.Errorf("got %s, want []", got.body)
			}
		})
		t.Run("GET /auth/sessions 200 (no token is shown)", func(t *testing.T) {
			got := a.want(t, "GET /auth/sessions 200", credential("cookie", web))
			for _, token := range []string{web, app} {
				if strings.Contains(got.body, token) || strings.Contains(got.body, token[:20]) {
					t.Errorf("got %s", got.body)
				}
			}
			var all []listed
			if err := json.Unmarshal([]byte(got.body), &all); err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				a.want(t, "GET /users/me 401 (an id is no token)", credential("cookie", s.ID))
			}
		})
	})
}

func TestSessionsUnauthorized(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		ended := a.login(t, "cookie", u)
		a.want(t, "POST /auth/cookie/logout 204", ended)
		for _, route := range []string{"GET /auth/sessions 401 ", "DELETE /auth/sessions 401 ", "DELETE /auth/sessions/" +
			nobody + " 401 "} {
			a.row(t, route+"(no credential)")
			a.row(t, route+"(ended)", ended)
		}
	})
}

func TestSessionsDelete(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, stranger := a.user(t), a.user(t)
		mine, other, theirs := a.login(t, "cookie", u), a.login(t, "session", u), a.login(t, "session", stranger)
		var otherID, mineID string
		for _, s := range a.sessions(t, mine) {
			if s.Current {
				mineID = s.ID
			} else {
				otherID = s.ID
			}
		}
		route := "DELETE /auth/sessions/{id} "
		for _, unknown := range []string{nobody, "x", `a\b`, "\x00", strings.ToUpper(otherID), otherID + "0"} {
			a.row(t, route+"404 (unknown)", id(unknown), mine)
		}
		a.row(t, route+"404 (another user's)", id(otherID), theirs)
		a.row(t, route+"403 CROSS_ORIGIN_REFUSED (cookie)", id(otherID), mine, header("Sec-Fetch-Site", "cross-site"))
		a.want(t, "GET /users/me 200 (nothing has ended)", other)
		got := a.row(t, route+"204", id(otherID), mine)
		if got.body != "" || len(got.header["Set-Cookie"]) > 0 {
			t.Errorf("got %s %v", got.body, got.header)
		}
		a.want(t, "GET /users/me 401 (that one has ended)", other)
		a.want(t, "GET /users/me 200 (this one has not)", mine)
		a.row(t, route+"404 (ended already)", id(otherID), mine)
		a.row(t, route+"204 (the current one)", id(mineID), mine)
		a.want(t, "GET /users/me 401", mine)
	})
}

func TestSessionsDeleteOthers(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range []string{"cookie", "session"} {
			u := a.user(t)
			mine, theirs := a.login(t, backend, u), a.login(t, backend, a.user(t))
			var others []option
			for _, b := range backends {
				others = append(others, a.login(t, b, u))
			}
			a.row(t, "DELETE /auth/sessions 204 ("+backend+")", mine)
			for _, other := range others {
				a.want(t, "GET /users/me 401 (the others have ended, JWTs too)", other)
			}
			a.want(t, "GET /users/me 200 (this one has not)", mine)
			a.want(t, "GET /users/me 200 (another user's has not)", theirs)
			if left := a.sessions(t, mine); len(left) != 1 || !left[0].Current {
				t.Errorf("left are %+v", left)
			}
			a.want(t, "POST /auth/jwt/login 200 (a new login works)", form("username", u.Email, "password", password))
		}
	})
}
