package attacks_test

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
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// otherByJWT is the group of the provider that vouches for nothing.
const otherByJWT = "/auth/jwt/other"

// evil is the attacker's own address.
func evil(subject string) string { return strings.ReplaceAll(subject, " ", ".") + "@evil.example" }

// planted registers a victim's address and links the attacker's account at the
// provider other to it. It returns the account and the attacker's login.
func planted(
	t *testing.T, a *harness.App, subject string, change ...func(*harness.Account),
) (*harness.Account, harness.Option) {
	t.Helper()
	u := a.NewUser(t, change...)
	mine := a.LogIn(t, "session", u)
	a.Want(t, "GET /auth/associate/other/callback 200",
		a.Consent(t, "/auth/associate/other", harness.Identity(subject, evil(subject)), mine), mine)
	return u, mine
}

// wantNoWay checks that the attacker's account opens a new account, and that
// nothing else is left to open the victim's with.
func wantNoWay(t *testing.T, a *harness.App, u *harness.Account, subject string, mine harness.Option) {
	t.Helper()
	a.Want(t, "GET /users/me 401", mine)
	if links := a.Links(t, u.ID); len(links) > 0 {
		t.Errorf("O53 links are left: %+v", links)
	}
	token, _ := a.Want(t, "GET /auth/jwt/other/callback 200",
		a.Consent(t, otherByJWT, harness.Identity(subject, evil(subject)))).Member(t,
		"access_token").(string)
	if got := a.Want(t, "GET /users/me 200", harness.Bearer(token)).Member(t, "id"); got == u.ID {
		t.Error("O53 the planted link opens the victim's account")
	}
}

func TestAttackO53PlantedLinks(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, harness.LinkByEmail), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		prove := map[string]func(t *testing.T, u *harness.Account){
			"a reset": func(t *testing.T, u *harness.Account) {
				a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
			},
			"a verification": func(t *testing.T, u *harness.Account) {
				a.Want(t, harness.VerifyRoute+"200", harness.VerifyBody(a.MailedToken(t, "verify", u)))
			},
			"a login at a provider that vouches": func(t *testing.T, u *harness.Account) {
				a.LogInByAcme(t, harness.Identity("owner of "+u.ID, u.Email, true))
			},
		}
		for name, by := range prove {
			t.Run("O53 a link that was planted before "+name, func(t *testing.T) {
				u, mine := planted(t, a, "planted "+name)
				by(t, u)
				if name == "a login at a provider that vouches" {
					a.Want(t, "GET /users/me 401", mine)
					if links := a.Links(t, u.ID); len(links) != 1 || links[0].Provider != "acme" {
						t.Errorf("O53 the links are %+v", links)
					}
				} else {
					wantNoWay(t, a, u, "planted "+name, mine)
				}
				if !find(t, a, u.ID).IsVerified {
					t.Error("O53 the address was proved, and is not verified")
				}
			})
			t.Run("O53 an account that was planted by a provider that vouches for nothing, before "+name, func(t *testing.T) {
				subject := "typed " + name
				victim := strings.ReplaceAll(subject, " ", ".") + "@example.org"
				mine := harness.Bearer(a.Want(t, "GET /auth/jwt/other/callback 200",
					a.Consent(t, otherByJWT, harness.Identity(subject, victim))).Member(t,
					"access_token").(string))
				u, err := a.Manager().FindByEmail(t.Context(), victim)
				if err != nil {
					t.Fatal(err)
				}
				by(t, u)
				a.Want(t, "GET /users/me 401", mine)
				a.Want(t, "GET /auth/jwt/other/callback 400 OAUTH_USER_ALREADY_EXISTS",
					a.Consent(t, otherByJWT, harness.Identity(subject, victim)))
			})
		}
		t.Run("O53 a verified account keeps its links (twin)", func(t *testing.T) {
			u, _ := planted(t, a, "kept", harness.Verified)
			a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
			token, _ := a.Want(t, "GET /auth/jwt/other/callback 200",
				a.Consent(t, otherByJWT, harness.Identity("kept", evil("kept")))).Member(t,
				"access_token").(string)
			a.Want(t, "GET /users/me 200", harness.Bearer(token)).WantUser(t, find(t, a, u.ID))
		})
		t.Run("O53 who is logged in and verifies keeps links and logins (twin)", func(t *testing.T) {
			u, mine := planted(t, a, "own")
			a.Want(t, harness.VerifyRoute+"200", harness.VerifyBody(a.MailedToken(t, "verify", u)), mine)
			a.Want(t, "GET /users/me 200", mine)
			token, _ := a.Want(t, "GET /auth/jwt/other/callback 200",
				a.Consent(t, otherByJWT, harness.Identity("own", evil("own")))).Member(t,
				"access_token").(string)
			a.Want(t, "GET /users/me 200", harness.Bearer(token)).WantUser(t, find(t, a, u.ID))
		})
		t.Run("O53 who registers, verifies and logs in keeps password and login (twin)", func(t *testing.T) {
			u := a.NewUser(t)
			mine := a.LogIn(t, "session", u)
			a.Want(t, harness.VerifyRoute+"200", harness.VerifyBody(a.MailedToken(t, "verify", u)))
			a.Want(t, "GET /users/me 200", mine)
			a.LogIn(t, "jwt", u)
		})
		t.Run("O53 another user's login beside the token", func(t *testing.T) {
			u, mine := planted(t, a, "planted beside")
			a.Want(t, harness.VerifyRoute+"200", harness.VerifyBody(a.MailedToken(t, "verify", u)),
				a.LogIn(t, "jwt", a.NewUser(t)))
			wantNoWay(t, a, u, "planted beside", mine)
		})
	})
}

