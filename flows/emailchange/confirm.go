package emailchange

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/ownschema"
)

// ConfirmAddress makes the address of a token that of its user, verified.
// BeforeUpdate runs, and may refuse. Refusals: EMAIL_CHANGE_BAD_TOKEN; 401
// where accounts at providers or credentials open the account and the request
// is no login of its user; UPDATE_USER_EMAIL_ALREADY_EXISTS, with which the
// token stays usable. r is nil outside HTTP, where the caller vouches for who
// presents the token.
func (f Flow) ConfirmAddress(
	ctx context.Context, svc *core.Services, token string, r *core.Request,
) (core.AnyUser, error) {
	t, u, used, err := f.confirms().Find(ctx, svc, token)
	if err != nil {
		return nil, err
	}
	if u == nil || used || !stands(svc, t, u.Base()) {
		return nil, bad()
	}
	var l letter
	if json.Unmarshal(t.Data, &l) != nil {
		return nil, bad()
	}
	key, err := svc.CanonicalEmail(l.Address)
	if err != nil { // the application has another Canonicalizer now
		return nil, bad()
	}
	c := confirmation{svc: svc, t: t, address: l.Address, key: key, own: r == nil || isCaller(ctx, t.UserID)}
	err = c.mayConfirm(ctx)
	if err == nil {
		err = c.vacant(ctx)
	}
	if err != nil {
		return nil, unlessUsed(ctx, svc, t, err)
	}
	return c.write(ctx, u, r)
}

// vacant refuses an address that somebody has.
func (c *confirmation) vacant(ctx context.Context) error {
	switch owner, err := c.svc.Users.Find(ctx, core.ByEmail(c.key)); {
	case errors.Is(err, core.ErrNotFound):
		return nil
	case err != nil:
		return core.Unavailable(err)
	case owner.Base().ID == c.t.UserID: // by another request of this token
		return bad()
	}
	return core.Refuse(core.CodeUpdateEmailExists)
}

// unlessUsed is err, the refusal of a token, unless another request has used
// the token up meanwhile: then it is why, whatever has happened since.
func unlessUsed(ctx context.Context, svc *core.Services, t core.Ticket, err error) error {
	_, used := svc.Tickets.Find(ctx, t.Purpose, t.Digest)
	if errors.Is(used, core.ErrUsed) || errors.Is(used, core.ErrNotFound) {
		return bad()
	}
	return err
}

// confirmation is one of a token that was found.
type confirmation struct {
	svc          *core.Services
	t            core.Ticket
	address, key string
	own          bool // the request is a login of the user
}

// mayConfirm refuses, without a login of the user, where more than a password
// opens the account: whoever reads the mail may not be the one who uses it.
func (c *confirmation) mayConfirm(ctx context.Context) error {
	if c.own {
		return nil
	}
	mark, err := c.svc.Security.Mark(ctx, c.t.UserID, c.svc.Env.Now())
	if err != nil {
		return core.Unavailable(err)
	}
	for _, ids := range mark.IDs {
		if len(ids) > 0 {
			return core.Unauthorized()
		}
	}
	if c.svc.Credentials == nil {
		return nil
	}
	all, err := c.svc.Credentials.List(ctx, "", c.t.UserID)
	if err != nil {
		return core.Unavailable(err)
	}
	if len(all) > 0 {
		return core.Unauthorized()
	}
	return nil
}

func (c *confirmation) write(ctx context.Context, u core.AnyUser, r *core.Request) (core.AnyUser, error) {
	was := *u.Base()
	c.change(u.Base())
	e := &core.Event{Kind: core.EventUpdated, User: u, Was: &was, Fields: fields(&was, u.Base()), Request: r}
	commit, err := c.svc.Events.Begin(ctx, e)
	if err != nil {
		return nil, err
	}
	err = commit(ctx, func(ctx context.Context) error {
		// The user first, as a deletion does.
		locked, err := c.svc.Users.Lock(ctx, c.t.UserID)
		if err != nil {
			return err
		}
		if !stands(c.svc, c.t, locked.Base()) {
			return core.ErrUsed
		}
		if err := c.mayConfirm(ctx); err != nil {
			return err
		}
		was := *locked.Base()
		if _, err := c.svc.Tickets.Consume(ctx, c.t.Purpose, c.t.Digest); err != nil {
			return err
		}
		u, err := c.svc.Users.Update(ctx, c.t.UserID, func(u core.AnyUser) error {
			if !stands(c.svc, c.t, u.Base()) {
				return core.ErrUsed
			}
			c.change(u.Base())
			return nil
		})
		if err == nil {
			e.User, e.Was, e.Fields = u, &was, fields(&was, u.Base())
		}
		return err
	})
	if answer := ownschema.Answer(ctx, c.svc, ownschema.Update, err, r != nil); answer != nil {
		return nil, answer
	}
	switch {
	case errors.Is(err, core.ErrTaken):
		return nil, core.Refuse(core.CodeUpdateEmailExists)
	case errors.Is(err, core.ErrUsed), errors.Is(err, core.ErrNotFound):
		return nil, bad()
	case err != nil:
		return nil, core.OrUnavailable(err)
	}
	c.svc.Events.Raise(ctx, core.Event{Kind: core.EventEmailVerified, User: e.User, Request: r})
	return e.User, nil
}

func (c *confirmation) change(b *core.User) {
	b.Email, b.EmailKey, b.IsVerified = strings.TrimSpace(c.address), c.key, true
}

// stands reports that what the ticket froze still holds.
func stands(svc *core.Services, t core.Ticket, b *core.User) bool {
	return !b.Blocked(svc.Env.Now()) && b.EmailKey == t.Email && b.TokenEpoch == t.Epoch
}

// isCaller reports whether the request is a login of that user, in person.
func isCaller(ctx context.Context, userID string) bool {
	c := core.CurrentFrom(ctx)
	return c != nil && c.Session.UserID == userID && c.Session.InPerson()
}

// fields are the names of the columns in which two states of a user differ.
func fields(was, now *core.User) (names []string) {
	for name, differs := range map[string]bool{
		"email": was.Email != now.Email, "is_verified": was.IsVerified != now.IsVerified,
		"password": was.HashedPassword != now.HashedPassword,
	} {
		if differs {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
