package contract_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
)

// otherByJWT is the group of the provider that vouches for nothing.
const otherByJWT = "/auth/jwt/other"

// evil is the attacker's own address.
func evil(subject string) string { return strings.ReplaceAll(subject, " ", ".") + "@evil.example" }

// planted registers a victim's address and links the attacker's account at the
// provider other to it. It returns the account and the attacker's login.
func (a *app) planted(t *testing.T, subject string, change ...func(*Account)) (*Account, option) {
	t.Helper()
	u := a.user(t, change...)
	mine := a.login(t, "session", u)
	a.through(t, "/auth/associate/other", someone(subject, evil(subject)), mine).expect(t, 200, "")
	return u, mine
}

// wantNoWay checks that the attacker's account opens a new account, and that
// nothing else is left to open the victim's with.
func (a *app) wantNoWay(t *testing.T, u *Account, subject string, mine option) {
	t.Helper()
	a.want(t, "GET /users/me 401", mine)
	if links := a.links(t, u.ID); len(links) > 0 {
		t.Errorf("O53 links are left: %+v", links)
	}
	token, _ := a.through(t, otherByJWT, someone(subject, evil(subject))).expect(t, 200, "").member(t,
		"access_token").(string)
	if got := a.want(t, "GET /users/me 200", asBearer(token)).member(t, "id"); got == u.ID {
		t.Error("O53 the planted link opens the victim's account")
	}
}

func TestAttackO53PlantedLinks(t *testing.T) {
	onEveryStore(t, withOAuth(t, byEmail), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		prove := map[string]func(t *testing.T, u *Account){
			"a reset": func(t *testing.T, u *Account) { a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u))) },
			"a verification": func(t *testing.T, u *Account) {
				a.want(t, verifyRoute+"200", proof(a.asked(t, "verify", u)))
			},
			"a login at a provider that vouches": func(t *testing.T, u *Account) { a.accepted(t, someone("owner of "+u.ID, u.Email, true)) },
		}
		for name, by := range prove {
			t.Run("O53 a link that was planted before "+name, func(t *testing.T) {
				u, mine := a.planted(t, "planted "+name)
				by(t, u)
				if name == "a login at a provider that vouches" {
					a.want(t, "GET /users/me 401", mine)
					if links := a.links(t, u.ID); len(links) != 1 || links[0].Provider != "acme" {
						t.Errorf("O53 the links are %+v", links)
					}
				} else {
					a.wantNoWay(t, u, "planted "+name, mine)
				}
				if !a.find(t, u.ID).IsVerified {
					t.Error("O53 the address was proved, and is not verified")
				}
			})
			t.Run("O53 an account that was planted by a provider that vouches for nothing, before "+name, func(t *testing.T) {
				subject := "typed " + name
				victim := strings.ReplaceAll(subject, " ", ".") + "@example.org"
				mine := asBearer(a.through(t, otherByJWT, someone(subject, victim)).expect(t, 200, "").member(t,
					"access_token").(string))
				u, err := a.Manager().FindByEmail(t.Context(), victim)
				if err != nil {
					t.Fatal(err)
				}
				by(t, u)
				a.want(t, "GET /users/me 401", mine)
				a.through(t, otherByJWT, someone(subject, victim)).expect(t, 400, core.CodeOAuthUserExists)
			})
		}
		t.Run("O53 a verified account keeps its links (twin)", func(t *testing.T) {
			u, _ := a.planted(t, "kept", verified)
			a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u)))
			token, _ := a.through(t, otherByJWT, someone("kept", evil("kept"))).expect(t, 200, "").member(t,
				"access_token").(string)
			a.want(t, "GET /users/me 200", asBearer(token)).wantUser(t, a.find(t, u.ID))
		})
		t.Run("O53 who is logged in and verifies keeps links and logins (twin)", func(t *testing.T) {
			u, mine := a.planted(t, "own")
			a.want(t, verifyRoute+"200", proof(a.asked(t, "verify", u)), mine)
			a.want(t, "GET /users/me 200", mine)
			token, _ := a.through(t, otherByJWT, someone("own", evil("own"))).expect(t, 200, "").member(t,
				"access_token").(string)
			a.want(t, "GET /users/me 200", asBearer(token)).wantUser(t, a.find(t, u.ID))
		})
		t.Run("O53 who registers, verifies and logs in keeps password and login (twin)", func(t *testing.T) {
			u := a.user(t)
			mine := a.login(t, "session", u)
			a.want(t, verifyRoute+"200", proof(a.asked(t, "verify", u)))
			a.want(t, "GET /users/me 200", mine)
			a.login(t, "jwt", u)
		})
		t.Run("O53 another user's login beside the token", func(t *testing.T) {
			u, mine := a.planted(t, "planted beside")
			a.want(t, verifyRoute+"200", proof(a.asked(t, "verify", u)), a.login(t, "jwt", a.user(t)))
			a.wantNoWay(t, u, "planted beside", mine)
		})
	})
}

