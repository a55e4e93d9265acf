package apikey

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/adding"
)

// Make makes a key for a user, and returns it: nobody learns it afterwards.
// Refusals: a 422, API_KEY_LIMIT. r is nil outside HTTP.
func (f Flow) Make(
	ctx context.Context, svc *core.Services, u core.AnyUser, w Wanted, r *core.Request,
) (token string, made Key, err error) {
	if err := f.check(w); err != nil {
		return "", Key{}, err
	}
	if w.Lifetime == 0 && f.s.options.Lifetime != InsecureForever {
		w.Lifetime = f.s.options.Lifetime
	}
	e := &core.Event{Kind: core.EventKeyMade, User: u, Request: r}
	return f.add(ctx, svc, e, u, func(_ context.Context, create func(w Wanted, max int) error) error {
		return create(w, f.s.options.PerUser)
	})
}

// Rotate makes a key in place of a user's, with its name, scopes and lifetime.
// The old one ends Options.Overlap later, or when it expires if that is sooner.
// Refusals: the plain 404; API_KEY_ROTATED, for a key has one successor;
// API_KEY_LIMIT, beyond twice Options.PerUser. r is nil outside HTTP.
func (f Flow) Rotate(
	ctx context.Context, svc *core.Services, u core.AnyUser, id string, r *core.Request,
) (token string, made Key, err error) {
	e := &core.Event{Kind: core.EventKeyRotated, User: u, Request: r}
	var old *core.Credential
	token, made, err = f.add(ctx, svc, e, u, func(ctx context.Context, create func(w Wanted, max int) error) error {
		var d data
		old, err = own(ctx, svc.Credentials, u.Base().ID, id)
		if err == nil {
			d, err = dataOf(old)
		}
		if err != nil {
			return err
		}
		if err := create(f.like(old, d), 2*f.s.options.PerUser); err != nil {
			return err
		}
		_, err = svc.Credentials.Update(ctx, Kind, old.Owner, id, f.replaced)
		return err
	})
	if err == nil {
		f.s.drop(old)
	}
	return token, made, err
}

// like is a successor.
func (f Flow) like(old *core.Credential, d data) Wanted {
	w := Wanted{Name: old.Label, Scopes: d.Scopes}
	longest := f.s.options.Lifetime
	if !old.Expires.IsZero() {
		w.Lifetime = old.Expires.Sub(old.Created)
	}
	if longest != InsecureForever && (w.Lifetime == 0 || w.Lifetime > longest) {
		w.Lifetime = longest
	}
	return w
}

// replaced changes a key that has got a successor.
func (f Flow) replaced(c *core.Credential) error {
	d, err := dataOf(c)
	if err != nil {
		return err
	}
	if d.Rotated {
		return &core.Error{Code: core.CodeAPIKeyRotated, Status: http.StatusConflict}
	}
	d.Rotated = true
	if c.Data, err = json.Marshal(d); err != nil {
		return err
	}
	end := f.s.options.Now().Add(max(f.s.options.Overlap, 0))
	if c.Expires.IsZero() || end.Before(c.Expires) {
		c.Expires = end
	}
	return nil
}

// add commits a change that creates one key.
func (f Flow) add(
	ctx context.Context, svc *core.Services, e *core.Event, u core.AnyUser,
	do func(ctx context.Context, create func(w Wanted, max int) error) error,
) (token string, made Key, err error) {
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return "", Key{}, core.OrUnavailable(err)
	}
	if token, err = newToken(f.s.options.Random, f.s.prefix); err != nil {
		return "", Key{}, core.Unavailable(err)
	}
	err = adding.Commit(ctx, svc, commit, func(ctx context.Context, create adding.Create) error {
		return do(ctx, func(w Wanted, max int) error {
			c, err := f.credential(u.Base().ID, token, w)
			if err != nil {
				return err
			}
			if c.ID, err = create(ctx, c, max); err != nil {
				return err
			}
			e.Target = c.ID
			made, err = keyFrom(&c)
			return err
		})
	})
	switch {
	case errors.Is(err, core.ErrFull):
		return "", Key{}, core.Refuse(core.CodeAPIKeyLimit)
	case errors.Is(err, core.ErrNotFound):
		return "", Key{}, core.NotFound()
	case err != nil:
		return "", Key{}, core.OrUnavailable(err)
	}
	return token, made, nil
}

// credential is what is stored of a key.
func (f Flow) credential(owner, token string, w Wanted) (core.Credential, error) {
	encoded, err := json.Marshal(data{Hint: token[len(token)-hintLen:], Scopes: w.Scopes})
	c := core.Credential{
		Owner: owner, Kind: Kind, Key: keyOf(core.Digest(token)), Label: w.Name, Data: encoded,
		Created: f.s.options.Now().UTC().Truncate(time.Microsecond),
	}
	if w.Lifetime > 0 {
		c.Expires = c.Created.Add(w.Lifetime)
	}
	return c, err
}
