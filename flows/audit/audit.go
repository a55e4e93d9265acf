// Package audit is the flow that records what happens to accounts: who did
// what, when and from where. Superusers list all records at GET /audit, and
// with Own everybody theirs at GET /audit/me.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{
//			audit.Flow{Store: store.Audit(), Own: true}, …
//		},
//	})
//
// Security notes (OWASP ASVS 5.0, 16.2 and 16.3). A change and its record are
// one transaction, where Store is over the database of the users: neither is
// without the other, and a change that cannot be recorded is a 503. A login is
// revoked then. What changed nothing (a failed login, a refused request) is
// recorded on its own, and goes on if that fails; so does everything over a
// user store without transactions. The log has such failures.
//
// A record has the names of what changed and no values, and of a failed login
// the user or nobody, never what was typed: people type passwords into the
// wrong field. A refusal by a limit is not recorded, and of the requests from
// one network that were refused for another reason at most 100 an hour are, so
// that nobody fills the table.
//
// The records of a user who is deleted stay, with the user's ID and without the
// addresses and browsers from which they came: the transaction of the deletion
// blanks them. Those of administrators who acted on the user keep theirs, and
// so does what Also has heard.
package audit

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is the audit log.
type Flow struct {
	// Store keeps the records; nil for Also alone, and no routes.
	Store core.AuditStore
	// Keep is how long Auth.Sweep leaves a record in Store. Default: 90
	// days. Negative: for ever.
	Keep time.Duration
	// Also hear of each record after it was kept, in the request, which
	// waits for them. Where the process dies in between they hear nothing:
	// what must not miss one reads Store.
	Also []Sink
	// Own adds GET /audit/me.
	Own bool

	svc *core.Services  // set by Bind
	ids *core.RecordIDs // likewise
}

var (
	_ core.Binder   = Flow{}
	_ core.Decider  = Flow{}
	_ core.Witness  = Flow{}
	_ core.Listener = Flow{}
	_ core.Sweeper  = Flow{}
	_ core.Exporter = Flow{}
)

// Name is "audit".
func (Flow) Name() string { return "audit" }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// Bind keeps the services, for Sweep, and what orders the records of this
// process.
func (f Flow) Bind(svc *core.Services) core.Flow {
	f.svc, f.ids, f.Keep = svc, &core.RecordIDs{}, cmp.Or(f.Keep, 90*24*time.Hour)
	return f
}

// Routes are the lists.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	var errs []error
	if f.Store == nil && len(f.Also) == 0 {
		errs = append(errs, errors.New("flow audit needs a Store for its records (store.Audit() of a database), or Also"))
	}
	if f.Store == nil && f.Own {
		errs = append(errs, errors.New("flow audit: Own needs a Store, whose records it lists"))
	}
	for _, sink := range f.Also {
		if sink == nil {
			errs = append(errs, errors.New("flow audit: Also has a nil Sink"))
		}
	}
	if f.Store == nil || len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	routes := []core.Route{f.all(svc)}
	if f.Own {
		routes = append(routes, f.own(svc))
	}
	return routes, nil
}

// Sweep deletes records that are older than Keep.
func (f Flow) Sweep(ctx context.Context) (int, error) {
	if f.Store == nil || f.Keep < 0 || f.svc == nil {
		return 0, nil
	}
	return f.Store.Prune(ctx, f.svc.Env.Now().Add(-f.Keep))
}