// TestAttackO53WhatAPlantedLinkHasBegun: what an attacker has begun by a
// planted link before the owner's proof ends nothing after it.
func TestAttackO53WhatAPlantedLinkHasBegun(t *testing.T) {
	onEveryStore(t, withOAuth(t, byEmail, withSecondFactor), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		prove := map[string]func(t *testing.T, u *Account){
			"a reset":        func(t *testing.T, u *Account) { a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u))) },
			"a verification": func(t *testing.T, u *Account) { a.want(t, verifyRoute+"200", proof(a.asked(t, "verify", u))) },
			"a login":        func(t *testing.T, u *Account) { a.accepted(t, someone("owner of "+u.ID, u.Email, true)) },
		}
		for name, by := range prove {
			t.Run("O53 codes, flows and mails of before "+name, func(t *testing.T) {
				u, mine := a.planted(t, "code "+name)
				who := someone("code "+name, evil("code "+name))
				code := a.back(t, a.authorize(t, otherByJWT, "?redirect_to=/app&code_challenge="+challengeOf(verifier)), who)
				at, err := url.Parse(code.header.Get("Location"))
				if err != nil || at.Query().Get("code") == "" {
					t.Fatalf("O53 got %d %v", code.status, code.header)
				}
				begun := a.authorize(t, "/auth/associate/acme", "", mine)
				link := a.authorize(t, otherByJWT, "")
				reset := a.asked(t, "reset", u)
				verify := a.asked(t, "verify", u)
				by(t, u)
				a.want(t, notExchanged, members(object{"code": at.Query().Get("code"), "code_verifier": verifier}))
				a.back(t, begun, someone("late "+name, evil("late")), mine).expect(t, 401, "")
				token, _ := a.back(t, link, who).expect(t, 200, "").member(t, "access_token").(string)
				if got := a.want(t, "GET /users/me 200 (another account)", asBearer(token)).member(t, "id"); got == u.ID {
					t.Error("O53 a flow that was begun before ends in the victim's account")
				}
				a.want(t, resetRoute+"400 RESET_PASSWORD_BAD_TOKEN", fresh(reset))
				if got := a.send(t, "POST", "/auth/verify", proof(verify)); got.status != 400 { // used, or ended by a newer one
					t.Errorf("O53 the mail of before: got %d %s", got.status, got.body)
				}
			})
		}
	})
}

// TestAttackO53HooksHear: AfterVerify hears of every first proof, and of no
// second one.
func TestAttackO53HooksHear(t *testing.T) {
	var heard per[ledger]
	onOne(t, withOAuth(t, byEmail, func(a *app, o *options) {
		o.Hooks.AfterVerify = func(_ context.Context, e latchkey.Event[Account]) { heard.of(a).add(e.User.Email) }
	}), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		byReset, byProvider := a.user(t), a.user(t)
		for range 2 {
			a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", byReset)))
			a.accepted(t, someone("o53 heard", byProvider.Email, true))
		}
		if got := heard.of(a).take(); len(got) != 2 || got[0] != byReset.Email || got[1] != byProvider.Email {
			t.Errorf("O53 AfterVerify heard of %v", got)
		}
	})
}

func TestAttackO54IdentifiersOfDeletedUsers(t *testing.T) {
	onEveryStore(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		who := someone("o54", "o54@example.org")
		token := a.accepted(t, who)
		gone, err := a.Manager().FindByEmail(t.Context(), "o54@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.kept.users.Delete(t.Context(), gone.ID); err != nil { // without what the front door does beside it
			t.Fatal(err)
		}
		if len(a.links(t, gone.ID)) == 0 { // an association that was under way
			lost := &core.OAuthAccount{Provider: "acme", Subject: "o54", UserID: gone.ID, Email: gone.Email}
			if err := a.kept.accounts.Create(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
		}
		again := a.accepted(t, who)
		if got := a.want(t, "GET /users/me 200 (twin)", again).member(t, "id"); got == gone.ID {
			t.Errorf("O54 the ID %s was given again", gone.ID)
		}
		a.attack(t, "O54 a token of the deleted user", "GET /users/me 401", token)

		other := a.user(t)
		mine := a.login(t, "jwt", other)
		socials.of(a).acme.arm(func() {
			if err := a.Manager().Delete(t.Context(), other.ID); err != nil {
				t.Error(err)
			}
		})
		refused(t, "O54 an association of a user who is deleted meanwhile", func(t *testing.T) answer {
			return a.through(t, linkAcme, someone("o54b", "o54b@example.org"), mine)
		}, 401, "")
		if links := a.links(t, other.ID); len(links) > 0 {
			t.Errorf("O54 a link was written for nobody: %+v", links)
		}
	})
}

