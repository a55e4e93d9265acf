package ticket

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Request is the handler of a route that takes an e-mail address and may send a mail: 202 null, whoever asks, within the limit of requests.
// wants tells whether a known user gets one; after happens once the mail is queued.
func Request(kit core.Kit, k Kind, wants func(*core.User) bool, after core.Moment) func(context.Context, *core.Request) (*core.Response, error) {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadJSON(r)
		if err != nil {
			return nil, err
		}
		email, problem := in.Required("email")
		if problem != nil {
			return nil, core.Invalid(*problem)
		}
		key, err := kit.EmailKey(email)
		if err != nil {
			return nil, core.Invalid(core.BadValue("email", err.Error()))
		}
		if err := core.WithinNetwork(ctx, kit.Limiter, k.Name, r.Remote, k.Requests); err != nil {
			return nil, err
		}
		if err := Ask(ctx, kit, k, key, wants, after); err != nil {
			return nil, err
		}
		return core.NewResponse(http.StatusAccepted, core.Null), nil
	}
}

// Ask is Request outside HTTP. The user is looked up now, so that a store that is down is told; all that only an existing user causes
// happens later, so that the time tells nothing.
func Ask(ctx context.Context, kit core.Kit, k Kind, emailKey string, wants func(*core.User) bool, after core.Moment) error {
	u, err := kit.Users.Find(ctx, core.ByEmail(emailKey))
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return core.Unavailable(err)
	}
	send := job(kit, k, u, func(ctx context.Context) { kit.After(ctx, core.Event{Moment: after, User: u}) })
	kit.Later(k.Name+" mail", func(ctx context.Context) error {
		if u == nil || !wants(u.Base()) {
			return nil
		}
		return send(ctx)
	})
	return nil
}

// Later makes a ticket for u and its mail in the background, unless u's address had its share of them.
func Later(kit core.Kit, k Kind, u core.AnyUser) {
	kit.Later(k.Name+" mail", job(kit, k, u, func(context.Context) {}))
}

// job makes the ticket and the mail, and may be tried again. It counts one mail however often it is.
func job(kit core.Kit, k Kind, u core.AnyUser, then func(context.Context)) func(context.Context) error {
	counted := false
	return func(ctx context.Context) error {
		if !counted {
			wait, err := kit.Limiter.Take(ctx, fmt.Sprintf("%s-mails:%x", k.Name, core.Digest(u.Base().EmailKey)), k.Mails)
			if err != nil {
				return err
			}
			if wait > 0 {
				kit.Log.InfoContext(ctx, "latchkey: a mail was asked for and not sent, the address had its share", "mail", k.Name, "user", u.Base().ID)
				return nil
			}
		}
		counted = true
		if err := mail(ctx, kit, k, u); err != nil {
			return err
		}
		then(ctx)
		return nil
	}
}
