package importers

import (
	"context"
	"fmt"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/codec"
)

// Options of Run.
type Options struct {
	// DryRun stores nothing, and says what a run would do, with one
	// exception: values that must be unique in the application's own schema
	// are compared with the users who are there, not with other records.
	// Default: off; begin with it.
	DryRun bool
	// After is the key of a record: those up to it are not looked at again.
	// Default: "", all are.
	After string
	// IDs is how IDs are made. Default: UUIDs.
	IDs IDs
	// Origin is a name of the source that takes part in IDs that are made.
	// It is necessary where two sources have the same IDs, such as numbers.
	// Default: "".
	Origin string
	// Rename has JSON names of the user type by the names that the source
	// has; "" leaves a member out without counting it as unknown. Default:
	// names are the same.
	Rename map[string]string
	// Providers has names of providers by the names that the source has
	// ("google_oauth2": "google"); "" leaves their accounts out. Default:
	// names are the same.
	Providers map[string]string
	// DropHashes imports users whose hash no hasher verifies without a
	// password, instead of refusing them: they reset it. Default: off.
	DropHashes bool
	// Each is called with what became of every record. Default: nil.
	Each func(Result)
	// Progress is called now and then, and at the end; it must not keep the
	// report's maps. Default: nil.
	Progress func(Report)
}

// progressEvery is in records.
const progressEvery = 200

// run is one Run.
type run[U any] struct {
	Options
	to     Target[U]
	from   Source
	base   func(*U) *core.User
	own    ownColumns
	twice  *collisions
	report Report
}

// Run brings the users of a source to an application. It reads the source
// twice: first all of it, to find records that have something in common, then
// what comes after Options.After. Each user is stored on their own, so that
// what is done is done: after an error, which says that the source or the store
// cannot be reached or that ctx has ended, the report's After is where to go
// on. What is wrong with a record is no error; the report has it.
func Run[U any, PU core.Model[U]](ctx context.Context, to Target[U], from Source, o Options) (Report, error) {
	c, err := codec.New(reflect.TypeFor[U](), codec.Options{})
	if err != nil {
		return newReport(o), fmt.Errorf("importers: %w", err)
	}
	r := run[U]{
		Options: o, to: to, from: from, own: newOwnColumns(columnsOf[U](c), o.Rename), twice: newCollisions(),
		report: newReport(o),
		base:   func(u *U) *core.User { return PU(u).Base() },
	}
	if err := r.count(ctx); err != nil {
		return r.report, fmt.Errorf("importers: read the source: %w", err)
	}
	for rec, err := range from.Records(ctx, o.After) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return r.report, fmt.Errorf("importers: read the source after record %q: %w", r.report.After, err)
		}
		result, err := r.settle(ctx, rec)
		if err != nil {
			return r.report, fmt.Errorf("importers: record %q: %w", rec.Key, err)
		}
		r.report.add(result)
		if r.Each != nil {
			r.Each(result)
		}
		if r.report.Done()%progressEvery == 0 {
			r.progress()
		}
	}
	r.progress()
	return r.report, nil
}

func (r *run[U]) progress() {
	if r.Progress != nil {
		r.Progress(r.report)
	}
}