func TestAttackO52AssociationsOutliveTheirLogin(t *testing.T) {
	onEveryStore(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		s := a.serveOAuth(t)
		for name, end := range ends {
			u := a.user(t)
			mine := a.login(t, "jwt", u)
			s.arm(func() { end(t, a, u, mine) })
			refused(t, "O52 a link while "+name, func(t *testing.T) answer {
				return a.through(t, linkAcme, someone("o52 "+name, "o52@example.org"), mine)
			}, 401, "")
			if links := a.links(t, u.ID); len(links) > 0 {
				t.Errorf("O52 %s: a link was written: %+v", name, links)
			}
		}
		u := a.user(t)
		mine := a.login(t, "jwt", u)
		s.arm(func() { ends["all sessions end"](t, a, u, mine) })
		back := a.back(t, a.authorize(t, linkAcme, "?redirect_to=/settings", mine),
			someone("o52 redirected", "o52@example.org"), mine)
		if to := back.header.Get("Location"); to != "/settings?error=Unauthorized" || len(a.links(t, u.ID)) > 0 {
			t.Errorf("O52 a link of a browser that is sent back: got %d to %q", back.status, to)
		}
		a.through(t, linkAcme, someone("o52", "o52@example.org"), a.login(t, "jwt", u)).expect(t, 200, "")
		if links := a.links(t, u.ID); len(links) != 1 {
			t.Errorf("O52 (twin) got %+v", links)
		}
	})
	var moments per[moment]
	onEveryStore(t, withOAuth(t, nil, func(a *app, _ *options) { a.kept.users = afterFind{a.kept.users, moments.of(a)} }),
		func(t *testing.T, a *app) {
			a.serveOAuth(t)
			for name, end := range ends {
				u := a.user(t)
				mine := a.login(t, "jwt", u)
				a.through(t, linkAcme, someone("o52 un"+name, "o52@example.org"), mine).expect(t, 200, "")
				moments.of(a).arm(func() { end(t, a, u, mine) })
				a.attack(t, "O52 an unlinking while "+name, "DELETE "+linkAcme+" 401", mine)
				if links := a.links(t, u.ID); len(links) != 1 {
					t.Errorf("O52 %s: the link is gone", name)
				}
			}
			u := a.user(t)
			mine := a.login(t, "jwt", u)
			a.through(t, linkAcme, someone("o52", "o52@example.org"), mine).expect(t, 200, "")
			a.want(t, "DELETE "+linkAcme+" 204 (twin)", mine)
		})
}

func TestAttackO55DeactivatedUsersAtAProvider(t *testing.T) {
	onEveryStore(t, withOAuth(t, byEmail), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		linked := a.user(t, verified)
		a.through(t, linkAcme, someone("o55", "o55@example.org"), a.login(t, "jwt", linked)).expect(t, 200, "")
		a.change(t, linked, latchkey.Changes[Account]{IsActive: new(false)})
		before := a.links(t, linked.ID)[0]
		a.wantUnchanged(t, func() {
			refused(t, "O55 a deactivated user by a link", func(t *testing.T) answer {
				return a.through(t, byJWT, someone("o55", "new@example.org"))
			}, 400, core.CodeLoginBadCredentials)
		})
		if after := a.links(t, linked.ID)[0]; after.Email != before.Email || after.AccessToken != before.AccessToken {
			t.Errorf("O55 the link was changed: %+v", after)
		}
		unverified := a.user(t, inactive)
		a.wantUnchanged(t, func() {
			refused(t, "O55 a deactivated user by the address", func(t *testing.T) answer {
				return a.through(t, byJWT, someone("o55 owner", unverified.Email, true))
			}, 400, core.CodeLoginBadCredentials)
		})
		if links := a.links(t, unverified.ID); len(links) > 0 {
			t.Errorf("O55 a link was written: %+v", links)
		}
		a.change(t, linked, latchkey.Changes[Account]{IsActive: new(true)})
		a.through(t, byJWT, someone("o55", "new@example.org")).expect(t, 200, "")
	})
}

