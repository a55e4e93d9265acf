package flowtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// ending is a change after which a value must be refused.
type ending struct {
	change Change
	what   string
	// loggedIn: the user can log in after it.
	loggedIn bool
	do       func(a *app, u core.AnyUser) error
}

// endings returns the cases about what a value dies with. A flow without one
// dies with its caller's login, but for a new address.
func endings(h Harness) (cases []Case) {
	value := h.Ask != nil || h.Grant != nil
	caller := h.Use != nil && h.Use("").Caller
	for _, e := range []ending{
		{Epoch, "a new password, or anything else that ends all sessions", true, func(a *app, u core.AnyUser) error {
			return a.real.Sessions.RevokeAll(a.t.Context(), u.Base().ID, nil)
		}},
		{Address, "a change of the address", true, func(a *app, u core.AnyUser) error {
			return a.change(u, func(u *core.User) { u.Email, u.EmailKey = "moved."+u.Email, "moved."+u.EmailKey })
		}},
		{Deactivation, "a deactivation", false, func(a *app, u core.AnyUser) error {
			return a.change(u, func(u *core.User) { u.IsActive = false })
		}},
		{Suspension, "a suspension", false, func(a *app, u core.AnyUser) error {
			return a.change(u, func(u *core.User) { u.SuspendedUntil = time.Now().Add(time.Hour) })
		}},
		{"deletion", "a deletion", false, func(a *app, u core.AnyUser) error {
			return a.real.Users.Delete(a.t.Context(), u.Base().ID)
		}},
	} {
		if !value && (!caller || e.change == Address) {
			continue
		}
		rule := "a value that was given before " + e.what + " is refused after it, without effect"
		cases = append(cases, Case{string(e.change), rule, func(a *app) error { return a.ends(e, value) }})
	}
	return cases
}

// ends checks that a value dies with a change, and that another user's stays.
func (a *app) ends(e ending, value bool) error {
	u, mine, err := a.granted()
	if err != nil {
		return err
	}
	other, theirs, err := a.granted()
	if err != nil {
		return err
	}
	s, err := a.by(u, a.Use(mine))
	if err != nil {
		return err
	}
	if err := e.do(a, u); err != nil {
		return fmt.Errorf("%s of a user: %w", e.change, err)
	}
	if e.loggedIn && value { // so that it is not the login that has ended
		if s, err = a.by(u, a.Use(mine)); err != nil {
			return err
		}
	}
	if err := a.wantRefused("a value of before "+e.what, u, s); err != nil {
		return err
	}
	return a.wantUsed("the value of another user, whom that does not concern,", other, theirs)
}

// change changes a user's row, and nothing else.
func (a *app) change(u core.AnyUser, edit func(*core.User)) error {
	_, err := a.real.Users.Update(a.t.Context(), u.Base().ID, func(u core.AnyUser) error {
		edit(u.Base())
		return nil
	})
	return err
}

// callerCase is about a Use that is of a login.
func callerCase() Case {
	return Case{"caller", "without a login the request is 401 or 403, and has no effect", func(a *app) error {
		u, value, err := a.granted()
		if err != nil {
			return err
		}
		resp, err := a.send(sent{Request: a.Use(value)})
		if err != nil {
			return err
		}
		if resp.Status != http.StatusUnauthorized && resp.Status != http.StatusForbidden {
			return fmt.Errorf("the answer to nobody is %s", brief(resp))
		}
		return a.wantUsed("the same of the user", u, value)
	}}
}

// bodyCases returns the case about what no client sends.
func bodyCases() []Case {
	return []Case{{"bad bodies", "a body that is none, or has other types, is never the server's fault: no answer is 500 to 599",
		func(a *app) error {
			u, err := a.user()
			if err != nil {
				return err
			}
			caller, err := a.login(u)
			if err != nil {
				caller = nil
			}
			for _, e := range a.group {
				if core.IsSafeMethod(e.Method) {
					continue
				}
				for _, body := range badBodies {
					s := sent{Request: Request{Route: e.Method + " " + filled(e.Pattern, "x")}, raw: []byte(body)}
					if !e.Public {
						s.header = caller
					}
					resp, err := a.send(s)
					if err != nil {
						return err
					}
					if resp.Status >= http.StatusInternalServerError {
						return fmt.Errorf("%s %s with the body %.40q is answered with %s", e.Method, e.Pattern, body, brief(resp))
					}
				}
			}
			return nil
		}}}
}

var badBodies = []string{
	"", "{", "[]", "null", `"x"`, "{}", `{"": ""}`, "{\"email\": \"\xff\"}", `{"token": 1, "email": 1, "code": 1, "password": 1}`,
	`{"token": null, "email": null}`, `{"token": ["x"], "email": {}}`, `{"token": "\u0000", "email": "\u0000"}`,
	`{"token": "` + strings.Repeat("A", 100<<10) + `"}`, strings.Repeat("[", 10_000),
}
