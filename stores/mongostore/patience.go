package mongostore

import (
	"context"
	"errors"
	"time"
)

// defaultPatience is Options.Patience unless it is set.
const defaultPatience = 2 * time.Second

// errPatience replaces the driver's error for a context that is done: it must
// not be mistaken for the caller's own deadline.
var errPatience = errors.New("the server did not answer within Options.Patience")

// patientKey marks the context of work that may take long.
type patientKey struct{}

// patient returns ctx without the store's own time limit.
func patient(ctx context.Context) context.Context { return context.WithValue(ctx, patientKey{}, true) }

// bounded returns the context of joined, with a deadline after patience.
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

// givenUp reports whether err is due to the time limit of ctx, which comes from
// bounded. The driver does not begin what would end after a deadline.
func givenUp(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return errors.Is(context.Cause(ctx), errPatience)
	}
	deadline, _ := ctx.Deadline()
	ends, bounded := ctx.Value(endsKey{}).(time.Time)
	return bounded && ends.Equal(deadline) && errors.Is(err, context.DeadlineExceeded)
}
