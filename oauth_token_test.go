package latchkey_test

import (
	"context"
	"errors"
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
	return core.OAuthTokens{Access: "renewed", Refresh: next, Expires: time.Now().Add(time.Hour)}, ctx.Err()
}

// lossy is a store of tickets on which nobody can give a lease back.
type lossy struct{ core.TicketStore }

func (lossy) Fail(context.Context, string, [32]byte, int) error { return errors.New("out of reach") }

// nodes are processes of one application, each with an *oauth.OAuth of its own
// over the same stores.
func nodes(t *testing.T, p *rotating, tickets core.TicketStore) (userID string, nodes []*oauth.OAuth) {
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
	ended := core.OAuthTokens{Access: "access", Refresh: p.good, Expires: time.Now()}
	ada, err := auth.Manager().OAuthCallback(t.Context(), "acme", identity("id-1", "ada@example.org"), ended)
	check(t, err, nil)
	return ada.ID, nodes
}

func TestOAuthTokenIsRenewedByOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &rotating{}
		id, nodes := nodes(t, p, memstore.NewTickets(nil))
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
		id, nodes := nodes(t, p, memstore.NewTickets(nil))
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
		id, nodes := nodes(t, p, lossy{memstore.NewTickets(nil)})
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
