package factors_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/factortest"
)

// id returns that of a client's first factor of a kind.
func id(c *factortest.Client, kind string) string {
	for _, f := range c.Factors() {
		if f["kind"] == kind {
			return f["id"].(string)
		}
	}
	return "none"
}

func TestList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		c := a.Client("web")
		c.Send("GET", "/auth/factors", "", 401, "")
		c.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 204, "")
		if all := c.Factors(); len(all) != 0 {
			t.Errorf("without a factor: %v", all)
		}
		c.Enrol(factortest.Ada)
		factortest.Step()
		c.Ask("/recovery-codes", "", 200, "")
		all := c.Factors()
		if len(all) != 2 ||
			all[0]["kind"] != "totp" || all[0]["label"] != "the blue phone" || all[0]["last_used_at"] == nil ||
			all[1]["kind"] != "recovery" || all[1]["left"] != 10.0 || all[1]["last_used_at"] != nil {
			t.Errorf("the list is %v", all)
		}
		if got, err := a.Manager().Factors(t.Context(), a.Ada.ID); err != nil || len(got) != 2 {
			t.Errorf("the manager's is %v, %v", got, err)
		}
	})
}

func TestRename(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		c := a.Client("web")
		c.Enrol(factortest.Ada)
		path := "/auth/factors/" + id(c, "totp")
		c.Send("PATCH", path, `{"label": "`+strings.Repeat("é", 100)+`"}`, 200, "")
		c.Send("PATCH", path, `{"label": "`+strings.Repeat("é", 100)+`x"}`, 422, "at most 200 bytes")
		c.Send("PATCH", path, `{"label": 1}`, 422, "string_type")
		c.Send("PATCH", path, `{}`, 422, "missing")
		c.Send("PATCH", path, `{"label": ""}`, 200, `"label":""`)
		c.Send("PATCH", "/auth/factors/x", `{"label": "x"}`, 404, "")
	})
}

// M20: another user's factor is not found, and the last one goes with what
// stands in for it.
func TestRemove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		a.User("eve@example.org")
		c, eve := a.Client("web"), a.Client("web")
		c.Enrol(factortest.Ada)
		eve.Enrol("eve@example.org")
		c.Ask("/recovery-codes", "", 200, "")
		mine := id(c, "totp")
		eve.Send("DELETE", "/auth/factors/"+mine, "", 404, "")
		eve.Send("PATCH", "/auth/factors/"+mine, `{"label": "x"}`, 404, "")
		c.Send("DELETE", "/auth/factors/"+id(c, "recovery"), "", 204, "")
		c.Ask("/recovery-codes", "", 200, "")
		c.Send("DELETE", "/auth/factors/"+mine, "", 204, "")
		c.Send("DELETE", "/auth/factors/"+mine, "", 404, "")
		if all := c.Factors(); len(all) != 0 {
			t.Errorf("left are %v", all)
		}
		a.Client("web").Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 204, "")
		if len(eve.Factors()) != 1 {
			t.Error("another user's is gone too")
		}
	})
}

// The last factor of a user who must have one stays; an administrator may
// remove it, and the next login gets a new one.
func TestAttackM20ARequiredFactor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		c := a.Client("web")
		secret := c.Enrol(factortest.Ada)
		c.Ask("/recovery-codes", "", 200, "")
		a.Restart(func(o *latchkey.Options[factortest.Member]) {
			o.RequireFactor = func(context.Context, *factortest.Member) (bool, error) { return true, nil }
		})
		factortest.Step()
		c = a.Client("web")
		c.Second(c.First(factortest.Ada), authtest.TOTP(t, secret))
		c.Send("DELETE", "/auth/factors/"+id(c, "totp"), "", 409, core.CodeFactorRequired)
		c.Send("DELETE", "/auth/factors/"+id(c, "recovery"), "", 204, "")

		if n, err := a.Manager().RemoveFactors(t.Context(), a.Ada.ID); n != 1 || err != nil {
			t.Errorf("RemoveFactors = %d, %v", n, err)
		}
		if err := a.Manager().RemoveFactor(t.Context(), a.Ada.ID, "x"); err != core.ErrNotFound {
			t.Errorf("RemoveFactor of none = %v", err)
		}
		if _, err := a.Manager().RemoveFactors(t.Context(), "x"); err != core.ErrNotFound {
			t.Errorf("RemoveFactors of nobody = %v", err)
		}
		a.Client("web").Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 403,
			core.CodeLoginEnrolment)
	})
}

// Groups have the factors' routes, at the prefixes of API.
func TestGroups(t *testing.T) {
	t.Parallel()
	a := factortest.New(t, nil)
	var names []string
	for _, e := range append(a.Factors("web"), a.Account()...) {
		names = append(names, e.Name)
	}
	for _, want := range []string{
		"auth:web.pending", "auth:web.prove", "totp:web.login", "recovery:web.create", "factors:delete",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %q", want, names)
		}
	}
}

