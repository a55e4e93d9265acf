package ticket

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Request is the handler of a route that takes an e-mail address and may send a mail: 202 null, whoever asks. wants tells whether a known
// user gets one; after happens once the mail is queued.
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
	kit.Later(k.Name+" mail", func(ctx context.Context) error {
		if u == nil || !wants(u.Base()) {
			return nil
		}
		if err := Mail(ctx, kit, k, u); err != nil {
			return err
		}
		kit.After(ctx, core.Event{Moment: after, User: u})
		return nil
	})
	return nil
}
