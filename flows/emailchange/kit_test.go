package emailchange_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/flowtest"
)

// atOnce are jobs that run in the request.
type atOnce struct{ core.Jobs }

func (atOnce) EnqueueMail(_ string, do func(context.Context) error) { _ = do(context.Background()) }

// box keeps mails.
type box struct{ mails []core.Mail }

func (b *box) Send(_ context.Context, m core.Mail) error {
	b.mails = append(b.mails, m)
	return nil
}

// moving lets a user ask for another address by a route, and returns the tokens
// of the mails by their kinds.
func moving(
	ctx context.Context, svc *core.Services, f emailchange.Flow, u core.AnyUser, route string,
) (map[string]string, error) {
	own, kept := *svc, &box{}
	own.Jobs, own.Mail = atOnce{svc.Jobs}, kept
	was, planned := *u.Base(), own.Users.New()
	*planned.Base() = was
	planned.Base().Email = "new." + was.Email
	e := &core.Event{Kind: core.EventUpdated, At: own.Env.Now(), Route: route, User: planned, Was: &was}
	if err := f.Decide(ctx, &own, e); err != nil {
		return nil, err
	}
	stored, err := own.Users.Update(ctx, was.ID, func(u core.AnyUser) error {
		b := u.Base()
		if planned.Base().Email != b.Email {
			b.Email, b.EmailKey, b.IsVerified = planned.Base().Email, strings.ToLower(planned.Base().Email), false
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.User = stored
	f.On(ctx, &own, *e)
	tokens := map[string]string{}
	for _, m := range kept.mails {
		tokens[m.Kind] = m.Token
	}
	return tokens, nil
}

func newApp(t *testing.T, f core.Flow) core.Group {
	return authtest.New(t, latchkey.Options[member]{Flows: []latchkey.Flow{f}}).Flow(f.Name())
}

func TestConformanceOfConfirmations(t *testing.T) {
	t.Parallel()
	f := emailchange.Flow{Confirm: true}
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return f },
		New:  newApp,
		Grant: func(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
			tokens, err := moving(ctx, svc, f, u, "users:patch_current_user")
			return tokens[core.MailEmailChange], err
		},
		Use: func(token string) flowtest.Request {
			return flowtest.Request{Route: "POST /email/confirm", JSON: fmt.Sprintf(`{"token": %q}`, token)}
		},
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return strings.HasPrefix(u.Base().Email, "new."), nil
		},
		Lifetime: 24 * time.Hour,
	})
}

func TestConformanceOfUndoings(t *testing.T) {
	t.Parallel()
	f := emailchange.Flow{}
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return f },
		New:  newApp,
		Grant: func(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
			tokens, err := moving(ctx, svc, f, u, "users:patch_user")
			return tokens[core.MailEmailUndo], err
		},
		Use: func(token string) flowtest.Request {
			return flowtest.Request{Route: "POST /email/undo", JSON: fmt.Sprintf(`{"token": %q}`, token)}
		},
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return !strings.HasPrefix(u.Base().Email, "new.") && u.Base().TokenEpoch > 0 && u.Base().IsVerified, nil
		},
		Lifetime: 7 * 24 * time.Hour,
		// It brings an account back that somebody else is in, and logs
		// nobody in.
		Survives: []flowtest.Change{flowtest.Epoch, flowtest.Address, flowtest.Deactivation, flowtest.Suspension},
	})
}