// A factor that is optional is one that every login needs once its owner says
// so.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store core.CredentialStore
		a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
			o.Flows = append(o.Flows, badge{kind: "badge", optional: true})
			full := authtest.Options(t, *o)
			store, o.Credentials = full.Credentials, full.Credentials
		})
		const route = "/auth/second-factor"
		c, other := a.Client("web"), a.Client("web")
		in := `{"email": "` + factortest.Ada + `", "password": "` + factortest.Password + `"}`
		c.Send("GET", route, "", 401, "")
		c.Ask("/login", in, 204, "")
		other.Ask("/login", in, 204, "")
		c.Send("GET", route, "", 200, `{"required":false}`)
		c.Send("PUT", route, `{"required": true}`, 409, core.CodeNoFactor)
		c.Send("PUT", route, `{}`, 422, "missing")
		c.Send("PUT", route, `{"required": "perhaps"}`, 422, "bool_parsing")
		mine := &core.Credential{Owner: a.Ada.ID, Kind: "badge", Key: "a", Created: time.Now()}
		if err := store.Create(t.Context(), mine, 0); err != nil {
			t.Fatal(err)
		}
		c.Send("PUT", route, `{"required": true}`, 204, "")
		c.Send("GET", route, "", 200, `{"required":true}`)
		c.Me(200)
		other.Me(401) // M10
		other.Ask("/login", in, 403, `"factors":["badge"]`)
		c.Send("PUT", route, `{"required": false}`, 403, core.CodeProofRequired) // the password alone
		vouched := authtest.As(t, a.Auth, "web", a.Ada)
		if w := vouched.Do(a, "PUT", route, `{"required": true}`); w.Code != 204 {
			t.Errorf("switching it on again: %d %s", w.Code, w.Body)
		}
		c.Me(200)
		if w := vouched.Do(a, "PUT", route, `{"required": false}`); w.Code != 204 {
			t.Errorf("switching it off: %d %s", w.Code, w.Body)
		}
		other.Ask("/login", in, 204, "")

		// It goes with the last credential that it is about.
		other.Send("PUT", route, `{"required": true}`, 204, "")
		vouched = authtest.As(t, a.Auth, "web", a.Ada)
		if w := vouched.Do(a, "DELETE", "/auth/factors/"+mine.ID, ""); w.Code != 204 {
			t.Errorf("removing the badge: %d %s", w.Code, w.Body)
		}
		a.Client("web").Ask("/login", in, 204, "")
		if c, err := store.Find(t.Context(), core.KindSecond, a.Ada.ID); err != core.ErrNotFound {
			t.Errorf("the switch is left: %v, %v", c, err)
		}
	})
}

// A switch that is undone leaves nothing that asks.
func TestASwitchThatIsUndone(t *testing.T) {
	t.Parallel()
	for name, next := range map[string][]error{
		"it is not undone": nil, "it fails": {errors.New("the commit has failed")}, "it is run again": {factortest.ErrAgain},
	} {
		t.Run(name, func(t *testing.T) {
			var store core.CredentialStore
			a := factortest.Separate(t, func(o *latchkey.Options[factortest.Member]) {
				o.Flows = append(o.Flows, badge{kind: "badge", optional: true})
				full := authtest.Options(t, *o)
				store, o.Credentials = full.Credentials, full.Credentials
			})
			mine := &core.Credential{Owner: a.Ada.ID, Kind: "badge", Key: "a", Created: time.Now()}
			if err := store.Create(t.Context(), mine, 0); err != nil {
				t.Fatal(err)
			}
			c := authtest.As(t, a.Auth, "web", a.Ada)
			a.Ledger.Next = next
			status, on := 204, true
			switch {
			case errors.Is(errors.Join(next...), factortest.ErrAgain): // what was stored asks the login for more
				status, on = 403, false
			case next != nil:
				status, on = 503, false
			}
			if w := c.Do(a, "PUT", "/auth/second-factor", `{"required": true}`); w.Code != status {
				t.Errorf("%d %s, want %d", w.Code, w.Body, status)
			}
			if _, err := store.Find(t.Context(), core.KindSecond, a.Ada.ID); (err == nil) != on {
				t.Errorf("the switch: %v, want it %t", err, on)
			}
		})
	}
}

// A factor that is switched on for an address that is not the user's would lock
// its owner out.
func TestAttackM37SecondFactorOfAnUnverifiedAddress(t *testing.T) {
	t.Parallel()
	a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
		o.Flows = append(o.Flows, badge{kind: "badge", optional: true})
	})
	u := &factortest.Member{User: latchkey.User{Email: "bob@example.org", IsActive: true}}
	if err := a.Manager().Create(t.Context(), u, factortest.Password); err != nil {
		t.Fatal(err)
	}
	c := a.Client("web")
	c.Ask("/login", `{"email": "bob@example.org", "password": "`+factortest.Password+`"}`, 204, "")
	c.Send("PUT", "/auth/second-factor", `{"required": true}`, 403, core.CodeFactorUnverified)
}
