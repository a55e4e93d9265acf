package latchkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/internal/testclock"
)

func TestOAuthAssociation(t *testing.T) {
	a := newOAuthApp(t, nil)
	a.register("ada@example.org")
	ada, bob := a.browser(), a.browser()
	ada.get(link+"/authorize").expect(t, 401, "Unauthorized")
	ada.get(link+"/callback?error=access_denied").expect(t, 401, "Unauthorized") // the caller's credentials come first
	ada.token = a.login("ada@example.org", password).member("token")
	ada.through(link, identity("id-1", "other-address@example.org")).expect(t, 200, `"email":"ada@example.org"`)
	ada.through(link, identity("id-1", "other-address@example.org")).expect(t, 200, `"email":"ada@example.org"`)
	ada.get("/auth/accounts").expect(t, 200, `"account_email":"other-address@example.org"`)

	a.register("bob@example.org")
	bob.token = a.login("bob@example.org", password).member("token")
	bob.through(link, identity("id-1", "bob@example.org")).expect(t, 400, core.CodeOAuthAlreadyLinked)

	token := a.browser().through(web, identity("id-1", "x@example.org")).expect(t, 200, "token").member("token")
	a.want("GET", "/users/me", token, "", 200, "ada@example.org")

	// O35: what ada began, bob cannot end, in her browser neither; and a
	// login is no association.
	state, _ := ada.begin(link, "")
	ada.token = bob.token
	ada.finish(link, state, identity("id-2", "ada@example.org")).expect(t, 400, core.CodeOAuthInvalidState)
	state, _ = ada.begin(web, "")
	ada.finish(link, state, identity("id-2", "ada@example.org")).expect(t, 400, core.CodeOAuthInvalidState)
}

func TestO37UnlinkingTheLastLoginMethod(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	b.token = b.through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token").member("token")
	b.send("DELETE", link, "", "").expect(t, 409, core.CodeOAuthLastLoginMethod)
	b.send("DELETE", "/auth/associate/other", "", "").expect(t, 404, "Not Found")
	b.through("/auth/associate/other", identity("id-9", "ada@example.org")).expect(t, 200, "ada")
	b.send("DELETE", link, "", "").expect(t, 204, "")
	b.send("DELETE", link, "", "").expect(t, 404, "Not Found")
	b.send("DELETE", "/auth/associate/other", "", "").expect(t, 409, core.CodeOAuthLastLoginMethod)
	b.send("PATCH", "/users/me", "application/json", `{"password": "`+password+`"}`).expect(t, 200, "ada")
	b.token = a.login("ada@example.org", password).member("token")
	b.send("DELETE", "/auth/associate/other", "", "").expect(t, 204, "")
}

// A login that was made by an account ends when the account is unlinked (OWASP
// ASVS 5.0, 7.4.3); the one that unlinks it goes on.
func TestUnlinkingEndsOtherLogins(t *testing.T) {
	a := newOAuthApp(t, nil)
	a.register("ada@example.org")
	ada, other := a.browser(), a.browser()
	ada.token = a.login("ada@example.org", password).member("token")
	ada.through(link, identity("id-1", "ada@example.org")).expect(t, 200, "ada")
	other.token = other.through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token").member("token")
	ada.send("DELETE", "/auth/associate/other", "", "").expect(t, 404, "Not Found")
	other.get("/users/me").expect(t, 200, "ada")
	ada.send("DELETE", link, "", "").expect(t, 204, "")
	other.get("/users/me").expect(t, 401, "Unauthorized")
	ada.get("/users/me").expect(t, 200, "ada")
}

