package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// linkTo links the account to u, unless it is somebody else's, while the login
// that asked for it lives: it may have ended while the provider was asked.
func (f associate) linkTo(ctx context.Context, kit core.Kit, u core.AnyUser, out outcome) error {
	id := u.Base().ID
	for range attempts {
		made := false
		err := kit.Recheck(ctx, nil, func(ctx context.Context) error {
			made = false
			link, err := f.Accounts.Find(ctx, f.provider.Name(), out.identity.Subject)
			switch {
			case err == nil && link.UserID != id:
				made = true
				return f.makeOver(ctx, kit, link, out, id)
			case err == nil:
				return f.renew(ctx, link, out)
			case errors.Is(err, core.ErrNotFound):
				made = true
				return f.create(ctx, f.provider, out, id)
			}
			return err
		})
		if errors.Is(err, core.ErrTaken) || errors.Is(err, errAgain) {
			continue
		}
		if err == nil && made && !kit.Atomic {
			err = f.confirm(ctx, kit, id, out)
		}
		return refusal(err)
	}
	return core.Unavailable(errAgain)
}

// makeOver links an account that is linked to a deleted user; one of a living
// user stays theirs.
func (f associate) makeOver(
	ctx context.Context, kit core.Kit, lost *core.OAuthAccount, out outcome, userID string,
) error {
	_, err := kit.Users.Find(ctx, core.ByID(lost.UserID))
	if err == nil {
		return core.Refuse(core.CodeOAuthAlreadyLinked)
	}
	if !errors.Is(err, core.ErrNotFound) {
		return err
	}
	a := &arrival{config: f.config, kit: kit, provider: f.provider, outcome: out}
	return a.link(ctx, userID, lost)
}

// confirm takes back a link that was made without a transaction while the login
// that asked for it ended, and ends the logins that were made by it.
func (f associate) confirm(ctx context.Context, kit core.Kit, userID string, out outcome) error {
	ended := kit.Recheck(ctx, nil, func(context.Context) error { return nil })
	if ended == nil {
		return nil
	}
	link, err := f.Accounts.Find(ctx, f.provider.Name(), out.identity.Subject)
	if errors.Is(err, core.ErrNotFound) || err == nil && link.UserID != userID {
		return ended
	}
	if err == nil {
		err = f.Accounts.Delete(ctx, link.ID)
	}
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return err
	}
	u, err := kit.Users.Update(ctx, userID, func(u core.AnyUser) error {
		u.Base().TokenEpoch++
		return nil
	})
	switch {
	case err == nil:
		kit.Sessions.EndAll(ctx, u, nil)
	case !errors.Is(err, core.ErrNotFound):
		return err
	}
	return ended
}

// unlink removes the user's links to the provider, unless nothing would be left
// to log in with. The user's row is locked meanwhile, so that two at once
// cannot both be the last but one.
func (f associate) unlink(ctx context.Context, kit core.Kit, u core.AnyUser) error {
	if !kit.Atomic {
		f.unlinking.Lock()
		defer f.unlinking.Unlock()
	}
	id := u.Base().ID
	var mine []*core.OAuthAccount
	err := kit.Recheck(ctx, nil, func(ctx context.Context) error {
		mine = nil
		u, err := kit.Users.Find(ctx, core.ByID(id))
		if err != nil {
			return err
		}
		links, err := f.Accounts.List(ctx, id)
		if err != nil {
			return err
		}
		for _, l := range links {
			if l.Provider == f.provider.Name() {
				mine = append(mine, l)
			}
		}
		switch {
		case len(mine) == 0:
			return core.NotFound()
		case len(mine) == len(links) && u.Base().HashedPassword == "":
			return &core.Error{Status: http.StatusConflict, Code: core.CodeOAuthLastLoginMethod}
		}
		for _, l := range mine {
			if err := f.Accounts.Delete(ctx, l.ID); err != nil && !errors.Is(err, core.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, core.ErrNotFound) { // the user was deleted since the guard looked
		return core.Unauthorized()
	}
	if err != nil {
		return refusal(err)
	}
	for _, l := range mine {
		f.giveBack(kit, f.provider, l)
	}
	return nil
}

// refusal is err where it is an answer, else a 503; nil for nil.
func refusal(err error) error {
	if e := (*core.Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return core.Unavailable(err)
}
