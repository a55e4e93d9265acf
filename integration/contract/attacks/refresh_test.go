package attacks_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	renew   = "POST /auth/mobile/refresh "
	stale   = renew + "401"
	renewed = renew + "200"
)

func TestAttackT01(t *testing.T) {
	reused := func(a *harness.App, o *harness.Options) {
		harness.Renewing(a, o)
		o.Flows = append(o.Flows, notices.Flow{})
	}
	harness.OnEveryAdapter(t, reused, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		first, other := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "mobile", u)
		second := a.Want(t, renewed, first.Body()).Pair(t)
		a.Advance(9 * time.Second)
		a.Want(t, renewed, harness.Case("T02 twin, within the grace"), first.Body())
		a.Advance(2 * time.Second)
		a.Want(t, stale, harness.Case("T01 a token that was replaced, after the grace"), first.Body())
		a.Want(t, stale, harness.Case("T01 the one that replaced it"), second.Body())
		a.Want(t, "GET /users/me 401", harness.Case("T01 its access token"), second.Presented())
		a.Want(t, renewed, harness.Case("T01 twin, another login"), other.Body())
		if m := a.NextMail(t); m.Kind != core.MailNotice || m.Notice.What != notices.SessionReused || m.To != u.Email {
			t.Errorf("T01: the user gets %s %+v", m.Kind, m.Notice)
		}
	})
}

func TestAttackT02(t *testing.T) {
	harness.OnEveryAdapter(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.LogInRenewing(t, "mobile", u)
		for range 3 {
			var pairs [8]harness.Pair
			var tabs sync.WaitGroup
			for i := range pairs {
				tabs.Go(func() { pairs[i] = a.Want(t, renewed, token.Body()).Pair(t) })
			}
			tabs.Wait()
			for _, p := range pairs {
				if p.Refresh != pairs[0].Refresh || p.Refresh == token.Refresh {
					t.Fatal("T02: two tabs got two successors, or none")
				}
				a.Want(t, "GET /users/me 200", p.Presented())
			}
			token = pairs[0]
			a.Advance(11 * time.Second)
		}
		a.Want(t, renewed, harness.Case("T02 nobody is logged out"), token.Body())
		a.Want(t, renewed, harness.Case("T04 an answer got lost, and the token comes again"), token.Body())
	})
}

func TestAttackT05(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, a *harness.App, u *harness.Account, p harness.Pair){
		"inactive": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Pair) {
			a.EditStored(t, u, func(u *harness.Account) { u.IsActive = false })
		},
		"suspended": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Pair) {
			a.EditStored(t, u, func(u *harness.Account) { u.SuspendedUntil = a.Now().Add(time.Hour) })
		},
		"after a new password": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Pair) {
			a.ChangeUser(t, u, latchkey.Changes[harness.Account]{Password: new("yet another 17 password")})
		},
		"after a logout": func(t *testing.T, a *harness.App, _ *harness.Account, p harness.Pair) {
			a.Want(t, "POST /auth/mobile/logout 204", p.Presented())
		},
		"after its owner has ended it": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Pair) {
			a.Want(t, "DELETE /auth/sessions 204", a.LogIn(t, "jwt", u))
		},
		"deleted": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Pair) {
			if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		},
	} {
		harness.OnEveryStore(t, harness.Renewing, func(t *testing.T, a *harness.App) {
			u, twin := a.NewUser(t), a.NewUser(t)
			mine, theirs := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "mobile", twin)
			end(t, a, u, mine)
			a.Want(t, stale, harness.Case("T05 "+name), mine.Body())
			a.Want(t, renewed, harness.Case("T05 twin, another user"), theirs.Body())
		})
	}
}

func TestAttackT07(t *testing.T) {
	harness.OnEveryAdapter(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine := a.LogInRenewing(t, "mobile", u)
		a.Want(t, stale, harness.Case("T07 an access token as refresh token"),
			harness.Form("refresh_token", mine.Access))
		a.Want(t, "GET /users/me 401", harness.Case("T07 a refresh token as access token"),
			harness.Bearer(mine.Refresh))
		for _, backend := range harness.Backends {
			token := a.Token(t, backend, u)
			a.Want(t, stale, harness.Case("T07 the token of "+backend),
				harness.Form("refresh_token", token))
		}
		a.Want(t, "POST /auth/tablet/refresh 401", harness.Case("T08 at another backend"), mine.Body())
		a.Want(t, "POST /auth/tablet/revoke 200", harness.Case("T08 ended at another backend"), mine.Body())
		a.Want(t, "POST /auth/spa/refresh 401", harness.Case("T08 at a backend of cookies"), mine.Cookie())
		a.Want(t, renewed, harness.Case("T07 T08 twin"), mine.Body())
	})
}

func TestAttackT10(t *testing.T) {
	harness.OnEveryStore(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		for _, behind := range []int{2, 5} {
			u := a.NewUser(t)
			old := a.LogInRenewing(t, "mobile", u)
			present := old
			for range behind {
				a.Advance(7 * 24 * time.Hour)
				present = a.Want(t, renewed, present.Body()).Pair(t)
			}
			if living, err := a.Stores.Sessions.List(t.Context(), u.ID); err != nil || len(living) != 1 {
				t.Errorf("T10: %d rows after %d rotations, %v", len(living), behind, err)
			}
			a.Advance(time.Minute)
			a.Want(t, stale, harness.Case("T10 the first of several"), old.Body())
			a.Want(t, stale, harness.Case("T10 the present one"), present.Body())
		}
	})
}