// TestAttackO53WhatAPlantedLinkHasBegun: what an attacker has begun by a
// planted link before the owner's proof ends nothing after it.
func TestAttackO53WhatAPlantedLinkHasBegun(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, harness.LinkByEmail, harness.WithSecondFactor),
		func(t *testing.T, a *harness.App) {
			a.ServeOAuth(t)
			prove := map[string]func(t *testing.T, u *harness.Account){
				"a reset": func(t *testing.T, u *harness.Account) {
					a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
				},
				"a verification": func(t *testing.T, u *harness.Account) {
					a.Want(t, harness.VerifyRoute+"200", harness.VerifyBody(a.MailedToken(t, "verify", u)))
				},
				"a login": func(t *testing.T, u *harness.Account) {
					a.LogInByAcme(t, harness.Identity("owner of "+u.ID, u.Email, true))
				},
			}
			for name, by := range prove {
				t.Run("O53 codes, flows and mails of before "+name, func(t *testing.T) {
					u, mine := planted(t, a, "code "+name)
					who := harness.Identity("code "+name, evil("code "+name))
					code := a.Want(t, "GET /auth/jwt/other/callback <500",
						a.Authorize(t, otherByJWT, "?redirect_to=/app&code_challenge="+challengeOf(verifier)).As(who))
					at, err := url.Parse(code.Header.Get("Location"))
					if err != nil || at.Query().Get("code") == "" {
						t.Fatalf("O53 got %d %v", code.Status, code.Header)
					}
					begun := a.Authorize(t, "/auth/associate/acme", "", mine)
					link := a.Authorize(t, otherByJWT, "")
					reset := a.MailedToken(t, "reset", u)
					verify := a.MailedToken(t, "verify", u)
					by(t, u)
					a.Want(t, notExchanged,
						harness.JSONObject(harness.Object{"code": at.Query().Get("code"), "code_verifier": verifier}))
					a.Want(t, "GET "+begun.Group+"/callback 401", begun.As(harness.Identity("late "+name, evil("late"))), mine)
					token, _ := a.Want(t, "GET "+link.Group+"/callback 200", link.As(who)).Member(t, "access_token").(string)
					if got := a.Want(t, "GET /users/me 200 (another account)", harness.Bearer(token)).Member(t, "id"); got == u.ID {
						t.Error("O53 a flow that was begun before ends in the victim's account")
					}
					a.Want(t, harness.ResetRoute+"400 RESET_PASSWORD_BAD_TOKEN", harness.ResetBody(reset))
					// used, or ended by a newer one
					if got := a.Send(t, "POST", "/auth/verify", harness.VerifyBody(verify)); got.Status != 400 {
						t.Errorf("O53 the mail of before: got %d %s", got.Status, got.Body)
					}
				})
			}
		})
}

