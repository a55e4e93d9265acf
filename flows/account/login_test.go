package account_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

const (
	ada      = "ada@example.org"
	password = "a password of ada's"
)

var limits = account.Login{
	Guesses:  account.Guesses{Strangers: []core.Limit{{Events: 3, Window: time.Minute}}},
	Attempts: core.Limit{Events: 10, Window: time.Minute},
}

func form(username, password string) servicetest.Call {
	return servicetest.Call{Route: "POST /login", Form: url.Values{"username": {username}, "password": {password}}}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	bad := core.CodeLoginBadCredentials
	for name, c := range map[string]struct {
		call   servicetest.Call
		status int
		part   string
	}{
		"right":                        {form(ada, password), 204, ""},
		"another spelling":             {form("ADA@Example.ORG", password), 204, ""},
		"as JSON":                      {servicetest.Call{Route: "POST /login", JSON: `{"username": "` + ada + `", "password": "` + password + `"}`}, 204, ""},
		"as JSON, by email":            {servicetest.Call{Route: "POST /login", JSON: `{"email": "` + ada + `", "password": "` + password + `"}`}, 204, ""},
		"wrong password":               {form(ada, password+"x"), 400, bad},
		"another letter case":          {form(ada, "A password of ada's"), 400, bad},
		"unknown":                      {form("nobody@example.org", password), 400, bad},
		"no address":                   {form("ada", password), 400, bad},
		"inactive":                     {form("bob@example.org", password), 400, bad},
		"without a password of theirs": {form("carol@example.org", "guess"), 400, bad},
		"no password":                  {servicetest.Call{Route: "POST /login", JSON: `{"username": "` + ada + `"}`}, 422, "password"},
		"no username":                  {servicetest.Call{Route: "POST /login", JSON: `{"password": "x"}`}, 422, "username"},
		"another grant":                {servicetest.Call{Route: "POST /login", JSON: `{"username": "a", "password": "x", "grant_type": "implicit"}`}, 422, "grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			s.Add(ada, password)
			bob, carol := s.Add("bob@example.org", password), s.Add("carol@example.org", "")
			s.Set(bob.ID, func(a *servicetest.Account) { a.IsActive = false })
			s.Set(carol.ID, func(a *servicetest.Account) { a.HashedPassword = "" })
			s.Want(t.Context(), limits, c.call, c.status, c.part)
			attempts := s.Attempts()
			if c.status != 204 {
				if len(attempts) != 0 {
					t.Errorf("the gate has admitted %v", attempts)
				}
				return
			}
			if len(attempts) != 1 || attempts[0].User.Base().Email != ada || attempts[0].Proof.Method != "password" ||
				!attempts[0].Proof.At.Equal(servicetest.Start) || attempts[0].Backend != "web" {
				t.Errorf("the gate was given %+v", attempts)
			}
		})
	}
}

func TestAFailedLoginIsAnEvent(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, password)
	s.Want(t.Context(), limits, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
	if e := s.Last(); e.Kind != core.EventLoginFailed || e.Code != core.CodeLoginBadCredentials || e.Backend != "web" ||
		e.User == nil || e.User.Base().ID != u.ID {
		t.Errorf("the event is %+v", e)
	}
	s.Want(t.Context(), limits, form("nobody@example.org", "guess"), 400, core.CodeLoginBadCredentials)
	if e := s.Last(); e.User != nil {
		t.Errorf("the event of an unknown identifier is of %v", e.User)
	}
}

func TestLoginLimits(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, password)
	s.Add("bob@example.org", password)
	for range 3 {
		s.Want(t.Context(), limits, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
	}
	s.Want(t.Context(), limits, form("ADA@example.org", password), 429, core.CodeRateLimited)
	s.Want(t.Context(), limits, form("bob@example.org", password), 204, "")
	for range 3 { // unknown ones count alike
		s.Want(t.Context(), limits, form("nobody@example.org", "guess"), 400, core.CodeLoginBadCredentials)
	}
	s.Want(t.Context(), limits, form("nobody@example.org", "guess"), 429, core.CodeRateLimited)
	s.Want(t.Context(), limits, form("bob@example.org", password), 204, "")
	s.Want(t.Context(), limits, form("bob@example.org", password), 429, core.CodeRateLimited) // the network's eleventh
	elsewhere := form("bob@example.org", password)
	elsewhere.From = "2001:db8::1"
	s.Want(t.Context(), limits, elsewhere, 204, "")
	s.Advance(time.Minute)
	s.Want(t.Context(), limits, form(ada, password), 204, "")
}

func TestALoginResetsFailures(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, password)
	flow := account.Login{Guesses: limits.Guesses}
	for range 3 {
		s.Want(t.Context(), flow, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
		s.Want(t.Context(), flow, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
		s.Want(t.Context(), flow, form(ada, password), 204, "")
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, password)
	resp := s.Want(t.Context(), limits, servicetest.Call{Route: "POST /logout", As: u}, 204, "")
	if got := resp.Header.Get("Clear"); got != "web own" {
		t.Errorf("logged out of %q, want the session presented and the route's backend", got)
	}
	if e := s.Last(); e.Kind != core.EventLoggedOut || e.Session.ID != "own" || e.User.Base().ID != u.ID {
		t.Errorf("the event is %+v", e)
	}
}
