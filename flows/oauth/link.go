package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// linkTo links the account to u, unless it is somebody else's, while the login
// that asked for it lives: it may have ended while the provider answered. One
// that is u's already is only renewed, as a login by it does, and nothing has
// happened.
func (cb *callback) linkTo(ctx context.Context, u core.AnyUser) error {
	id := u.Base().ID
	link, err := cb.Accounts.Find(ctx, cb.provider.Name(), cb.identity.Subject)
	switch {
	case err == nil && link.UserID == id:
		if err := cb.renew(ctx, link); !errors.Is(err, errAgain) { // else unlinked meanwhile
			return core.OrUnavailable(err)
		}
	case err != nil && !errors.Is(err, core.ErrNotFound):
		return core.Unavailable(err)
	}
	commit, err := cb.svc.Events.Begin(ctx, &core.Event{
		Kind: core.EventLinked, Method: "oauth:" + cb.provider.Name(), Target: cb.provider.Name(), User: u,
		Identity: &cb.identity,
	})
	if err != nil {
		return err
	}
	for range attempts {
		made := false
		err := commit(ctx, func(ctx context.Context) error {
			made = false
			link, err := cb.Accounts.Find(ctx, cb.provider.Name(), cb.identity.Subject)
			switch {
			case err == nil && link.UserID != id:
				made = true
				return cb.makeOver(ctx, link, id)
			case err == nil:
				return cb.renew(ctx, link)
			case errors.Is(err, core.ErrNotFound):
				made = true
				return cb.create(ctx, id)
			}
			return err
		})
		if errors.Is(err, core.ErrTaken) || errors.Is(err, errAgain) {
			continue
		}
		if err == nil && made && !cb.svc.Users.Atomic() {
			err = cb.confirm(ctx, id)
		}
		return core.OrUnavailable(err)
	}
	return core.Unavailable(errAgain)
}

// makeOver links an account that is linked to a deleted user; one of a living
// user stays theirs.
func (cb *callback) makeOver(ctx context.Context, lost *core.OAuthAccount, userID string) error {
	_, err := cb.svc.Users.Find(ctx, core.ByID(lost.UserID))
	if err == nil {
		return core.Refuse(core.CodeOAuthAlreadyLinked)
	}
	if !errors.Is(err, core.ErrNotFound) {
		return err
	}
	return cb.link(ctx, userID, lost)
}

// confirm takes back a link that was made without a transaction while the login
// that asked for it ended, and ends the logins that were made by it.
func (cb *callback) confirm(ctx context.Context, userID string) error {
	ended := cb.svc.Security.StillLoggedIn(ctx)
	if ended == nil {
		return nil
	}
	link, err := cb.Accounts.Find(ctx, cb.provider.Name(), cb.identity.Subject)
	if errors.Is(err, core.ErrNotFound) || err == nil && link.UserID != userID {
		return ended
	}
	if err == nil {
		err = cb.Accounts.Delete(ctx, link.ID)
	}
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return err
	}
	// Not by the login of ctx, which has ended.
	c := core.CurrentFrom(ctx)
	system := core.WithCurrent(ctx, core.Current{Session: c.Session, User: c.User})
	if err := cb.svc.Sessions.RevokeAll(system, userID, nil); err != nil && !errors.Is(err, core.ErrNotFound) {
		return err
	}
	return ended
}

// unlink removes the user's links to the provider, unless nothing would be left
// to log in with, and ends their other logins: some may have been made by it
// (OWASP ASVS 5.0, 7.4.3). The user's row is locked meanwhile, so that two at
// once cannot both be the last but one.
func (f associate) unlink(ctx context.Context, svc *core.Services, u core.AnyUser) error {
	if !svc.Users.Atomic() {
		f.unlinking.Lock()
		defer f.unlinking.Unlock()
	}
	id := u.Base().ID
	var mine []*core.OAuthAccount
	event := &core.Event{
		Kind: core.EventUnlinked, Method: "oauth:" + f.provider.Name(), Target: f.provider.Name(), User: u,
		Keep: core.CurrentFrom(ctx).Session,
	}
	err := svc.Events.Commit(ctx, event, func(ctx context.Context) error {
		mine = nil
		u, err := svc.Users.Find(ctx, core.ByID(id))
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
		if len(mine) == 0 {
			return core.NotFound()
		}
		ways, err := svc.Security.Ways(ctx, u)
		if err != nil {
			return err
		}
		if ways <= len(mine) {
			return &core.Error{Status: http.StatusConflict, Code: core.CodeOAuthLastLoginMethod}
		}
		for _, l := range mine {
			if err := f.Accounts.Delete(ctx, l.ID); err != nil && !errors.Is(err, core.ErrNotFound) {
				return err
			}
		}
		event.User, err = svc.Users.Update(ctx, id, func(u core.AnyUser) error {
			was := *u.Base()
			event.Was = &was
			u.Base().TokenEpoch++
			return nil
		})
		return err
	})
	if errors.Is(err, core.ErrNotFound) { // the user was deleted since the guard looked
		return core.Unauthorized()
	}
	if err != nil {
		return core.OrUnavailable(err)
	}
	for _, l := range mine {
		f.giveBack(svc, f.provider, l)
	}
	return nil
}
