package flowtest_test

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// fake is a flow that mails a token which verifies its user's address, and
// keeps every rule but the one that is broken.
type fake struct{ broken string }

const lifetime = time.Hour

func (fake) Name() string            { return "fake" }
func (fake) PerBackend() bool        { return false }
func (f fake) is(broken string) bool { return f.broken == broken }

func (f fake) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{
		{
			Name: "fake:ask", Method: http.MethodPost, Pattern: "/ask", Public: true,
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.ask(ctx, svc, r) },
		},
		{
			Name: "fake:use", Method: http.MethodPost, Pattern: "/use", Public: true,
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				in, err := core.ReadStrings(r, "token")
				if err != nil {
					return nil, err
				}
				return f.use(ctx, svc, in[0], r)
			},
		},
		{
			Name: "fake:page", Method: http.MethodGet, Pattern: "/page/{token}", Public: true,
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				if f.is("GET uses it up") {
					return f.use(ctx, svc, r.Param("token"), r)
				}
				return core.HTML(http.StatusOK, []byte("<button>Verify</button>")), nil
			},
		},
	}, nil
}

func (f fake) ask(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadStrings(r, "email")
	if f.is("cannot read") && err != nil {
		return nil, errors.New("cannot read")
	}
	if err != nil {
		return nil, err
	}
	key, err := svc.Identify(in[0])
	if err != nil && !f.is("takes any address") {
		return nil, core.Invalid(core.BadValue("email", err.Error()))
	}
	if !f.is("no limit of requests") {
		err := core.CheckNetworkLimit(ctx, svc.Limiter, "fake", r.Remote, core.Limit{Events: 20, Window: time.Minute})
		if refusal := (*core.Error)(nil); errors.As(err, &refusal) && f.is("429 without Retry-After") {
			refusal.Header = nil
		}
		if err != nil {
			return nil, err
		}
	}
	_, err = svc.Users.Find(ctx, core.ByEmail("nobody at all"))
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		if f.is("an outage is a 404") {
			return nil, core.NotFound()
		}
		return nil, core.Unavailable(err)
	}
	answer, err := core.JSON(http.StatusAccepted, nil)
	if err != nil {
		return nil, err
	}
	raw, _, _ := core.NewSecret(svc.Env.Random)
	job := func(ctx context.Context) error { return f.send(ctx, svc, raw, key, in[0], r) }
	switch {
	case f.is("answers with the token"):
		answer.Body = []byte(`"` + raw + `"`)
	case f.is("looks up first"):
		_, _ = svc.Users.Find(ctx, key)
	case f.is("looks for names first"):
		if key.Kind == "username" {
			_, _ = svc.Users.Find(ctx, key)
		}
	case f.is("says who has a name") && key.Kind == "username":
		if u, err := svc.Users.Find(context.WithoutCancel(ctx), key); err == nil {
			answer.Header = http.Header{"X-User": {u.Base().ID}}
		}
	case f.is("says who is registered"):
		if _, err := svc.Users.Find(ctx, key); err != nil {
			return nil, core.NotFound()
		}
	case f.is("mails in the request"):
		return answer, job(ctx)
	case f.is("a goroutine of its own"):
		go func() {
			time.Sleep(time.Second)
			_ = job(context.WithoutCancel(ctx))
		}()
		return answer, nil
	case f.is("queues by Enqueue"):
		svc.Jobs.Enqueue("fake", job)
		return answer, nil
	}
	svc.Jobs.EnqueueMail("fake", job)
	return answer, nil
}

func (f fake) send(
	ctx context.Context, svc *core.Services, raw string, key core.Key, typed string, r *core.Request,
) error {
	u, err := svc.Users.Find(ctx, key)
	if errors.Is(err, core.ErrNotFound) {
		if f.is("mails to nobody") {
			return svc.Mail.Send(ctx, core.Mail{To: typed, Kind: "fake", Token: "x"})
		}
		return nil
	}
	b := u.Base()
	if b.Blocked(svc.Env.Now()) && !f.is("mails the blocked") {
		return nil
	}
	if b.Email == "" && !f.is("mails without an address") {
		return nil
	}
	counted := b.EmailKey
	if f.is("a count for each identifier") {
		counted = key.Value
	}
	wait, err := svc.Limiter.Allow(ctx, core.LimitKey("fake-mails", counted), core.Limit{Events: 5, Window: time.Hour})
	if wait > 0 && !f.is("no limit of mails") {
		return nil
	}
	if err != nil {
		return err
	}
	works := lifetime
	switch {
	case f.is("never expires"):
		works = 10000 * lifetime
	case f.is("expires early"):
		works = lifetime / 2
	}
	t := core.Ticket{
		Digest: core.Digest(raw), Purpose: "fake", UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch,
		Expires: svc.Env.Now().Add(works),
	}
	m := core.Mail{To: b.Email, Kind: "fake", Token: raw, Link: svc.Env.BaseURL.String() + "/fake#" + raw}
	switch {
	case f.is("the link has the Host"):
		m.Link = "https://" + r.Host() + "/fake#" + raw
	case f.is("mails to what was typed"):
		m.To = typed
	}
	return errors.Join(svc.Tickets.Put(ctx, t, true), svc.Mail.Send(ctx, m))
}