// TestAttackO53HooksHear: AfterVerify hears of every first proof, and of no
// second one.
func TestAttackO53HooksHear(t *testing.T) {
	var heard harness.PerApp[harness.CallLog]
	harness.OnOneAdapter(t, harness.WithOAuth(t, harness.LinkByEmail, func(a *harness.App, o *harness.Options) {
		o.Hooks.AfterVerify = func(_ context.Context, e latchkey.Event[harness.Account]) { heard.Of(a).Add(e.User.Email) }
	}), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		byReset, byProvider := a.NewUser(t), a.NewUser(t)
		for range 2 {
			a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", byReset)))
			a.LogInByAcme(t, harness.Identity("o53 heard", byProvider.Email, true))
		}
		if got := heard.Of(a).Take(); len(got) != 2 || got[0] != byReset.Email || got[1] != byProvider.Email {
			t.Errorf("O53 AfterVerify heard of %v", got)
		}
	})
}

func TestAttackO54IdentifiersOfDeletedUsers(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		who := harness.Identity("o54", "o54@example.org")
		token := a.LogInByAcme(t, who)
		gone, err := a.Manager().FindByEmail(t.Context(), "o54@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Stores.Users.Delete(t.Context(), gone.ID); err != nil { // without what the front door does beside it
			t.Fatal(err)
		}
		if len(a.Links(t, gone.ID)) == 0 { // an association that was under way
			lost := &core.OAuthAccount{Provider: "acme", Subject: "o54", UserID: gone.ID, Email: gone.Email}
			if err := a.Stores.Accounts.Create(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
		}
		again := a.LogInByAcme(t, who)
		if got := a.Want(t, "GET /users/me 200 (twin)", again).Member(t, "id"); got == gone.ID {
			t.Errorf("O54 the ID %s was given again", gone.ID)
		}
		a.Want(t, "GET /users/me 401", harness.Case("O54 a token of the deleted user"), token)

		other := a.NewUser(t)
		mine := a.LogIn(t, "jwt", other)
		harness.ProvidersOf(a).Acme.Arm(func() {
			if err := a.Manager().Delete(t.Context(), other.ID); err != nil {
				t.Error(err)
			}
		})
		a.Want(t, "GET /auth/associate/acme/callback 401",
			harness.Case("O54 an association of a user who is deleted meanwhile"),
			a.Consent(t, harness.AcmeLinked, harness.Identity("o54b", "o54b@example.org"), mine), mine)
		if links := a.Links(t, other.ID); len(links) > 0 {
			t.Errorf("O54 a link was written for nobody: %+v", links)
		}
	})
}