// An account that is the user's already is renewed, and nobody hears of a new
// link.
func TestLinkingTwiceIsHeardOnce(t *testing.T) {
	o := &observer{}
	a := newOAuthAppAt(t, nil, nil, func(opts *latchkey.Options[Member]) { opts.Flows = append(opts.Flows, o) })
	a.register("ada@example.org")
	ada := a.browser()
	ada.token = a.login("ada@example.org", password).member("token")
	for _, address := range []string{"one@example.org", "two@example.org"} {
		ada.through(link, identity("id-1", address)).expect(t, 200, "ada")
		ada.get("/auth/accounts").expect(t, 200, address)
	}
	heard := 0
	for _, what := range o.order {
		if what == "on "+string(core.EventLinked) {
			heard++
		}
	}
	if heard != 1 {
		t.Errorf("heard of %d links: %q", heard, o.order)
	}
}

// M31: a link is a way in, so that one is added and removed by who has just
// proved who they are.
func TestAttackM31LinksOfAStaleLogin(t *testing.T) {
	clock := testclock.New(time.Now())
	a := newOAuthAppAt(t, clock.Now, nil)
	a.register("ada@example.org")
	ada := a.browser()
	ada.token = a.login("ada@example.org", password).member("token")
	begun, _ := ada.begin("/auth/associate/other", "")
	ada.through(link, identity("id-1", "ada@example.org")).expect(t, 200, "ada")
	clock.Advance(9 * time.Minute)
	ada.send("DELETE", link, "", "").expect(t, 204, "")
	ada.through(link, identity("id-1", "ada@example.org")).expect(t, 200, "ada")
	clock.Advance(time.Minute + 5*time.Second)
	ada.get(link+"/authorize").expect(t, 403, core.CodeProofRequired)
	ada.get(link+"/authorize?redirect_to=https://spa.example.org/").expect(t, 303, "")
	ada.send("DELETE", link, "", "").expect(t, 403, core.CodeProofRequired)
	ada.get("/auth/accounts").expect(t, 200, "acme")
	// What began in time may end a little later, but not with its state.
	ada.finish("/auth/associate/other", begun, identity("id-9", "x@example.org")).
		expect(t, 400, core.CodeOAuthStateExpired)
	ada.token = a.login("ada@example.org", password).member("token")
	ada.send("DELETE", link, "", "").expect(t, 204, "")
}

// O44: who has no password logs in with none.
func TestO44OAuthUsersHaveNoPassword(t *testing.T) {
	a := newOAuthApp(t, nil)
	a.browser().through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token")
	for _, body := range []string{`{"email": "ada@example.org", "password": ""}`,
		`{"email": "ada@example.org", "password": "null"}`} {
		a.want("POST", "/auth/web/login", "", body, 400, core.CodeLoginBadCredentials)
	}
	a.want("POST", "/auth/web/login", "", `{"email": "ada@example.org", "password": null}`, 422, "password")
}

