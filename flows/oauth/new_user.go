package oauth

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/newcomer"
	"github.com/latchkey-go/latchkey/internal/ownschema"
)

// newUser makes user and link, both or neither: in one transaction, or else the
// link first, with the ID that the user will have, so that concurrent first
// logins of one account make one user. A lost link is made over to the new
// user. What the application's own schema refuses is answered as where somebody
// registers.
func (cb *callback) newUser(ctx context.Context, key string, lost *core.OAuthAccount) (core.AnyUser, error) {
	if err := cb.introduce(ctx, key); err != nil {
		return nil, err
	}
	u := cb.new.User
	var err, linking error
	if cb.svc.Users.Atomic() {
		err = cb.commit(ctx, func(ctx context.Context) error {
			u.Base().ID, linking = "", nil // that of a run which was undone
			if err := cb.svc.Users.Create(ctx, u); err != nil {
				return err
			}
			linking = cb.link(ctx, u.Base().ID, lost)
			return linking
		})
	} else {
		err = cb.commit(ctx, func(ctx context.Context) error { return cb.linkFirst(ctx, u, lost) })
	}
	if errors.Is(err, core.ErrTaken) || errors.Is(err, core.ErrNotFound) {
		return nil, errAgain
	}
	answer := ownschema.Answer(ctx, cb.svc, ownschema.Register, err, cb.request != nil)
	if answer != nil && linking == nil { // no column of a link is the application's
		return nil, answer
	}
	if err != nil {
		return nil, err
	}
	return u, nil
}

// introduce asks BeforeRegister about the new user, once however often another
// request gets ahead. The hook may edit the address: then it must be free, and
// the provider's word does not verify it.
func (cb *callback) introduce(ctx context.Context, key string) error {
	if cb.new == nil {
		u := cb.svc.Users.New()
		b := u.Base()
		b.Email, b.EmailKey, b.IsActive = cb.identity.Email, key, true
		b.IsVerified = cb.provider.VerifiedByDefault && cb.identity.Verified()
		event := core.Event{
			Kind: core.EventRegistered, Method: "oauth:" + cb.provider.Name(), User: u, Request: cb.request,
			Identity: &cb.identity,
		}
		commit, err := newcomer.Introduce(ctx, cb.svc, &event)
		if err != nil {
			return err
		}
		cb.new, cb.commit = &event, commit
	}
	if err := cb.nameTaken(ctx); err != nil {
		return err
	}
	edited := cb.new.User.Base().EmailKey
	if edited == key {
		return nil
	}
	_, err := cb.svc.Users.Find(ctx, core.ByEmail(edited))
	switch {
	case err == nil:
		return cb.somebodys(core.CodeOAuthUserExists)
	case errors.Is(err, core.ErrNotFound):
		return nil
	}
	return err
}

// nameTaken refuses a name that the hook has set and somebody has.
func (cb *callback) nameTaken(ctx context.Context) error {
	err := newcomer.NameTaken(ctx, cb.svc, cb.new.User)
	if errors.Is(err, core.Refuse(core.CodeRegisterNameExists)) {
		return cb.somebodys(core.CodeRegisterNameExists)
	}
	return err
}

// somebodys refuses an address or a name that somebody has: not at once, as
// that may be the same person, whose other login got ahead and has made the
// link.
func (cb *callback) somebodys(code string) error {
	if !cb.seen {
		cb.seen = true
		return errAgain
	}
	return core.Refuse(code)
}

// linkFirst makes the link and then its user. Of two who take turns at a lost
// link each reads what the other writes, after writing, so that one sees it.
func (cb *callback) linkFirst(ctx context.Context, u core.AnyUser, lost *core.OAuthAccount) error {
	id := cb.svc.Users.NewID()
	u.Base().ID = id
	if err := cb.link(ctx, id, lost); err != nil {
		return err
	}
	if lost != nil {
		switch _, err := cb.svc.Users.Find(ctx, core.ByID(lost.UserID)); {
		case err == nil: // made late: the link is theirs
			made := *lost
			made.UserID = id
			return errors.Join(errAgain, cb.link(ctx, lost.UserID, &made))
		case !errors.Is(err, core.ErrNotFound):
			return err
		}
	}
	err := cb.svc.Users.Create(ctx, u)
	mine, findErr := cb.Accounts.Find(ctx, cb.provider.Name(), cb.identity.Subject)
	isMine := findErr == nil && mine.UserID == id
	switch {
	case err != nil && isMine: // the address was registered meanwhile: the link, which nobody has used, goes again
		return errors.Join(err, cb.Accounts.Delete(ctx, mine.ID))
	case err != nil || isMine:
		return err
	}
	// Another login took this one for one that had died, and made the link
	// over.
	return errors.Join(errAgain, cb.svc.Users.Delete(ctx, id))
}
