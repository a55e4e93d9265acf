package maillogin

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// tell raises a refused login. The user of the ticket's address is looked up,
// and the hook runs, as late as a mail is made: neither the answer nor the next
// one takes longer than for the address of nobody. t is zero where there is no
// ticket.
func tell(ctx context.Context, svc *core.Services, t core.Ticket, r *core.Request, refusal error) {
	if !isBad(refusal) {
		return
	}
	e := refused(svc)
	if t.Email == "" {
		e.Request = r
		svc.Events.Raise(ctx, e)
		return
	}
	e.Route, e.Actor.Kind = r.Route, "nobody"
	e.Client = core.Client{IP: r.Remote, Label: useragent.Label(core.Line(r, "User-Agent"))}
	svc.Jobs.EnqueueMail("refused login by mail", func(ctx context.Context) error {
		u, err := svc.Users.Find(ctx, core.ByEmail(t.Email))
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return err
		}
		if err == nil {
			e.User = u
		}
		svc.Events.Raise(ctx, e)
		return nil
	})
}

// refused is the event of a link or a code that is not right.
func refused(svc *core.Services) core.Event {
	return core.Event{
		Kind: core.EventLoginFailed, At: svc.Env.Now().UTC(), Backend: svc.Backend.Name, Method: core.MethodEmail,
		Code: core.CodeMailLoginBadCode,
	}
}
