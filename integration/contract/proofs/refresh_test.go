package proofs_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/long"
)

const (
	renewal = "POST /auth/mobile/refresh "
	ended   = renewal + "401"
	renewed = renewal + "200"
)

// replacedToken is one that comes again after the grace.
func replacedToken(t *testing.T, other *harness.App) {
	a := newNoticed(t, other, harness.Renewing)
	u := a.NewUser(t, harness.Verified)
	first, another := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "mobile", u)
	second := a.Want(t, renewed, first.Body()).Pair(t)
	a.Advance(9 * time.Second)
	a.Want(t, renewed, harness.Case("T02 twin, within the grace"), first.Body())
	a.Advance(2 * time.Second)
	a.Want(t, ended, harness.Case("T01 a token that was replaced, after the grace"), first.Body())
	a.Want(t, ended, harness.Case("T01 the one that replaced it"), second.Body())
	a.Want(t, "GET /users/me 401", harness.Case("T01 its access token"), second.Presented())
	a.Want(t, renewed, harness.Case("T01 twin, another login"), another.Body())
	if m := a.NextMail(t); m.Kind != core.MailNotice || m.Notice.What != notices.SessionReused || m.To != u.Email {
		t.Errorf("T01: the user gets %s %+v", m.Kind, m.Notice)
	}
}

// tabs renew one login at once.
func tabs(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	token := a.LogInRenewing(t, "mobile", u)
	for range long.Count(2, 300) {
		successors := map[string]harness.Pair{}
		for got := range a.SendAtOnce(t, atOnce, "POST", "/auth/mobile/refresh", same(token.Body())) {
			if got.Status != 200 {
				t.Fatalf("T02: a tab is logged out: %d %s", got.Status, got.Body)
			}
			p := got.Pair(t)
			successors[p.Refresh] = p
		}
		if _, unchanged := successors[token.Refresh]; unchanged || len(successors) != 1 {
			t.Fatalf("T02: %d tabs got %d successors", atOnce, len(successors))
		}
		for _, token = range successors {
			a.Want(t, "GET /users/me 200", token.Presented())
		}
		a.Advance(11 * time.Second)
	}
	a.Want(t, renewed, harness.Case("T02 nobody is logged out"), token.Body())
	a.Want(t, renewed, harness.Case("T04 an answer got lost, and the token comes again"), token.Body())
	if n := len(sessionsOf(t, a, u)); n != 1 {
		t.Errorf("T02: the login has become %d", n)
	}
}

// blockedRenewals are those of users who may not log in any more, and of logins
// that have ended.
func blockedRenewals(t *testing.T, a *harness.App) {
	for name, end := range map[string]func(u *harness.Account, p harness.Pair){
		"inactive": func(u *harness.Account, _ harness.Pair) {
			a.EditStored(t, u, func(u *harness.Account) { u.IsActive = false })
		},
		"suspended": func(u *harness.Account, _ harness.Pair) {
			a.EditStored(t, u, func(u *harness.Account) { u.SuspendedUntil = a.Now().Add(time.Hour) })
		},
		"after a new password": func(u *harness.Account, _ harness.Pair) {
			a.ChangeUser(t, u, edit{Password: new("yet another 17 password")})
		},
		"after a logout": func(_ *harness.Account, p harness.Pair) {
			a.Want(t, "POST /auth/mobile/logout 204", p.Presented())
		},
		"after its owner has ended it": func(u *harness.Account, _ harness.Pair) {
			a.Want(t, "DELETE /auth/sessions 204", a.LogIn(t, "jwt", u))
		},
		"deleted": func(u *harness.Account, _ harness.Pair) {
			if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		},
	} {
		u, twin := a.NewUser(t), a.NewUser(t)
		mine, theirs := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "mobile", twin)
		end(u, mine)
		a.Want(t, ended, harness.Case("T05 "+name), mine.Body())
		a.Want(t, renewed, harness.Case("T05 twin, another user"), theirs.Body())
	}
}

// otherTokens are tokens in the place of others.
func otherTokens(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	mine := a.LogInRenewing(t, "mobile", u)
	a.Want(t, ended, harness.Case("T07 an access token as refresh token"),
		harness.Form("refresh_token", mine.Access))
	a.Want(t, "GET /users/me 401", harness.Case("T07 a refresh token as access token"),
		harness.Bearer(mine.Refresh))
	for _, backend := range harness.Backends {
		token := a.Token(t, backend, u)
		a.Want(t, ended, harness.Case("T07 the token of "+backend),
			harness.Form("refresh_token", token))
	}
	a.Want(t, "POST /auth/tablet/refresh 401", harness.Case("T08 at another backend"), mine.Body())
	a.Want(t, "POST /auth/tablet/revoke 200", harness.Case("T08 ended at another backend"), mine.Body())
	a.Want(t, "POST /auth/spa/refresh 401", harness.Case("T08 at a backend of cookies"), mine.Cookie())
	a.Want(t, renewed, harness.Case("T07 T08 twin"), mine.Body())
}