func TestAttackO52AssociationsOutliveTheirLogin(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		s := a.ServeOAuth(t)
		for name, end := range ends {
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			s.Arm(func() { end(t, a, u, mine) })
			a.Want(t, "GET /auth/associate/acme/callback 401", harness.Case("O52 a link while "+name),
				a.Consent(t, harness.AcmeLinked, harness.Identity("o52 "+name, "o52@example.org"), mine), mine)
			if links := a.Links(t, u.ID); len(links) > 0 {
				t.Errorf("O52 %s: a link was written: %+v", name, links)
			}
		}
		u := a.NewUser(t)
		mine := a.LogIn(t, "jwt", u)
		s.Arm(func() { ends["all sessions end"](t, a, u, mine) })
		back := a.Want(t, "GET /auth/associate/acme/callback <500",
			a.Authorize(t, harness.AcmeLinked, "?redirect_to=/settings",
				mine).As(harness.Identity("o52 redirected", "o52@example.org")), mine)
		if to := back.Header.Get("Location"); to != "/settings?error=Unauthorized" || len(a.Links(t, u.ID)) > 0 {
			t.Errorf("O52 a link of a browser that is sent back: got %d to %q", back.Status, to)
		}
		a.Want(t, "GET /auth/associate/acme/callback 200",
			a.Consent(t, harness.AcmeLinked, harness.Identity("o52", "o52@example.org"), a.LogIn(t, "jwt", u)),
			a.LogIn(t, "jwt", u))
		if links := a.Links(t, u.ID); len(links) != 1 {
			t.Errorf("O52 (twin) got %+v", links)
		}
	})
	var moments harness.PerApp[harness.Moment]
	harness.OnEveryStore(t,
		harness.WithOAuth(t, nil,
			func(a *harness.App, _ *harness.Options) { a.Stores.Users = afterFind{a.Stores.Users, moments.Of(a)} }),
		func(t *testing.T, a *harness.App) {
			a.ServeOAuth(t)
			for name, end := range ends {
				u := a.NewUser(t)
				mine := a.LogIn(t, "jwt", u)
				a.Want(t, "GET /auth/associate/acme/callback 200",
					a.Consent(t, harness.AcmeLinked, harness.Identity("o52 un"+name, "o52@example.org"), mine), mine)
				moments.Of(a).Arm(func() { end(t, a, u, mine) })
				a.Want(t, "DELETE "+harness.AcmeLinked+" 401", harness.Case("O52 an unlinking while "+name), mine)
				if links := a.Links(t, u.ID); len(links) != 1 {
					t.Errorf("O52 %s: the link is gone", name)
				}
			}
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			a.Want(t, "GET /auth/associate/acme/callback 200",
				a.Consent(t, harness.AcmeLinked, harness.Identity("o52", "o52@example.org"), mine), mine)
			a.Want(t, "DELETE "+harness.AcmeLinked+" 204 (twin)", mine)
		})
}

func TestAttackO55DeactivatedUsersAtAProvider(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, harness.LinkByEmail), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		linked := a.NewUser(t, harness.Verified)
		a.Want(t, "GET /auth/associate/acme/callback 200",
			a.Consent(t, harness.AcmeLinked, harness.Identity("o55", "o55@example.org"), a.LogIn(t, "jwt", linked)),
			a.LogIn(t, "jwt", linked))
		a.ChangeUser(t, linked, latchkey.Changes[harness.Account]{IsActive: new(false)})
		before := a.Links(t, linked.ID)[0]
		wantUnchanged(t, a, func() {
			a.Want(t, "GET /auth/jwt/acme/callback 400 LOGIN_BAD_CREDENTIALS", harness.Case("O55 a deactivated user by a link"),
				a.Consent(t, harness.AcmeByJWT, harness.Identity("o55", "new@example.org")))
		})
		if after := a.Links(t, linked.ID)[0]; after.Email != before.Email || after.AccessToken != before.AccessToken {
			t.Errorf("O55 the link was changed: %+v", after)
		}
		unverified := a.NewUser(t, harness.Inactive)
		wantUnchanged(t, a, func() {
			a.Want(t, "GET /auth/jwt/acme/callback 400 LOGIN_BAD_CREDENTIALS",
				harness.Case("O55 a deactivated user by the address"),
				a.Consent(t, harness.AcmeByJWT, harness.Identity("o55 owner", unverified.Email, true)))
		})
		if links := a.Links(t, unverified.ID); len(links) > 0 {
			t.Errorf("O55 a link was written: %+v", links)
		}
		a.ChangeUser(t, linked, latchkey.Changes[harness.Account]{IsActive: new(true)})
		a.Want(t, "GET /auth/jwt/acme/callback 200",
			a.Consent(t, harness.AcmeByJWT, harness.Identity("o55", "new@example.org")))
	})
}