func TestAttackT11(t *testing.T) {
	harness.OnEveryStore(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine := a.LogInRenewing(t, "mobile", u)
		living, err := a.Stores.Sessions.List(t.Context(), u.ID)
		if err != nil || len(living) != 1 {
			t.Fatal(len(living), err)
		}
		guess := strings.Repeat("A", 43)
		for what, token := range map[string]string{
			"the session's ID": living[0].ID, "with the prefix": "lkr_" + living[0].ID,
			"a made-up one": "lkr_" + guess + guess,
		} {
			before := a.StoredState(t)
			a.Want(t, stale, harness.Case("T11 "+what), harness.Form("refresh_token", token))
			if a.StoredState(t) != before {
				t.Errorf("T11 %s changes what is stored", what)
			}
		}
		a.Want(t, renewed, harness.Case("T11 twin"), mine.Body())
		a.Want(t, stale, harness.Case("T11 a guess behind the family's secret"),
			harness.Form("refresh_token", mine.Refresh+guess))
		if living, err = a.Stores.Sessions.List(t.Context(), u.ID); err != nil || len(living) != 0 {
			t.Errorf("T11: the session of the guess lives: %v", err)
		}
	})
}

func TestAttackT13(t *testing.T) {
	harness.OnEveryStore(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		mine := a.LogInRenewing(t, "mobile", a.NewUser(t))
		for _, calls := range []string{"users", "sessions", "sessions.Rotate"} {
			a.Break(calls)
			a.Want(t, renew+"503 SERVICE_UNAVAILABLE", harness.Case("T13 without "+calls), mine.Body())
			a.Mend()
			a.Advance(time.Minute)
			mine = a.Want(t, renewed, harness.Case("T13 afterwards"), mine.Body()).Pair(t)
			a.Advance(time.Minute)
		}
	})
}

func TestAttackT15(t *testing.T) {
	harness.OnEveryAdapter(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		mine := a.LogInRenewing(t, "spa", a.NewUser(t))
		for name, from := range harness.CrossOriginHeaders {
			for _, route := range []string{"refresh", "revoke"} {
				a.Want(t, "POST /auth/spa/"+route+" 403 CROSS_ORIGIN_REFUSED",
					harness.Case("T15 "+route+", "+name),
					mine.Cookie(), harness.All(from...))
			}
		}
		a.Want(t, "POST /auth/spa/refresh 400 DUPLICATE_CREDENTIALS",
			harness.Case("T15 a second cookie, tossed"),
			mine.Cookie(), harness.Header("Cookie", harness.RefreshCookie+"=x"))
		a.Want(t, "POST /auth/spa/refresh 401", harness.Case("T15 in the body"), mine.Body())
		for name, from := range harness.SameOriginHeaders {
			mine = a.Want(t, "POST /auth/spa/refresh 204", harness.Case("T15 twin, "+name), mine.Cookie(),
				from(strings.TrimPrefix(a.URL, "http://")), harness.JSON("{")).Pair(t)
			a.Advance(time.Minute)
		}
	})
}

func TestAttackT16(t *testing.T) {
	harness.OnEveryAdapter(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mobile, spa, other := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "spa", u),
			a.LogInRenewing(t, "mobile", u)
		a.Advance(time.Hour)
		a.Want(t, "POST /auth/mobile/logout 401", harness.Case("T16 the access token has expired"),
			mobile.Presented())
		a.Want(t, "POST /auth/mobile/revoke 200", harness.Case("T16 revoke"), harness.Form("token",
			mobile.Refresh))
		a.Want(t, "POST /auth/spa/revoke 200", harness.Case("T16 revoke by cookie"), spa.Cookie())
		a.Want(t, stale, harness.Case("T16 it has ended"), mobile.Body())
		a.Want(t, "POST /auth/spa/refresh 401", harness.Case("T16 it has ended, by cookie"), spa.Cookie())
		a.Want(t, renewed, harness.Case("T16 twin, another login"), other.Body())
	})
}

func TestAttackT17(t *testing.T) {
	harness.OnEveryStore(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		own, other := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "mobile", u)
		var tabs sync.WaitGroup
		var next [4]harness.Pair
		for i := range next {
			tabs.Go(func() { next[i] = a.Want(t, renewed, own.Body()).Pair(t) })
		}
		tabs.Go(func() {
			a.Want(t, "PATCH /users/me 200", own.Presented(),
				harness.JSONObject(harness.Object{"password": harness.OtherPassword,
					"current_password": harness.Password}))
		})
		tabs.Wait()
		a.Want(t, "GET /users/me 200", harness.Case("T17 the access token of before"), own.Presented())
		a.Want(t, renewed, harness.Case("T17 this login goes on"), next[0].Body())
		for _, p := range next {
			a.Want(t, "GET /users/me 200", p.Presented())
		}
		a.Want(t, stale, harness.Case("T17 another login"), other.Body())
		a.Want(t, "GET /users/me 401", harness.Case("T17 its access token"), other.Presented())
	})
}

func TestAttackT19(t *testing.T) {
	harness.OnEveryStore(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for name, s := range map[string]core.Session{
			"T19 twin, the person themselves":   {UserID: u.ID},
			"T19 somebody who acts as the user": {UserID: u.ID, Actor: "root"},
		} {
			line := renewed
			if s.Actor != "" {
				line = stale
			}
			a.Want(t, line, harness.Case(name), harness.Form("refresh_token", a.IssueRefresh(t,
				"mobile", s)))
		}
	})
}