// O20, O22 and O23: what an e-mail address links.
func TestOAuthAssociateByEmail(t *testing.T) {
	byEmail := func(p *oauth.Provider) { p.AssociateByEmail, p.VerifiedByDefault = true, true }
	t.Run("O20 not without the option", func(t *testing.T) {
		a := newOAuthApp(t, nil)
		a.register("ada@example.org")
		a.browser().through(web, identity("id-1", "ada@example.org", true)).expect(t, 400, core.CodeOAuthUserExists)
	})
	t.Run("O22 not where the provider does not vouch", func(t *testing.T) {
		a := newOAuthApp(t, byEmail)
		id := a.register("ada@example.org").member("id")
		a.edit(id, func(m *Member) { m.IsVerified = true })
		a.browser().through(web, identity("id-1", "ada@example.org")).expect(t, 400, core.CodeOAuthUserExists)
		a.browser().through(web, identity("id-1", "ada@example.org", false)).expect(t, 400, core.CodeOAuthUserExists)
		a.browser().through(web, identity("id-1", "ada@example.org", true)).expect(t, 200, "token")
		if got := a.login("ada@example.org", password); got.status != 200 {
			t.Errorf("a verified owner's password must stay: %d %s", got.status, got.body)
		}
	})
	t.Run("O23 a proven owner takes an unverified account over", func(t *testing.T) {
		a := newOAuthApp(t, byEmail)
		a.register("victim@example.org") // by an attacker, in advance
		attacker := a.browser()
		attacker.token = a.login("victim@example.org", password).member("token")
		attacker.through("/auth/associate/other", identity("attacker", "a@example.org")).expect(t, 200, "victim")

		victim := a.browser().through(web, identity("id-1", "victim@example.org", true)).expect(t, 200,
			"token").member("token")
		a.want("GET", "/users/me", victim, "", 200, `"is_verified":true`)
		attacker.get("/users/me").expect(t, 401, "Unauthorized")
		if got := a.login("victim@example.org", password); got.status != 400 {
			t.Errorf("the attacker's password still works: %d %s", got.status, got.body)
		}
		attacker.token = ""
		attacker.through("/auth/web/other", identity("attacker", "victim@example.org")).expect(t, 400,
			core.CodeOAuthUserExists)
	})
	t.Run("new users are verified where the provider vouches", func(t *testing.T) {
		a := newOAuthApp(t, byEmail)
		for i, c := range []struct {
			id   core.OAuthIdentity
			want string
		}{
			{identity("id-1", "one@example.org", true), `"is_verified":true`},
			{identity("id-2", "two@example.org", false), `"is_verified":false`},
			{identity("id-3", "three@example.org"), `"is_verified":false`},
		} {
			token := a.browser().through(web, c.id).expect(t, 200, "token").member("token")
			if me := a.want("GET", "/users/me", token, "", 200, c.want); me.status != 200 {
				t.Errorf("case %d", i)
			}
		}
	})
}

// A link whose user is gone serves a new user, with a new ID: that of a
// deleted user is never used again (O54).
func TestOAuthALinkThatLostItsUser(t *testing.T) {
	a := newOAuthApp(t, nil)
	lost := &core.OAuthAccount{Provider: "acme", Subject: "id-1", UserID: a.users.NewID()}
	check(t, a.accounts.Create(t.Context(), lost), nil)
	token := a.browser().through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token").member("token")
	id := a.want("GET", "/users/me", token, "", 200, "ada").member("id")
	if id == lost.UserID {
		t.Errorf("the user got the ID of the lost link, %s", id)
	}
	check(t, a.Manager().Delete(t.Context(), id), nil)
	again := a.browser().through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token").member("token")
	a.want("GET", "/users/me", again, "", 200, "ada@example.org")
}

// refreshing is acme with tokens that end at once.
type refreshing struct {
	*acme
	refreshes int
	fail      error
}

func (p *refreshing) Finish(ctx context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	id, tokens, err := p.acme.Finish(ctx, f)
	tokens.Expires = time.Now().Add(-time.Minute)
	return id, tokens, err
}

func (p *refreshing) Refresh(_ context.Context, refresh string) (core.OAuthTokens, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return core.OAuthTokens{}, p.fail
	}
	if want := "refresh-canary"; p.refreshes > 0 || refresh != want {
		return core.OAuthTokens{}, errors.New("the refresh token was used before")
	}
	p.refreshes++
	return core.OAuthTokens{Access: "renewed-canary", Refresh: "rotated-canary", Expires: time.Now().Add(time.Hour)}, nil
}

func TestOAuthTokensAreSealedAndRenewedOnce(t *testing.T) {
	var p *refreshing
	a := newOAuthApp(t, func(o *oauth.Provider) {
		p = &refreshing{acme: o.Provider.(*acme)}
		o.Provider = p
	})
	token := a.browser().through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token").member("token")
	id := a.want("GET", "/users/me", token, "", 200, "ada").member("id")
	if got := a.want("GET", "/auth/accounts", token, "", 200, "acme"); strings.Contains(got.body, "canary") {
		t.Errorf("GET /accounts shows tokens: %s", got.body)
	}
	p.fail = errors.New("the provider is down")
	if _, err := a.social.Token(t.Context(), id, "acme"); !errors.Is(err, p.fail) {
		t.Errorf("got %v while the provider is down", err)
	}
	p.fail = nil
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if got, err := a.social.Token(t.Context(), id, "acme"); got != "renewed-canary" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	wg.Wait()
	links, err := a.accounts.List(t.Context(), id)
	check(t, err, nil)
	if dump, _ := json.Marshal(links); len(links) != 1 || strings.Contains(string(dump), "canary") {
		t.Errorf("tokens stand in clear at rest: %s", dump)
	}
	_, err = a.social.Token(t.Context(), id, "other")
	check(t, err, core.ErrNotFound)
}

