package audit

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// refusals is how many refused requests of a network are recorded.
var refusals = core.Limit{Events: 100, Window: time.Hour}

// keptKey is of the note in which Witness leaves the record for On.
type keptKey struct{}

// Decide leaves room for a note, as what follows is witnessed.
func (f Flow) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	e.Note(keptKey{}, new(core.Record))
	return nil
}

// Witness records a change in its transaction. Of several runs the last one is
// kept. The records of a user who is deleted stay, with their ID; the clients
// in them go.
func (f Flow) Witness(ctx context.Context, svc *core.Services, e core.Event) error {
	r, err := f.recordOf(ctx, svc, e)
	if err != nil {
		return err
	}
	if kept, ok := e.Notes[keptKey{}].(*core.Record); ok {
		*kept = r
	}
	if f.Store == nil {
		return nil
	}
	if err := f.Store.Append(ctx, r); err != nil || e.Kind != core.EventDeleted {
		return err
	}
	return f.Store.Forget(ctx, r.Subject)
}

// On records what has changed nothing, and lets Also hear of every record, of
// those too that Store could not keep.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	kept, ok := e.Notes[keptKey{}].(*core.Record)
	if !ok || kept.Action != e.Kind {
		if kept = f.alone(ctx, svc, e); kept == nil {
			return
		}
	}
	for _, sink := range f.Also {
		sink.Record(ctx, *kept)
	}
}

// alone records an event that is part of no change. It returns nil for what is
// not recorded.
func (f Flow) alone(ctx context.Context, svc *core.Services, e core.Event) *core.Record {
	if e.Code == core.CodeRateLimited || e.Kind == core.EventRefused && !f.room(ctx, svc, e.Client.IP) {
		return nil
	}
	r, err := f.recordOf(ctx, svc, e)
	if err == nil && f.Store != nil {
		err = f.Store.Append(ctx, r)
	}
	if err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: what happened could not be recorded", "event", e.Kind, "err", err)
	}
	return &r
}

// room reports whether one more refused request of a client's network is
// recorded. While nothing can be counted none is: who attacks a limiter must
// not fill a table by it.
func (f Flow) room(ctx context.Context, svc *core.Services, ip netip.Addr) bool {
	err := core.CheckNetworkLimit(ctx, svc.Limiter, "audit", ip, refusals)
	if err != nil && !errors.Is(err, core.RateLimited(0)) {
		svc.Env.Log.ErrorContext(ctx, "latchkey: a refused request could not be counted, and is not recorded", "err", err)
	}
	return err == nil
}