func TestAttackO56HooksOfAProvidersLogin(t *testing.T) {
	var calls per[ledger]
	vouched := func(o *oauth.Options) { o.Providers[0].VerifiedByDefault = true }
	onEveryStore(t, withOAuth(t, vouched, func(a *app, o *options) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Account]) error {
			calls.of(a).add(e.User.Email)
			switch e.User.FullName = "Hooked"; e.User.Email {
			case "moved@example.org":
				e.User.Email = "Elsewhere@Example.org"
			case "taken@example.org":
				e.User.Email = "User1@example.org"
			case "none@example.org":
				e.User.Email = "none"
			case "racing@example.org":
				nobody := &core.OAuthAccount{Provider: "acme", Subject: "racing", UserID: "20fb2bf0-479a-4c79-b362-3a68004765c3"}
				_ = a.kept.accounts.Create(context.Background(), nobody) // another gets ahead, and dies
			case "refused@example.org":
				return errors.New("down")
			}
			return nil
		}
	}), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		a.user(t)
		calls.of(a).take()
		mine := a.accepted(t, someone("o56", "moved@example.org", true))
		me := a.want(t, "GET /users/me 200", mine)
		if me.member(t, "email") != "Elsewhere@Example.org" || me.member(t, "is_verified") != false {
			t.Errorf("O56 got %s: the provider has not vouched for that address", me.body)
		}
		if u, err := a.Manager().FindByEmail(t.Context(), "elsewhere@example.org"); err != nil ||
			u.EmailKey != "elsewhere@example.org" {
			t.Errorf("O56 the user is not found by the new address: %v", err)
		}
		if _, err := a.Manager().FindByEmail(t.Context(), "moved@example.org"); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("O56 the old address still finds somebody: %v", err)
		}
		refused(t, "O56 an address that somebody has", func(t *testing.T) answer {
			return a.through(t, byJWT, someone("o56 taken", "taken@example.org", true))
		}, 400, core.CodeOAuthUserExists)
		refused(t, "O56 an address that is none", func(t *testing.T) answer {
			return a.through(t, byJWT, someone("o56 none", "none@example.org", true))
		}, 422, "body.email value_error")
		calls.of(a).take()
		a.accepted(t, someone("racing", "racing@example.org", true))
		if got := calls.of(a).take(); len(got) != 1 {
			t.Errorf("O56 the hook ran %d times: %v", len(got), got)
		}
		kept := a.accepted(t, someone("o56 kept", "kept@example.org", true))
		if me := a.want(t, "GET /users/me 200 (twin)", kept); me.member(t, "is_verified") != true {
			t.Errorf("O56 (twin) got %s", me.body)
		}
	})
}

// beforeCall is an account store where something happens before a call, or
// after one that creates or lists.
type beforeCall struct {
	core.OAuthAccountStore
	*moment
	call string
}

func (s *beforeCall) Delete(ctx context.Context, id string) error {
	if s.call == "Delete" {
		s.pass()
	}
	return s.OAuthAccountStore.Delete(ctx, id)
}

func (s *beforeCall) List(ctx context.Context, userID string) ([]*core.OAuthAccount, error) {
	links, err := s.OAuthAccountStore.List(ctx, userID)
	if s.call == "List" {
		s.pass()
	}
	return links, err
}

func (s *beforeCall) Create(ctx context.Context, a *core.OAuthAccount) error {
	if s.call == "Create" {
		s.pass()
	}
	err := s.OAuthAccountStore.Create(ctx, a)
	if s.call == "Created" {
		s.pass()
	}
	return err
}

func (s *beforeCall) Update(
	ctx context.Context, id string, change func(*core.OAuthAccount) error,
) (*core.OAuthAccount, error) {
	if s.call == "Update" {
		s.pass()
	}
	return s.OAuthAccountStore.Update(ctx, id, change)
}

