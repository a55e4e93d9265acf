package latchkey_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// rotating is a provider whose refresh tokens work once, and whose answer takes
// a second.
type rotating struct {
	acme
	good  string // the refresh token
	asked int
	fail  error
	// revoked are the refresh tokens that were taken back.
	revoked []string
	// timeless issues numbered tokens without a lifetime.
	timeless bool
}

func (p *rotating) Refresh(ctx context.Context, refresh string) (core.OAuthTokens, error) {
	p.mu.Lock()
	p.asked++
	good := refresh == p.good
	p.good += "+"
	next, fail := p.good, p.fail
	p.mu.Unlock()
	time.Sleep(time.Second) // in the bubble's time
	switch {
	case fail != nil:
		return core.OAuthTokens{}, fail
	case !good:
		return core.OAuthTokens{}, errors.New("the refresh token was used before: all tokens end")
	}
	tokens := core.OAuthTokens{Access: "renewed", Refresh: next, Expires: time.Now().Add(time.Hour)}
	if p.timeless {
		tokens.Access, tokens.Expires = fmt.Sprint("renewed ", p.asked), time.Time{}
	}
	return tokens, ctx.Err()
}

// RevokeTokens implements core.TokenRevoker.
func (p *rotating) RevokeTokens(_ context.Context, t core.OAuthTokens) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked = append(p.revoked, t.Refresh)
	return nil
}

// lossy is a store of tickets on which nobody can give a lease back.
type lossy struct{ core.TicketStore }

func (lossy) Fail(context.Context, string, [32]byte, int) error { return errors.New("out of reach") }

// nodes are processes of one application, each with an *oauth.OAuth of its own
// over the same stores. The user's access token ends at the time; zero is
// unknown.
func nodes(
	t *testing.T, p *rotating, tickets core.TicketStore, ends time.Time,
) (userID string, nodes []*oauth.OAuth) {
	t.Helper()
	p.name, p.good = "acme", "refresh"
	accounts := memstore.NewOAuthAccounts()
	for range 3 {
		node, err := oauth.New(oauth.Options{
			Accounts: accounts, Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"), Providers: []oauth.Provider{{Provider: p}},
			Vault: []oauth.Key{{ID: "k1", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}}, Tickets: tickets,
		})
		check(t, err, nil)
		nodes = append(nodes, node)
	}
	o := options[Member]()
	o.Flows, o.Tickets, o.BaseURL = nodes[0].Flows(), tickets, "https://app.example.org"
	auth, err := latchkey.New(memstore.NewUsers[Member](), o)
	check(t, err, nil)
	defer func() { check(t, auth.Close(t.Context()), nil) }()
	kept := core.OAuthTokens{Access: "access", Refresh: p.good, Expires: ends}
	ada, err := auth.Manager().OAuthCallback(t.Context(), "acme", identity("id-1", "ada@example.org"), kept)
	check(t, err, nil)
	return ada.ID, nodes
}

func TestOAuthTokenIsRenewedByOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &rotating{}
		id, nodes := nodes(t, p, memstore.NewTickets(nil), time.Now())
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				if got, err := nodes[i%3].Token(t.Context(), id, "acme"); got != "renewed" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		if p.asked != 1 {
			t.Errorf("the provider was asked %d times", p.asked)
		}
		time.Sleep(time.Hour) // the next renewal takes what the first has left
		if got, err := nodes[1].Token(t.Context(), id, "acme"); got != "renewed" || err != nil {
			t.Errorf("an hour later: got %q, %v", got, err)
		}
	})
}

func TestOAuthTokenIsKeptThoughNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &rotating{}
		id, nodes := nodes(t, p, memstore.NewTickets(nil), time.Now())
		impatient, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		_, _ = nodes[0].Token(impatient, id, "acme")
		if got, err := nodes[1].Token(t.Context(), id, "acme"); got != "renewed" || err != nil || p.asked != 1 {
			t.Errorf("got %q, %v after %d renewals", got, err, p.asked)
		}
	})
}

func TestOAuthTokenOutlivesAProcessThatDiesRenewing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &rotating{fail: errors.New("the provider is down")}
		id, nodes := nodes(t, p, lossy{memstore.NewTickets(nil)}, time.Now())
		_, err := nodes[0].Token(t.Context(), id, "acme")
		check(t, err, p.fail)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = nodes[1].Token(impatient, id, "acme")
		check(t, err, context.DeadlineExceeded)
		p.fail, p.good = nil, "refresh"
		began := time.Now()
		if got, err := nodes[1].Token(t.Context(), id, "acme"); got != "renewed" || err != nil ||
			time.Since(began) > 25*time.Second {
			t.Errorf("got %q, %v after %v", got, err, time.Since(began))
		}
	})
}

