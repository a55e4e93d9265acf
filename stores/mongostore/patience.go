package mongostore

import (
	"context"
	"errors"
	"time"
)

// defaultPatience is Options.Patience unless it is set.
const defaultPatience = 2 * time.Second

// errPatience stands for what the driver says about a context that has ended:
// it must not pass for the caller's own deadline.
var errPatience = errors.New("the server did not answer within Options.Patience")

// patientKey marks the context of work that may take long.
type patientKey struct{}

// patient is ctx without the store's own bound.
func patient(ctx context.Context) context.Context { return context.WithValue(ctx, patientKey{}, true) }

// bounded is joined, and ends with the patience.
func (c collection) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = c.joined(ctx)
	if c.patience < 0 || ctx.Value(patientKey{}) != nil {
		return ctx, func() {}
	}
	ends := time.Now().Add(c.patience)
	return context.WithDeadlineCause(context.WithValue(ctx, endsKey{}, ends), ends, errPatience)
}

// endsKey holds when the patience ends.
type endsKey struct{}

// givenUp reports whether err is due to the end of the patience of ctx, which
// is bounded. The driver does not begin what would end later than a deadline.
func givenUp(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return errors.Is(context.Cause(ctx), errPatience)
	}
	deadline, _ := ctx.Deadline()
	ends, bounded := ctx.Value(endsKey{}).(time.Time)
	return bounded && ends.Equal(deadline) && errors.Is(err, context.DeadlineExceeded)
}