// TestAttackO53WithoutTransactions: nothing that an attacker does while the
// account is made over outlives it (finding A6).
func TestAttackO53WithoutTransactions(t *testing.T) {
	var accounts per[beforeCall]
	var before per[moment]
	onOne(t, func(a *app, o *options) {
		withOAuth(t, func(settings *oauth.Options) {
			byEmail(settings)
			*accounts.of(a) = beforeCall{OAuthAccountStore: settings.Accounts, moment: &moment{}}
			settings.Accounts = accounts.of(a)
		})(a, o)
		a.note = func(call string) {
			if call == "users.Create" {
				before.of(a).pass()
			}
		}
	}, func(t *testing.T, a *app) {
		a.serveOAuth(t)
		seam := accounts.of(a)
		login := func(subject string) option {
			token, _ := a.through(t, otherByJWT, someone(subject, evil(subject))).expect(t, 200, "").member(t,
				"access_token").(string)
			return asBearer(token)
		}
		t.Run("O53 a login by the link that is about to be removed", func(t *testing.T) {
			u, mine := a.planted(t, "in between")
			var theirs option
			seam.call = "Delete"
			seam.arm(func() { theirs = login("in between") })
			a.accepted(t, someone("owner 1", u.Email, true))
			a.want(t, "GET /users/me 401", mine)
			a.want(t, "GET /users/me 401", theirs)
		})
		t.Run("O53 a link that is made while others are removed", func(t *testing.T) {
			u, mine := a.planted(t, "first")
			seam.call = "Delete"
			seam.arm(func() {
				a.through(t, "/auth/associate/acme", someone("second", evil("second")), mine).expect(t, 200, "")
			})
			a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u)))
			a.want(t, "GET /users/me 401", mine)
			if links := a.links(t, u.ID); len(links) > 0 {
				t.Errorf("O53 links are left: %+v", links)
			}
		})
		t.Run("O54 a user who is made late keeps the link (twin)", func(t *testing.T) {
			who := someone("slow", "slow@example.org")
			creation, goOn, made := make(chan struct{}), make(chan struct{}), make(chan option)
			before.of(a).arm(func() { close(creation); <-goOn })
			go func() { made <- a.accepted(t, who) }()
			<-creation // its link is there, and looks lost
			var first option
			seam.call = "Update"
			seam.arm(func() { close(goOn); first = <-made })
			second := a.accepted(t, who)
			id := a.want(t, "GET /users/me 200", first).member(t, "id")
			if got := a.want(t, "GET /users/me 200", second).member(t, "id"); got != id {
				t.Errorf("O54 the logins are of two users")
			}
			if got := a.want(t, "GET /users/me 200 (another login)", a.accepted(t, who)).member(t, "id"); got != id {
				t.Errorf("O54 the user has lost the link")
			}
		})
		t.Run("O37 both of the last two ways to log in at once", func(t *testing.T) {
			mine := a.accepted(t, someone("two ways", "two.ways@example.org"))
			a.through(t, "/auth/associate/other", someone("two ways", "two.ways@example.org"), mine).expect(t, 200, "")
			seam.call = "List"
			inside, other := make(chan struct{}), make(chan int, 1)
			seam.arm(func() { // between one's look and its removal
				go func() {
					close(inside)
					other <- a.exchange(t.Context(), "DELETE", "/auth/associate/other", mine).status
				}()
				<-inside
				time.Sleep(20 * time.Millisecond)
			})
			first := a.send(t, "DELETE", linkAcme, mine).status
			if second := <-other; first != 204 || second != 409 {
				t.Errorf("O37 got %d and %d, want 204 and 409", first, second)
			}
		})
		t.Run("O52 a link is made while its login ends", func(t *testing.T) {
			u := a.user(t)
			mine := a.login(t, "jwt", u)
			seam.call = "Create"
			seam.arm(func() { ends["all sessions end"](t, a, u, mine) })
			a.through(t, linkAcme, someone("late", evil("late")), mine).expect(t, 401, "")
			if links := a.links(t, u.ID); len(links) > 0 {
				t.Errorf("O52 a link was written: %+v", links)
			}
		})
		t.Run("O52 a login by a link that is taken back", func(t *testing.T) {
			u := a.user(t)
			mine := a.login(t, "jwt", u)
			var theirs option
			seam.call = "Created"
			seam.arm(func() {
				ends["all sessions end"](t, a, u, mine)
				theirs = a.accepted(t, someone("taken back", evil("taken back")))
			})
			a.through(t, linkAcme, someone("taken back", evil("taken back")), mine).expect(t, 401, "")
			a.want(t, "GET /users/me 401", theirs)
		})
		t.Run("O52 a lost link is made over while the login ends", func(t *testing.T) {
			u := a.user(t)
			mine := a.login(t, "jwt", u)
			lost := &core.OAuthAccount{Provider: "acme", Subject: "lost", UserID: "20fb2bf0-479a-4c79-b362-3a68004765c3"}
			if err := a.kept.accounts.Create(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
			seam.call = "Update"
			seam.arm(func() { ends["all sessions end"](t, a, u, mine) })
			a.through(t, linkAcme, someone("lost", evil("lost")), mine).expect(t, 401, "")
			if links := a.links(t, u.ID); len(links) > 0 {
				t.Errorf("O52 a link was written: %+v", links)
			}
			a.through(t, linkAcme, someone("lost", evil("lost")), a.login(t, "jwt", u)).expect(t, 200, "")
			if links := a.links(t, u.ID); len(links) != 1 {
				t.Errorf("O52 (twin) got %+v", links)
			}
		})
	})
}