func (f fake) use(ctx context.Context, svc *core.Services, raw string, r *core.Request) (*core.Response, error) {
	if !f.is("no limit of guesses") {
		err := core.CheckNetworkLimit(ctx, svc.Limiter, "fake-use", r.Remote, core.Limit{Events: 20, Window: time.Minute})
		if err != nil {
			return nil, err
		}
	}
	bad := core.Refuse("FAKE_BAD_TOKEN")
	if f.is("an end without a sign") && len(raw) > core.SecretLen {
		raw = raw[:core.SecretLen]
	}
	t, err := svc.Tickets.Find(ctx, "fake", core.Digest(raw))
	if f.is("any purpose") && errors.Is(err, core.ErrNotFound) {
		t, err = svc.Tickets.Find(ctx, "flowtest", core.Digest(raw))
	}
	used := errors.Is(err, core.ErrUsed)
	switch {
	case f.is("the second one is let through") && used:
		return core.Empty(http.StatusNoContent), nil
	case errors.Is(err, core.ErrNotFound), used && !f.is("looks before it leaps"):
		return nil, bad
	case err != nil && !used && f.is("an outage is a 404"):
		return nil, core.NotFound()
	case err != nil && !used && f.is("an outage is no answer"):
		return nil, err
	case err != nil && !used:
		return nil, core.Unavailable(err)
	case used:
		return nil, bad
	}
	u, err := svc.Users.Find(ctx, core.ByID(t.UserID))
	if errors.Is(err, core.ErrNotFound) {
		if f.is("the gone are no matter") {
			return core.Empty(http.StatusNoContent), nil
		}
		return nil, bad
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	b := u.Base()
	stale := b.TokenEpoch != t.Epoch && !f.is("the epoch is no matter") ||
		b.EmailKey != t.Email && !f.is("the address is no matter") ||
		!b.IsActive && !f.is("inactivity is no matter") ||
		svc.Env.Now().Before(b.SuspendedUntil) && !f.is("a suspension is no matter")
	if stale && !f.is("refuses and does it") {
		return nil, bad
	}
	if f.is("looks before it leaps") {
		time.Sleep(time.Millisecond) // others look meanwhile
	}
	if _, err = svc.Tickets.Consume(ctx, t.Purpose, t.Digest); err != nil && !f.is("looks before it leaps") {
		return nil, bad
	}
	if !f.is("does nothing") {
		_, err = svc.Users.Update(ctx, b.ID, func(u core.AnyUser) error {
			u.Base().IsVerified = true
			return nil
		})
	}
	if err != nil && !errors.Is(err, core.ErrUsed) {
		return nil, core.Unavailable(err)
	}
	if stale {
		return nil, bad
	}
	return core.Empty(http.StatusNoContent), nil
}

// receiver is a user who may have a gift.
type receiver struct {
	latchkey.User
	Gift string `json:"gift"`
}

// gift is a flow without a value: each user may take one gift.
type gift struct{ broken string }

func (gift) Name() string     { return "gift" }
func (gift) PerBackend() bool { return false }

func (g gift) Routes(svc *core.Services) ([]core.Route, error) {
	public := g.broken == "public"
	return []core.Route{{
		Name: "gift:take", Method: http.MethodPost, Pattern: "/gift", Public: public, Optional: public,
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			c := core.CurrentFrom(ctx)
			if c == nil {
				return core.Empty(http.StatusNoContent), nil
			}
			e := &core.Event{Kind: "gift.taken", User: c.User, Request: r}
			err := svc.Events.Commit(ctx, e, func(ctx context.Context) error {
				_, err := svc.Users.Update(ctx, c.User.Base().ID, func(u core.AnyUser) error {
					a := u.(*receiver)
					if a.Gift != "" && g.broken != "repeats" {
						return core.Refuse("GIFT_TAKEN")
					}
					a.Gift = "a gift"
					return nil
				})
				return err
			})
			refusal := (*core.Error)(nil)
			if err != nil && !errors.As(err, &refusal) && g.broken != "an outage is no answer" {
				err = core.Unavailable(err)
			}
			if err != nil {
				return nil, err
			}
			return core.Empty(http.StatusNoContent), nil
		},
	}}, nil
}
