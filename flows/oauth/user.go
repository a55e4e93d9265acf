package oauth

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// errAgain says that another request got ahead, and what was found out before holds no more.
var errAgain = errors.New("another request got ahead")

// attempts are enough for every loser of a race to find what the winner made.
const attempts = 5

// user gives the user of an identity: the one its account is linked to, the one who has its e-mail address where that may be linked, or a new
// one.
func (c *config) user(ctx context.Context, kit core.Kit, p Provider, out outcome, r *core.Request) (core.AnyUser, error) {
	for range attempts {
		u, err := c.userOnce(ctx, kit, p, out, r)
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

func (c *config) userOnce(ctx context.Context, kit core.Kit, p Provider, out outcome, r *core.Request) (core.AnyUser, error) {
	link, err := c.Accounts.Find(ctx, p.Name(), out.identity.Subject)
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		u, err := kit.Users.Find(ctx, core.ByID(link.UserID))
		if err == nil {
			return u, c.renew(ctx, link, out)
		}
		if !errors.Is(err, core.ErrNotFound) {
			return nil, err
		}
		// The user was deleted, or the process died between link and user: the link is good for a new user with that ID.
	}
	key, err := kit.EmailKey(out.identity.Email)
	if err != nil {
		return nil, core.Refuse(core.CodeOAuthNoEmail)
	}
	switch existing, err := kit.Users.Find(ctx, core.ByEmail(key)); {
	case err == nil:
		return c.byEmail(ctx, kit, p, out, existing, link)
	case !errors.Is(err, core.ErrNotFound):
		return nil, err
	}
	return c.newUser(ctx, kit, p, out, r, key, link)
}

// renew keeps what the provider has issued and said this time.
func (c *config) renew(ctx context.Context, link *core.OAuthAccount, out outcome) error {
	_, err := c.Accounts.Update(ctx, link.ID, func(a *core.OAuthAccount) error {
		a.Email = out.identity.Email
		c.store(a, out.tokens)
		return nil
	})
	if errors.Is(err, core.ErrNotFound) {
		return errAgain
	}
	return err
}

// byEmail links the account to the user who has its address, if that is allowed and both sides have verified it. The address of an
// unverified user may have been registered by somebody else in advance: then the proven owner takes over, and what opened the
// account before opens it no more.
func (c *config) byEmail(ctx context.Context, kit core.Kit, p Provider, out outcome, existing core.AnyUser, link *core.OAuthAccount) (core.AnyUser, error) {
	if !p.AssociateByEmail || !out.identity.Verified() {
		return nil, core.Refuse(core.CodeOAuthUserExists)
	}
	id, emailKey := existing.Base().ID, existing.Base().EmailKey
	var u core.AnyUser
	takenOver := false
	err := kit.Transact(ctx, func(ctx context.Context) (err error) {
		u, err = kit.Users.Update(ctx, id, func(u core.AnyUser) error {
			b := u.Base()
			if b.EmailKey != emailKey {
				return errAgain
			}
			if takenOver = !b.IsVerified; takenOver {
				b.HashedPassword, b.IsVerified = "", true
				b.TokenEpoch++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if takenOver {
			if err := c.unlinkAll(ctx, id); err != nil {
				return err
			}
		}
		return c.link(ctx, p, out, id, link)
	})
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrTaken) {
		return nil, errAgain
	}
	if err != nil {
		return nil, err
	}
	if takenOver {
		kit.Sessions.EndAll(ctx, u, nil)
	}
	return u, nil
}

// newUser makes user and link, both or neither: in one transaction, or else the link first, with the ID that the user will have, so that
// concurrent first logins of one account make one user.
func (c *config) newUser(ctx context.Context, kit core.Kit, p Provider, out outcome, r *core.Request, key string, link *core.OAuthAccount) (core.AnyUser, error) {
	u := kit.Users.New()
	b := u.Base()
	b.Email, b.EmailKey, b.IsActive = out.identity.Email, key, true
	b.IsVerified = p.VerifiedByDefault && out.identity.Verified()
	event := core.Event{Moment: core.Register, Method: "oauth:" + p.Name(), User: u, Request: r, Identity: &out.identity}
	if err := kit.Before(ctx, &event); err != nil {
		return nil, err
	}
	switch {
	case link != nil:
		b.ID = link.UserID
	case !kit.Atomic:
		b.ID = kit.NewID()
	}
	var err error
	if kit.Atomic {
		err = kit.Transact(ctx, func(ctx context.Context) error {
			if err := kit.Users.Create(ctx, u); err != nil {
				return err
			}
			return c.link(ctx, p, out, b.ID, link)
		})
	} else {
		err = c.linkFirst(ctx, kit, p, out, u, link)
	}
	if errors.Is(err, core.ErrTaken) || errors.Is(err, core.ErrNotFound) {
		return nil, errAgain
	}
	if err != nil {
		return nil, err
	}
	kit.After(ctx, event)
	return u, nil
}

func (c *config) linkFirst(ctx context.Context, kit core.Kit, p Provider, out outcome, u core.AnyUser, link *core.OAuthAccount) error {
	if err := c.link(ctx, p, out, u.Base().ID, link); err != nil {
		return err
	}
	err := kit.Users.Create(ctx, u)
	if err != nil && link == nil { // the address was registered meanwhile: the link, which nobody has used, goes again
		if made, findErr := c.Accounts.Find(ctx, p.Name(), out.identity.Subject); findErr == nil && made.UserID == u.Base().ID {
			err = errors.Join(err, c.Accounts.Delete(ctx, made.ID))
		}
	}
	return err
}

// link makes the account's link, or gives the one that has lost its user to userID.
func (c *config) link(ctx context.Context, p Provider, out outcome, userID string, lost *core.OAuthAccount) error {
	fill := func(a *core.OAuthAccount) error {
		a.UserID, a.Email = userID, out.identity.Email
		c.store(a, out.tokens)
		return nil
	}
	if lost != nil {
		_, err := c.Accounts.Update(ctx, lost.ID, fill)
		return err
	}
	a := &core.OAuthAccount{Provider: p.Name(), Subject: out.identity.Subject}
	_ = fill(a)
	return c.Accounts.Create(ctx, a)
}

func (c *config) unlinkAll(ctx context.Context, userID string) error {
	links, err := c.Accounts.List(ctx, userID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if err := c.Accounts.Delete(ctx, l.ID); err != nil && !errors.Is(err, core.ErrNotFound) {
			return err
		}
	}
	return nil
}