// TestFieldF10RenewsOnDemand: a token without a lifetime is renewed when the
// provider's API refuses it, once for all who were refused.
func TestFieldF10RenewsOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &rotating{timeless: true}
		id, nodes := nodes(t, p, memstore.NewTickets(nil), time.Time{})
		want := func(got string, err error, want string, asked int) {
			t.Helper()
			if got != want || err != nil || p.asked != asked {
				t.Errorf("got %q, %v after %d renewals; want %q after %d", got, err, p.asked, want, asked)
			}
		}
		time.Sleep(365 * 24 * time.Hour)
		got, err := nodes[0].Token(t.Context(), id, "acme")
		want(got, err, "access", 0)
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				if got, err := nodes[i%3].Renew(t.Context(), id, "acme", "access"); got != "renewed 1" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		got, err = nodes[2].Renew(t.Context(), id, "acme", "access") // refused long ago: somebody has renewed it
		want(got, err, "renewed 1", 1)
		got, err = nodes[1].Renew(t.Context(), id, "acme", "")
		want(got, err, "renewed 1", 1)
		got, err = nodes[1].Renew(t.Context(), id, "acme", "renewed 1")
		want(got, err, "renewed 2", 2)
		got, err = nodes[0].Token(t.Context(), id, "acme")
		want(got, err, "renewed 2", 2)
	})
}

// A renewal that is under way while the link goes, or becomes another user's,
// returns no token, and leaves none behind.
func TestFieldF10TheLinkGoesMeanwhile(t *testing.T) {
	for name, change := range map[string]func(*testing.T, core.OAuthAccountStore, *core.OAuthAccount){
		"unlinked": func(t *testing.T, accounts core.OAuthAccountStore, link *core.OAuthAccount) {
			check(t, accounts.Delete(t.Context(), link.ID), nil)
		},
		"made over": func(t *testing.T, accounts core.OAuthAccountStore, link *core.OAuthAccount) {
			_, err := accounts.Update(t.Context(), link.ID, func(a *core.OAuthAccount) error {
				a.UserID, a.AccessToken = "another", "theirs"
				return nil
			})
			check(t, err, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &rotating{}
				id, nodes := nodes(t, p, memstore.NewTickets(nil), time.Time{})
				accounts := nodes[0].Accounts
				links, err := accounts.List(t.Context(), id)
				check(t, err, nil)
				var wg sync.WaitGroup
				wg.Go(func() {
					if got, err := nodes[0].Renew(t.Context(), id, "acme", "access"); got != "" || !errors.Is(err, core.ErrNotFound) {
						t.Errorf("got %q, %v; want ErrNotFound", got, err)
					}
				})
				time.Sleep(time.Second / 2) // the provider has the refresh token by now
				change(t, accounts, links[0])
				wg.Wait()
				if !slices.Equal(p.revoked, []string{"refresh+"}) {
					t.Errorf("taken back: %q, want the new refresh token", p.revoked)
				}
				theirs, err := accounts.List(t.Context(), "another")
				check(t, err, nil)
				if len(theirs) == 1 && theirs[0].AccessToken != "theirs" {
					t.Error("the other user has the tokens of the former one")
				}
			})
		})
	}
}

func TestFieldF10WhatCannotBeRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &rotating{fail: errors.New("the provider is down")}
		id, nodes := nodes(t, p, memstore.NewTickets(nil), time.Now().Add(time.Hour))
		_, err := nodes[0].Renew(t.Context(), id, "acme", "access")
		check(t, err, p.fail)
		p.fail, p.good = nil, "refresh"
		if got, err := nodes[1].Renew(t.Context(), id, "acme", "access"); got != "renewed" || err != nil {
			t.Errorf("afterwards: got %q, %v", got, err)
		}
		_, err = nodes[0].Renew(t.Context(), "nobody", "acme", "access")
		check(t, err, core.ErrNotFound)
		if _, err := nodes[0].Renew(t.Context(), id, "elsewhere", "access"); err == nil {
			t.Error("a provider that is none renews a token")
		}
	})
	a := newOAuthApp(t, nil) // its providers do not renew
	b := a.browser()
	token := b.through(web, identity("id-1", "ada@example.org")).expect(t, 200, "token").member("token")
	id := a.want("GET", "/users/me", token, "", 200, "ada").member("id")
	_, err := a.social.Renew(t.Context(), id, "acme", "access-canary")
	check(t, err, core.ErrInvalid)
	if got, err := a.social.Token(t.Context(), id, "acme"); got != "access-canary" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// overtaken is a store of tickets on which somebody else renews before a caller
// gets the lease.
type overtaken struct {
	core.TicketStore
	by func()
}

func (o *overtaken) Put(ctx context.Context, ticket core.Ticket, replace bool) error {
	if by := o.by; by != nil {
		o.by = nil
		by()
	}
	return o.TicketStore.Put(ctx, ticket, replace)
}

func TestFieldF10RenewedBeforeTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tickets := &rotating{timeless: true}, &overtaken{TicketStore: memstore.NewTickets(nil)}
		id, nodes := nodes(t, p, tickets, time.Time{})
		tickets.by = func() {
			if _, err := nodes[1].Renew(t.Context(), id, "acme", "access"); err != nil {
				t.Error(err)
			}
		}
		if got, err := nodes[0].Renew(t.Context(), id, "acme", "access"); got != "renewed 1" || err != nil || p.asked != 1 {
			t.Errorf("got %q, %v after %d renewals", got, err, p.asked)
		}
	})
}