func TestAttackO56HooksOfAProvidersLogin(t *testing.T) {
	var calls harness.PerApp[harness.CallLog]
	vouched := func(o *oauth.Options) { o.Providers[0].VerifiedByDefault = true }
	harness.OnEveryStore(t, harness.WithOAuth(t, vouched, func(a *harness.App, o *harness.Options) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
			calls.Of(a).Add(e.User.Email)
			switch e.User.FullName = "Hooked"; e.User.Email {
			case "moved@example.org":
				e.User.Email = "Elsewhere@Example.org"
			case "taken@example.org":
				e.User.Email = "User1@example.org"
			case "none@example.org":
				e.User.Email = "none"
			case "racing@example.org":
				nobody := &core.OAuthAccount{Provider: "acme", Subject: "racing", UserID: "20fb2bf0-479a-4c79-b362-3a68004765c3"}
				_ = a.Stores.Accounts.Create(context.Background(), nobody) // another gets ahead, and dies
			case "refused@example.org":
				return errors.New("down")
			}
			return nil
		}
	}), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		a.NewUser(t)
		calls.Of(a).Take()
		mine := a.LogInByAcme(t, harness.Identity("o56", "moved@example.org", true))
		me := a.Want(t, "GET /users/me 200", mine)
		if me.Member(t, "email") != "Elsewhere@Example.org" || me.Member(t, "is_verified") != false {
			t.Errorf("O56 got %s: the provider has not vouched for that address", me.Body)
		}
		if u, err := a.Manager().FindByEmail(t.Context(), "elsewhere@example.org"); err != nil ||
			u.EmailKey != "elsewhere@example.org" {
			t.Errorf("O56 the user is not found by the new address: %v", err)
		}
		if _, err := a.Manager().FindByEmail(t.Context(), "moved@example.org"); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("O56 the old address still finds somebody: %v", err)
		}
		a.Want(t, "GET /auth/jwt/acme/callback 400 OAUTH_USER_ALREADY_EXISTS",
			harness.Case("O56 an address that somebody has"),
			a.Consent(t, harness.AcmeByJWT, harness.Identity("o56 taken", "taken@example.org", true)))
		a.Want(t, "GET /auth/jwt/acme/callback 422 body.email value_error", harness.Case("O56 an address that is none"),
			a.Consent(t, harness.AcmeByJWT, harness.Identity("o56 none", "none@example.org", true)))
		calls.Of(a).Take()
		a.LogInByAcme(t, harness.Identity("racing", "racing@example.org", true))
		if got := calls.Of(a).Take(); len(got) != 1 {
			t.Errorf("O56 the hook ran %d times: %v", len(got), got)
		}
		kept := a.LogInByAcme(t, harness.Identity("o56 kept", "kept@example.org", true))
		if me := a.Want(t, "GET /users/me 200 (twin)", kept); me.Member(t, "is_verified") != true {
			t.Errorf("O56 (twin) got %s", me.Body)
		}
	})
}

// beforeCall is an account store where something happens before a call, or
// after one that creates or lists.
type beforeCall struct {
	core.OAuthAccountStore
	*harness.Moment
	call string
}

func (s *beforeCall) Delete(ctx context.Context, id string) error {
	if s.call == "Delete" {
		s.Pass()
	}
	return s.OAuthAccountStore.Delete(ctx, id)
}

func (s *beforeCall) List(ctx context.Context, userID string) ([]*core.OAuthAccount, error) {
	links, err := s.OAuthAccountStore.List(ctx, userID)
	if s.call == "List" {
		s.Pass()
	}
	return links, err
}

