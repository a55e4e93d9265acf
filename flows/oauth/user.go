package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/suspended"
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

// user returns the user of an identity: the one its account is linked to, the
// one who has its e-mail address where that may be linked, or a new one.
func (cb *callback) user(ctx context.Context) (core.AnyUser, error) {
	for range attempts {
		u, err := cb.userOnce(ctx)
		if errors.Is(err, errAgain) {
			continue
		}
		if refusal := (*core.Error)(nil); err == nil || errors.As(err, &refusal) {
			return u, err
		}
		return nil, core.Unavailable(err)
	}
	return nil, core.Unavailable(fmt.Errorf("the account of a login at %s changed %d times meanwhile", cb.provider.Name(),
		attempts))
}

func (cb *callback) userOnce(ctx context.Context) (core.AnyUser, error) {
	link, err := cb.Accounts.Find(ctx, cb.provider.Name(), cb.identity.Subject)
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		u, err := cb.svc.Users.Find(ctx, core.ByID(link.UserID))
		switch {
		case err == nil:
			if err := cb.admissible(u.Base()); err != nil {
				return nil, err
			}
			return u, cb.renew(ctx, link)
		case !errors.Is(err, core.ErrNotFound):
			return nil, err
		case cb.missing != link.UserID:
			return nil, cb.await(ctx, link.UserID)
		}
	}
	if cb.identity.Email == "" && cb.svc.Env.EmailOptional {
		return cb.newUser(ctx, "", link)
	}
	key, err := cb.svc.CanonicalEmail(cb.identity.Email)
	if err != nil {
		return nil, core.Refuse(core.CodeOAuthNoEmail)
	}
	switch existing, err := cb.svc.Users.Find(ctx, core.ByEmail(key)); {
	case err == nil:
		return cb.byEmail(ctx, existing, link)
	case !errors.Is(err, core.ErrNotFound):
		return nil, err
	}
	return cb.newUser(ctx, key, link)
}

// admissible is what the gate answers a user, before anything is changed.
func (cb *callback) admissible(u *core.User) error { return suspended.Refusal(u, cb.svc.Env.Now()) }

// await waits for the user of a link, who is being made or was deleted.
func (cb *callback) await(ctx context.Context, userID string) error {
	cb.missing = userID
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(making):
		return errAgain
	}
}

// renew keeps what the provider has issued and said this time.
func (cb *callback) renew(ctx context.Context, link *core.OAuthAccount) error {
	_, err := cb.Accounts.Update(ctx, link.ID, func(a *core.OAuthAccount) error {
		if a.UserID != link.UserID {
			return errAgain
		}
		a.Email = cb.identity.Email
		cb.store(a, cb.tokens)
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
func (cb *callback) byEmail(ctx context.Context, existing core.AnyUser, lost *core.OAuthAccount) (core.AnyUser, error) {
	if !cb.provider.AssociateByEmail || !cb.identity.Verified() {
		return nil, cb.somebodys(core.CodeOAuthUserExists)
	}
	id, emailKey := existing.Base().ID, existing.Base().EmailKey
	holds := func(b *core.User) error {
		if b.EmailKey != emailKey {
			return errAgain
		}
		return cb.admissible(b)
	}
	var u core.AnyUser
	takenOver, removed := false, 0
	e := &core.Event{
		Kind: core.EventLinked, Method: "oauth:" + cb.provider.Name(), Target: cb.provider.Name(), User: existing,
		Request: cb.request, Identity: &cb.identity,
	}
	err := cb.svc.Events.Commit(ctx, e, func(ctx context.Context) (err error) {
		if u, err = cb.svc.Users.Lock(ctx, id); err != nil {
			return err
		}
		if err := holds(u.Base()); err != nil {
			return err
		}
		was := *u.Base()
		removed = 0
		if takenOver = !u.Base().IsVerified; takenOver {
			u, removed, err = takeover.Update(ctx, cb.svc, id, func(u core.AnyUser, _ int) error {
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
		return cb.link(ctx, id, lost)
	})
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrTaken) {
		return nil, errAgain
	}
	if err != nil {
		return nil, err
	}
	if takenOver {
		cb.svc.Events.Raise(ctx, core.Event{
			Kind: core.EventEmailVerified, User: u, Request: cb.request, Identity: &cb.identity,
		})
	}
	if removed > 0 {
		cb.svc.Events.Raise(ctx, core.Event{Kind: core.EventFactorRemoved, User: u, Request: cb.request})
	}
	return u, nil
}

// link makes the account's link to userID. One that has lost its user is made
// over: whatever was issued to that user is for an ID that is never used again.
func (cb *callback) link(ctx context.Context, userID string, lost *core.OAuthAccount) error {
	if lost == nil {
		return cb.create(ctx, userID)
	}
	_, err := cb.Accounts.Update(ctx, lost.ID, func(l *core.OAuthAccount) error {
		if l.UserID != lost.UserID {
			return errAgain
		}
		l.UserID, l.Email = userID, cb.identity.Email
		cb.store(l, cb.outcome.tokens)
		return nil
	})
	if errors.Is(err, core.ErrNotFound) { // forgotten meanwhile, as its user is gone
		return errAgain
	}
	return err
}

// create makes a link of a provider's account to a user.
func (cb *callback) create(ctx context.Context, userID string) error {
	l := &core.OAuthAccount{
		Provider: cb.provider.Name(), Subject: cb.identity.Subject, UserID: userID, Email: cb.identity.Email,
	}
	cb.store(l, cb.tokens)
	return cb.Accounts.Create(ctx, l)
}