func TestOAuthCallbackOutsideHTTP(t *testing.T) {
	a := newOAuthApp(t, func(p *oauth.Provider) { p.AssociateByEmail = true })
	ctx, m := t.Context(), a.Manager()
	ada, err := m.OAuthCallback(ctx, "acme", identity("id-1", "ada@example.org"),
		core.OAuthTokens{Access: "access-canary"})
	check(t, err, nil)
	if ada.Email != "ada@example.org" || ada.Nick != "Name of id-1" {
		t.Errorf("the new user is %+v", ada)
	}
	again, err := m.OAuthCallback(ctx, "acme", identity("id-1", "moved@example.org"), core.OAuthTokens{})
	check(t, err, nil)
	token := a.browser().through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token").member("token")
	if me := a.want("GET", "/users/me", token, "", 200, "ada@example.org"); again.ID != ada.ID ||
		me.member("id") != ada.ID {
		t.Errorf("one account has several users: %s, %s, %s", ada.ID, again.ID, me.body)
	}
	for _, c := range []struct {
		who  core.OAuthIdentity
		want error
	}{
		{identity("id-2", "ada@example.org"), core.Refuse(core.CodeOAuthUserExists)},
		{identity("id-2", ""), core.Refuse(core.CodeOAuthNoEmail)},
		{identity("", "new@example.org"), &core.Error{Code: core.CodeOAuthProviderError, Status: 502}},
		{identity(strings.Repeat("s", 256), "new@example.org"), &core.Error{Code: core.CodeOAuthProviderError, Status: 502}},
	} {
		if u, err := m.OAuthCallback(ctx, "acme", c.who, core.OAuthTokens{}); u != nil || !errors.Is(err, c.want) {
			t.Errorf("%.20q %s: got %v, %v", c.who.Subject, c.who.Email, u, err)
		}
	}
	if _, err := m.OAuthCallback(ctx, "nobody", identity("id-1", "ada@example.org"), core.OAuthTokens{}); err == nil ||
		!strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("an unknown provider: %v", err)
	}
}

// What a take-over removes is one event, after the one of the link.
func TestATakeOverByAProviderIsHeardOf(t *testing.T) {
	heard := &observer{}
	byEmail := func(p *oauth.Provider) { p.AssociateByEmail = true }
	a := newOAuthAppAt(t, nil, byEmail, func(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, heard) })
	for name, want := range map[string]int{"planted": 1, "empty": 0} {
		address := name + "@example.org"
		a.register(address)
		thief := a.browser()
		thief.token = a.login(address, password).member("token")
		if want > 0 {
			thief.through("/auth/associate/other", identity("thief of "+name, "thief@example.net")).expect(t, 200, address)
		}
		before := heard.count(core.EventFactorRemoved)
		a.browser().through(web, identity("owner of "+name, address, true)).expect(t, 200, "token")
		if got := heard.count(core.EventFactorRemoved) - before; got != want {
			t.Errorf("%s: %d events of a removal, want %d", name, got, want)
		}
	}
	if e := heard.last(t, core.EventFactorRemoved); e.Target != "" || e.User.Base().Email != "planted@example.org" {
		t.Errorf("the event is of %s, target %q", e.User.Base().Email, e.Target)
	}
}

// count returns how many events of a kind were heard of.
func (o *observer) count(kind core.EventKind) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.heard {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