func (s *beforeCall) Create(ctx context.Context, a *core.OAuthAccount) error {
	if s.call == "Create" {
		s.Pass()
	}
	err := s.OAuthAccountStore.Create(ctx, a)
	if s.call == "Created" {
		s.Pass()
	}
	return err
}

func (s *beforeCall) Update(
	ctx context.Context, id string, change func(*core.OAuthAccount) error,
) (*core.OAuthAccount, error) {
	if s.call == "Update" {
		s.Pass()
	}
	return s.OAuthAccountStore.Update(ctx, id, change)
}

// TestAttackO53WithoutTransactions: nothing that an attacker does while the
// account is made over outlives it (finding A6).
func TestAttackO53WithoutTransactions(t *testing.T) {
	var accounts harness.PerApp[beforeCall]
	var before harness.PerApp[harness.Moment]
	harness.OnOneAdapter(t, func(a *harness.App, o *harness.Options) {
		harness.WithOAuth(t, func(settings *oauth.Options) {
			harness.LinkByEmail(settings)
			*accounts.Of(a) = beforeCall{OAuthAccountStore: settings.Accounts, Moment: &harness.Moment{}}
			settings.Accounts = accounts.Of(a)
		})(a, o)
		a.Note = func(call string) {
			if call == "users.Create" {
				before.Of(a).Pass()
			}
		}
	}, func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		seam := accounts.Of(a)
		login := func(subject string) harness.Option {
			token, _ := a.Want(t, "GET /auth/jwt/other/callback 200",
				a.Consent(t, otherByJWT, harness.Identity(subject, evil(subject)))).Member(t,
				"access_token").(string)
			return harness.Bearer(token)
		}
		t.Run("O53 a login by the link that is about to be removed", func(t *testing.T) {
			u, mine := planted(t, a, "in between")
			var theirs harness.Option
			seam.call = "Delete"
			seam.Arm(func() { theirs = login("in between") })
			a.LogInByAcme(t, harness.Identity("owner 1", u.Email, true))
			a.Want(t, "GET /users/me 401", mine)
			a.Want(t, "GET /users/me 401", theirs)
		})
		t.Run("O53 a link that is made while others are removed", func(t *testing.T) {
			u, mine := planted(t, a, "first")
			seam.call = "Delete"
			seam.Arm(func() {
				a.Want(t, "GET /auth/associate/acme/callback 200",
					a.Consent(t, "/auth/associate/acme", harness.Identity("second", evil("second")), mine), mine)
			})
			a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
			a.Want(t, "GET /users/me 401", mine)
			if links := a.Links(t, u.ID); len(links) > 0 {
				t.Errorf("O53 links are left: %+v", links)
			}
		})
		t.Run("O54 a user who is made late keeps the link (twin)", func(t *testing.T) {
			who := harness.Identity("slow", "slow@example.org")
			creation, goOn, made := make(chan struct{}), make(chan struct{}), make(chan harness.Option)
			before.Of(a).Arm(func() { close(creation); <-goOn })
			go func() { made <- a.LogInByAcme(t, who) }()
			<-creation // its link is there, and looks lost
			var first harness.Option
			seam.call = "Update"
			seam.Arm(func() { close(goOn); first = <-made })
			second := a.LogInByAcme(t, who)
			id := a.Want(t, "GET /users/me 200", first).Member(t, "id")
			if got := a.Want(t, "GET /users/me 200", second).Member(t, "id"); got != id {
				t.Errorf("O54 the logins are of two users")
			}
			if got := a.Want(t, "GET /users/me 200 (another login)", a.LogInByAcme(t, who)).Member(t, "id"); got != id {
				t.Errorf("O54 the user has lost the link")
			}
		})
		t.Run("O37 both of the last two ways to log in at once", func(t *testing.T) {
			mine := inSession(t, a, a.LogInByAcme(t, harness.Identity("two ways", "two.ways@example.org")))
			a.Want(t, "GET /auth/associate/other/callback 200",
				a.Consent(t, "/auth/associate/other", harness.Identity("two ways", "two.ways@example.org"), mine), mine)
			seam.call = "List"
			inside, other := make(chan struct{}), make(chan int, 1)
			seam.Arm(func() { // between one's look and its removal
				go func() {
					close(inside)
					other <- a.TrySend(t.Context(), "DELETE", "/auth/associate/other", mine).Status
				}()
				<-inside
				time.Sleep(20 * time.Millisecond)
			})
			first := a.Send(t, "DELETE", harness.AcmeLinked, mine).Status
			if second := <-other; first != 204 || second != 409 {
				t.Errorf("O37 got %d and %d, want 204 and 409", first, second)
			}
		})
		t.Run("O52 a link is made while its login ends", func(t *testing.T) {
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			seam.call = "Create"
			seam.Arm(func() { ends["all sessions end"](t, a, u, mine) })
			a.Want(t, "GET /auth/associate/acme/callback 401",
				a.Consent(t, harness.AcmeLinked, harness.Identity("late", evil("late")), mine), mine)
			if links := a.Links(t, u.ID); len(links) > 0 {
				t.Errorf("O52 a link was written: %+v", links)
			}
		})
		t.Run("O52 a login by a link that is taken back", func(t *testing.T) {
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			var theirs harness.Option
			seam.call = "Created"
			seam.Arm(func() {
				ends["all sessions end"](t, a, u, mine)
				theirs = a.LogInByAcme(t, harness.Identity("taken back", evil("taken back")))
			})
			a.Want(t, "GET /auth/associate/acme/callback 401",
				a.Consent(t, harness.AcmeLinked, harness.Identity("taken back", evil("taken back")), mine), mine)
			a.Want(t, "GET /users/me 401", theirs)
		})
		t.Run("O52 a lost link is forgotten while it is made over (twin)", func(t *testing.T) {
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			lost := &core.OAuthAccount{
				Provider: "acme", Subject: "forgotten", UserID: "20fb2bf0-479a-4c79-b362-3a68004765c3",
			}
			if err := a.Stores.Accounts.Create(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
			seam.call = "Update"
			seam.Arm(func() {
				if err := a.Stores.Accounts.Delete(t.Context(), lost.ID); err != nil {
					t.Error(err)
				}
			})
			a.Want(t, "GET /auth/associate/acme/callback 200",
				a.Consent(t, harness.AcmeLinked, harness.Identity("forgotten", evil("forgotten")), mine), mine)
			if links := a.Links(t, u.ID); len(links) != 1 {
				t.Errorf("O52 got %+v", links)
			}
		})
		t.Run("O52 a lost link is made over while the login ends", func(t *testing.T) {
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			lost := &core.OAuthAccount{Provider: "acme", Subject: "lost", UserID: "20fb2bf0-479a-4c79-b362-3a68004765c3"}
			if err := a.Stores.Accounts.Create(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
			seam.call = "Update"
			seam.Arm(func() { ends["all sessions end"](t, a, u, mine) })
			a.Want(t, "GET /auth/associate/acme/callback 401",
				a.Consent(t, harness.AcmeLinked, harness.Identity("lost", evil("lost")), mine), mine)
			if links := a.Links(t, u.ID); len(links) > 0 {
				t.Errorf("O52 a link was written: %+v", links)
			}
			a.Want(t, "GET /auth/associate/acme/callback 200",
				a.Consent(t, harness.AcmeLinked, harness.Identity("lost", evil("lost")), a.LogIn(t, "jwt", u)),
				a.LogIn(t, "jwt", u))
			if links := a.Links(t, u.ID); len(links) != 1 {
				t.Errorf("O52 (twin) got %+v", links)
			}
		})
	})
}