// oldTokens are the first of a family, after weeks.
func oldTokens(t *testing.T, a *harness.App) {
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
		a.Want(t, ended, harness.Case("T10 the first of several"), old.Body())
		a.Want(t, ended, harness.Case("T10 the present one"), present.Body())
	}
}

// guessedTokens are made up, or from a list.
func guessedTokens(t *testing.T, a *harness.App) {
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
		a.Want(t, ended, harness.Case("T11 "+what), harness.Form("refresh_token", token))
		if a.StoredState(t) != before {
			t.Errorf("T11 %s changes what is stored", what)
		}
	}
	a.Want(t, renewed, harness.Case("T11 twin"), mine.Body())
	a.Want(t, ended, harness.Case("T11 a guess behind the family's secret"),
		harness.Form("refresh_token", mine.Refresh+guess))
	if living, err = a.Stores.Sessions.List(t.Context(), u.ID); err != nil || len(living) != 0 {
		t.Errorf("T11: the session of the guess lives: %v", err)
	}
}

// renewalsInAnOutage fail without any of the calls that one makes of users and
// sessions, and the token works afterwards.
func renewalsInAnOutage(t *testing.T, a *harness.App) {
	mine := a.LogInRenewing(t, "mobile", a.NewUser(t))
	calls := calls.Of(a)
	calls.Take()
	mine = a.Want(t, renewed, mine.Body()).Pair(t)
	made := slices.DeleteFunc(calls.Take(), func(call string) bool {
		return !strings.HasPrefix(call, "users.") && !strings.HasPrefix(call, "sessions.")
	})
	slices.Sort(made)
	if made = slices.Compact(made); !slices.Contains(made, "sessions.Rotate") {
		t.Errorf("T13 a renewal calls %q", made)
	}
	for _, call := range made {
		a.Advance(time.Minute)
		a.Break(call)
		a.Want(t, renewal+"503 SERVICE_UNAVAILABLE", harness.Case("T13 without "+call), mine.Body())
		a.Mend()
		a.Advance(time.Minute)
		mine = a.Want(t, renewed, harness.Case("T13 afterwards"), mine.Body()).Pair(t)
	}
}

// refreshCookies come from another site, twice, and as a body.
func refreshCookies(t *testing.T, a *harness.App) {
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
}

// expiredLogouts are those of logins whose access token has expired.
func expiredLogouts(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	mobile, spa, other := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "spa", u),
		a.LogInRenewing(t, "mobile", u)
	a.Advance(time.Hour)
	a.Want(t, "POST /auth/mobile/logout 401", harness.Case("T16 the access token has expired"),
		mobile.Presented())
	a.Want(t, "POST /auth/mobile/revoke 200", harness.Case("T16 revoke"), harness.Form("token",
		mobile.Refresh))
	a.Want(t, "POST /auth/spa/revoke 200", harness.Case("T16 revoke by cookie"), spa.Cookie())
	a.Want(t, ended, harness.Case("T16 it has ended"), mobile.Body())
	a.Want(t, "POST /auth/spa/refresh 401", harness.Case("T16 it has ended, by cookie"), spa.Cookie())
	a.Want(t, renewed, harness.Case("T16 twin, another login"), other.Body())
}

// passwordBesideRenewals is a new password while other tabs renew.
func passwordBesideRenewals(t *testing.T, a *harness.App) {
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
	a.Want(t, ended, harness.Case("T17 another login"), other.Body())
	a.Want(t, "GET /users/me 401", harness.Case("T17 its access token"), other.Presented())
}

// actorsRenewals are those of somebody who acts as the user.
func actorsRenewals(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	for name, s := range map[string]core.Session{
		"T19 twin, the person themselves":   {UserID: u.ID},
		"T19 somebody who acts as the user": {UserID: u.ID, Actor: "root"},
	} {
		line := renewed
		if s.Actor != "" {
			line = ended
		}
		a.Want(t, line, harness.Case(name), harness.Form("refresh_token", a.IssueRefresh(t,
			"mobile", s)))
	}
}
