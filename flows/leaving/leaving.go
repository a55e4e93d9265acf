// Package leaving is the flow of users who have deleted their account and may
// change their mind: POST /leaving/undo.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		SelfDelete:  true,
//		Flows:       []latchkey.Flow{leaving.Flow{}, …},
//		Credentials: store.Credentials(),
//		Tickets:     store.Tickets(), Sender: sender, …
//	})
//	httpauth.Mount(mux, "/auth", auth.Account())
//	go auth.SweepEvery(ctx, time.Hour)
//
// With it, DELETE /users/me suspends the account at once, which ends everything
// that it is logged in with, and mails its address a link that keeps it. Once
// Grace is over, Auth.Sweep removes the account as a deletion does, with its
// hooks, records and mail: without sweeps no account is removed. Administrators
// delete at once, as before. One who reinstates the user, or suspends them
// anew, keeps the account. A user without an address gets no link.
//
// Security notes. Who has logged in just before and somebody who reads the
// mailbox can both end what the other one has begun, and nobody else. The link
// logs nobody in, works once, and is bound to the address that it was mailed
// to; the account has the password of before. Whoever proves to be the user
// meanwhile hears LOGIN_USER_SUSPENDED with core.SuspendedForLeaving as the
// reason; everybody else hears what they hear of any account, and nobody can
// register with its address. A change of the address that is undone
// (emailchange.Flow) keeps the account too: who had changed it may be a thief.
// No limit drops a link, as a thief may have begun the deletion: where one
// mailbox has had its share of them, and has verified none, it is 429 instead.
package leaving

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Flow makes deletions by users wait. The zero value is ready.
type Flow struct {
	// Grace is how long an account can be kept after its user has deleted
	// it, from a minute to 90 days. Default: 14 days.
	Grace time.Duration
	// Link in the mail: a path on the application's BaseURL with {token} in
	// it; see mailtoken.Options. Default: "/leaving/undo#token={token}".
	Link string
	// AttemptLimit bounds how many tokens one client network may present,
	// valid or not, beyond which the answer is 429. Default: 60 in 10
	// minutes.
	AttemptLimit core.Limit

	svc *core.Services // set by Bind
}

var (
	_ core.Binder   = Flow{}
	_ core.Decider  = Flow{}
	_ core.Linked   = Flow{}
	_ core.Listener = Flow{}
	_ core.Sweeper  = Flow{}
)

// graceMost bounds Grace.
const graceMost = 90 * 24 * time.Hour

// Name is "leaving".
func (Flow) Name() string { return core.MailLeaving }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// Bind keeps the services, for Sweep.
func (f Flow) Bind(svc *core.Services) core.Flow {
	f.svc = svc
	return f
}

// WithLink implements core.Linked: it returns a copy with another Link.
func (f Flow) WithLink(path string) core.Flow {
	f.Link = path
	return f
}

func (f Flow) grace() time.Duration { return cmp.Or(f.Grace, 14*24*time.Hour) }

// kind is that of the tokens. Its limit is out of the way, as a mail that is
// not sent would leave its user without a link: Decide has counted those to
// addresses that may be anybody's, and lets far fewer through. A user whose
// address is verified leaves again only once the link has been used.
func (f Flow) kind() mailtoken.Kind {
	return mailtoken.New(core.MailLeaving, mailtoken.Options{
		Lifetime: f.grace(), Link: cmp.Or(f.Link, "/leaving/undo#token={token}"), AttemptLimit: f.AttemptLimit,
		MailLimit: core.Limit{Events: 1000, Window: time.Hour},
	})
}

func (f Flow) check(svc *core.Services) error {
	errs := []error{f.kind().Check(svc)}
	if f.grace() > graceMost {
		errs = append(errs, fmt.Errorf("flow leaving: Grace is %v, it must be at most 90 days", f.Grace))
	}
	if _, ok := core.As[core.CredentialPager](svc.Credentials); !ok {
		errs = append(errs, errors.New("flow leaving needs Options.Credentials, a core.CredentialPager: "+
			"there Auth.Sweep finds who leaves"))
	}
	return errors.Join(errs...)
}

// Mark is the Kind of the credential that says until when a leaving user can
// stay. Its Key is the user's ID.
const Mark = "leaving"

// mark is its Data.
type mark struct {
	Until time.Time `json:"until"`
	Lang  string    `json:"lang,omitempty"` // of the mail that follows
}

func markOf(c *core.Credential) (m mark, err error) {
	if err = json.Unmarshal(c.Data, &m); err != nil {
		err = errors.New("leaving: a mark cannot be read")
	}
	return m, err
}

// Begin returns what makes the user of an event leave, in its transaction, and
// until when they can stay. latchkey's DELETE /users/me calls it.
func (f Flow) Begin(
	ctx context.Context, svc *core.Services, e *core.Event,
) (until time.Time, do func(context.Context) error) {
	until = svc.Env.Now().UTC().Truncate(time.Microsecond).Add(f.grace())
	m := mark{Until: until, Lang: core.Language(ctx)}
	return until, func(ctx context.Context) error {
		id := e.User.Base().ID
		// First the mark: who is suspended without one would stay so.
		if err := put(ctx, svc, id, m); err != nil {
			return err
		}
		u, err := svc.Users.Update(ctx, id, func(u core.AnyUser) error {
			b := u.Base()
			was := *b
			e.Was = &was
			b.SuspendedUntil, b.SuspendedFor = core.ForGood(), core.SuspendedForLeaving
			b.TokenEpoch++
			return nil
		})
		if err == nil {
			e.User = u
		}
		return err
	}
}

// put stores a user's mark, in place of one of an earlier time.
func put(ctx context.Context, svc *core.Services, userID string, m mark) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	for range 3 { // another request may come between, where there are no transactions
		c, err := svc.Credentials.Find(ctx, Mark, userID)
		switch {
		case err == nil:
			_, err = svc.Credentials.Update(ctx, Mark, userID, c.ID, func(c *core.Credential) error {
				c.Data = data
				return nil
			})
		case errors.Is(err, core.ErrNotFound):
			c := &core.Credential{Owner: userID, Kind: Mark, Key: userID, Data: data, Created: svc.Env.Now()}
			err = svc.Credentials.Create(ctx, c, 0)
		}
		if !errors.Is(err, core.ErrNotFound) && !errors.Is(err, core.ErrTaken) {
			return err
		}
	}
	return errors.New("leaving: the mark of a user changes all the time")
}

// Decide implements core.Decider: 429 in place of a deletion whose mail would
// be one too many for its mailbox. It does not count verified addresses: nobody
// has many users at a mailbox that is not theirs and has verified each.
func (f Flow) Decide(ctx context.Context, svc *core.Services, e *core.Event) error {
	if e.Kind != core.EventLeaving {
		return nil
	}
	b := e.User.Base()
	if b.EmailKey == "" || b.IsVerified {
		return nil
	}
	wait, err := asklimit.Unverified(svc.Limiter, "leavings", b.EmailKey, e.Client.IP).Allow(ctx)
	switch {
	case err != nil:
		return core.Unavailable(err)
	case wait > 0:
		return core.RateLimited(wait)
	}
	return nil
}

// On mails a user who leaves.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	if e.Kind == core.EventLeaving {
		f.kind().CausedBy(e.Client).Send(ctx, svc, e.User, (*core.User).Leaving)
	}
}
