package latchkey

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	// recheckEvery is the longest time between two questions, and the
	// longest that an answer may take.
	recheckEvery = 2 * time.Second
	// believed is how long a positive answer counts, from when it was
	// requested for.
	believed = 5 * time.Second
)

// Watch returns a context that ends with the login of ctx, for what goes on
// after a request was let in: server-sent events, a WebSocket. ctx is a
// request's behind Require with the guard Streaming, or has the login by
// core.WithCurrent. The context ends at most 5 seconds after the session was
// revoked or expired, or after its user was deactivated or deleted or had their
// TokenEpoch raised (by a new password, say). A session that outlives the
// raised epoch, as that of the person who changes their own password does, goes
// on. What guards check beside that (Verified, Superuser, Check) is not asked
// again. Under SessionOnly the epoch alone stands for the user, as it does
// there.
//
// The stores are queried every 2 seconds, for the first time at random within
// the first 2. While they cannot be reached the context goes on for 5 seconds
// after the last good answer, and then ends: nobody stays connected because a
// store is down. A store that answers from a cache adds the age of what is in
// it.
//
// context.Cause returns why it ended, as an *Error unless ctx itself ended or
// cancel was called: 401, which wraps core.ErrInvalid, for a login that is
// over; 503 if the stores could not be reached. Without a login in ctx, or
// with a strategy that is no core.Rechecker, the context has ended already, and
// its cause says what to do. Call cancel when the stream is done; nothing is
// left running then.
func (a *Auth[U]) Watch(ctx context.Context) (watched context.Context, cancel context.CancelFunc) {
	watched, end := context.WithCancelCause(ctx)
	ask, err := a.resolver.Recheck(core.CurrentFrom(ctx))
	if err != nil {
		end(fmt.Errorf("latchkey: Watch: %w", err))
	} else {
		go watch(watched, end, ask)
	}
	return watched, func() { end(context.Canceled) }
}

// watch asks until ctx ends, and ends it. The end does not wait for a store
// that does not answer.
func watch(ctx context.Context, end context.CancelCauseFunc, ask func(context.Context) error) {
	defer func() {
		if p := recover(); p != nil {
			end(fmt.Errorf("latchkey: Watch: the question panicked with a %T: %s", p, debug.Stack()))
		}
	}()
	noAnswer := errors.New("no answer")
	asked, reason := time.Now(), noAnswer
	limit := asked.Add(believed)
	// Streams that were opened together, as after a deploy, must not ask
	// together.
	wait := rand.N(recheckEvery) //nolint:gosec // nothing secret depends on it
	for {
		unavailable := core.Unavailable(fmt.Errorf("rechecking a session: %w", reason))
		last := time.AfterFunc(time.Until(limit), func() { end(unavailable) })
		asked = pause(ctx, asked.Add(wait))
		wait = recheckEvery - rand.N(recheckEvery/4) //nolint:gosec // as above
		err := within(ctx, recheckEvery, ask)
		last.Stop()
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, core.ErrInvalid):
			end(&core.Error{Status: http.StatusUnauthorized, Cause: err})
			return
		case err == nil:
			reason, limit = noAnswer, asked.Add(believed)
		default:
			reason = err
		}
	}
}

// pause waits for the time of the next question, and returns the time when it
// is over.
func pause(ctx context.Context, next time.Time) time.Time {
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(next)):
	}
	return time.Now()
}

// within asks, unless ctx has ended meanwhile.
func within(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return ask(ctx)
}
