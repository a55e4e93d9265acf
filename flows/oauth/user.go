package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/takeover"
)

// errAgain says that another request got ahead, and what was found out before
// holds no more.
var errAgain = errors.New("another request got ahead")

const (
	// attempts are enough for every loser of a race to find what the winner
	// made.
	attempts = 5
	// making is how long another request may take to make the user of a
	// link that it has made. Without transactions the link comes first.
	making = 200 * time.Millisecond
)

// arrival is one login at a provider, on its way to a user.
type arrival struct {
	*config
	svc      *core.Services
	provider Provider
	outcome
	request *core.Request
	// new is the user that BeforeRegister has seen; nil before.
	new    *core.Event
	commit core.Commit // of new
	// missing is the ID of a link's user that was not there a moment ago.
	missing string
}

// user returns the user of an identity: the one its account is linked to, the
// one who has its e-mail address where that may be linked, or a new one.
func (c *config) user(
	ctx context.Context, svc *core.Services, p Provider, out outcome, r *core.Request,
) (core.AnyUser, error) {
	a := &arrival{config: c, svc: svc, provider: p, outcome: out, request: r}
	for range attempts {
		u, err := a.user(ctx)
		if errors.Is(err, errAgain) {
			continue
		}
		if refusal := (*core.Error)(nil); err == nil || errors.As(err, &refusal) {
			return u, err
		}
		return nil, core.Unavailable(err)
	}
	return nil, core.Unavailable(fmt.Errorf("the account of a login at %s changed %d times meanwhile", p.Name(), attempts))
}

func (a *arrival) user(ctx context.Context) (core.AnyUser, error) {
	link, err := a.Accounts.Find(ctx, a.provider.Name(), a.identity.Subject)
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		u, err := a.svc.Users.Find(ctx, core.ByID(link.UserID))
		switch {
		case err == nil && u.Base().Blocked(a.svc.Env.Now()): // as the gate answers, before anything is changed
			return nil, core.Refuse(core.CodeLoginBadCredentials)
		case err == nil:
			return u, a.renew(ctx, link, a.outcome)
		case !errors.Is(err, core.ErrNotFound):
			return nil, err
		case a.missing != link.UserID:
			return nil, a.await(ctx, link.UserID)
		}
	}
	key, err := a.svc.Identify(a.identity.Email)
	if err != nil {
		return nil, core.Refuse(core.CodeOAuthNoEmail)
	}
	switch existing, err := a.svc.Users.Find(ctx, core.ByEmail(key)); {
	case err == nil:
		return a.byEmail(ctx, existing, link)
	case !errors.Is(err, core.ErrNotFound):
		return nil, err
	}
	return a.newUser(ctx, key, link)
}

// await waits for the user of a link, who is being made or was deleted.
func (a *arrival) await(ctx context.Context, userID string) error {
	a.missing = userID
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(making):
		return errAgain
	}
}

// renew keeps what the provider has issued and said this time.
func (c *config) renew(ctx context.Context, link *core.OAuthAccount, out outcome) error {
	_, err := c.Accounts.Update(ctx, link.ID, func(a *core.OAuthAccount) error {
		if a.UserID != link.UserID {
			return errAgain
		}
		a.Email = out.identity.Email
		c.store(a, out.tokens)
		return nil
	})
	if errors.Is(err, core.ErrNotFound) {
		return errAgain
	}
	return err
}

// byEmail links the account to the user who has its address, if that is allowed
// and both sides have verified it. The address of an unverified user may have
// been registered by somebody else in advance: then the proven owner takes
// over, and what opened the account before opens it no more.
func (a *arrival) byEmail(ctx context.Context, existing core.AnyUser, lost *core.OAuthAccount) (core.AnyUser, error) {
	if !a.provider.AssociateByEmail || !a.identity.Verified() {
		return nil, core.Refuse(core.CodeOAuthUserExists)
	}
	id, emailKey := existing.Base().ID, existing.Base().EmailKey
	holds := func(b *core.User) error {
		switch {
		case b.EmailKey != emailKey:
			return errAgain
		case b.Blocked(a.svc.Env.Now()):
			return core.Refuse(core.CodeLoginBadCredentials)
		}
		return nil
	}
	var u core.AnyUser
	takenOver := false
	e := &core.Event{
		Kind: core.EventLinked, Method: "oauth:" + a.provider.Name(), Target: a.provider.Name(), User: existing,
		Request: a.request, Identity: &a.identity,
	}
	err := a.svc.Events.Commit(ctx, e, func(ctx context.Context) (err error) {
		if u, err = a.svc.Users.Lock(ctx, id); err != nil {
			return err
		}
		if err := holds(u.Base()); err != nil {
			return err
		}
		was := *u.Base()
		if takenOver = !u.Base().IsVerified; takenOver {
			u, _, err = takeover.Update(ctx, a.svc, id, func(u core.AnyUser, _ int) error {
				b := u.Base()
				if err := holds(b); err != nil {
					return err
				}
				b.HashedPassword, b.IsVerified = "", true
				b.TokenEpoch++
				return nil
			})
			if err != nil {
				return err
			}
		}
		e.User, e.Was = u, &was
		return a.link(ctx, id, lost)
	})
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrTaken) {
		return nil, errAgain
	}
	if err != nil {
		return nil, err
	}
	if takenOver {
		a.svc.Events.Raise(ctx, core.Event{Kind: core.EventEmailVerified, User: u, Request: a.request, Identity: &a.identity})
	}
	return u, nil
}

// link makes the account's link to userID. One that has lost its user is made
// over: whatever was issued to that user is for an ID that is never used again.
func (a *arrival) link(ctx context.Context, userID string, lost *core.OAuthAccount) error {
	if lost == nil {
		return a.create(ctx, a.provider, a.outcome, userID)
	}
	_, err := a.Accounts.Update(ctx, lost.ID, func(l *core.OAuthAccount) error {
		if l.UserID != lost.UserID {
			return errAgain
		}
		l.UserID, l.Email = userID, a.identity.Email
		a.store(l, a.outcome.tokens)
		return nil
	})
	return err
}

// create makes a link of a provider's account to a user.
func (c *config) create(ctx context.Context, p Provider, out outcome, userID string) error {
	l := &core.OAuthAccount{Provider: p.Name(), Subject: out.identity.Subject, UserID: userID, Email: out.identity.Email}
	c.store(l, out.tokens)
	return c.Accounts.Create(ctx, l)
}
