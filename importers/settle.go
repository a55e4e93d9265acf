package importers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// settle decides about one record. Its error ends the run.
func (r *run[U]) settle(ctx context.Context, rec Record) (Result, error) {
	result := func(o Outcome, reason string) (Result, error) { return Result{rec.Key, "", o, reason}, nil }
	if rec.Skip != "" {
		return result(Skipped, rec.Skip)
	}
	key, err := r.to.CanonicalEmail(rec.Email)
	links := r.links(rec)
	switch {
	case rec.Fault != "":
		return result(Refused, rec.Fault)
	case err != nil:
		return result(Refused, err.Error())
	}
	if fault := faulty(rec, links); fault != "" {
		return result(Refused, fault)
	}
	id := r.IDs.of(rec, r.Origin, key)
	switch u, err := r.to.Find(ctx, id); {
	case err == nil && r.base(u).EmailKey == key:
		return Result{rec.Key, id, Same, ""}, nil
	case err == nil:
		return result(Taken,
			"the user with this ID has another address: it has changed, or two sources have the same IDs (Options.Origin)")
	case !errors.Is(err, core.ErrNotFound):
		return Result{}, err
	}
	if reason := r.doubled(rec.Key, key, links); reason != "" {
		return result(Doubled, reason)
	}
	u, unknown, fault := r.user(rec, id)
	if fault = cmp.Or(fault, r.checkHash(&rec)); fault != "" {
		return result(Refused, fault)
	}
	outcome, reason, err := r.store(ctx, u, rec.Hash, links)
	if outcome != Imported || err != nil {
		return Result{rec.Key, "", outcome, reason}, err
	}
	r.tally(rec, links, unknown)
	return Result{rec.Key, r.base(u).ID, Imported, ""}, nil
}

// doubled returns why a record has something in common with another one.
func (r *run[U]) doubled(place, key string, links []core.OAuthAccount) string {
	reason := func(first, what string) string {
		if first == "" {
			return "another record has the same " + what
		}
		return "record " + first + " has the same " + what
	}
	if first, ok := r.twice.other(place, "address", key); ok {
		return reason(first, "address")
	}
	for _, l := range links {
		if first, ok := r.twice.other(place, "account", l.Provider, l.Subject); ok {
			return reason(first, "account at "+l.Provider)
		}
	}
	return ""
}

// user makes the application's user of a record.
func (r *run[U]) user(rec Record, id string) (u *U, unknown []string, fault string) {
	u = new(U)
	b := r.base(u)
	b.ID, b.Email = id, rec.Email
	b.IsActive, b.IsSuperuser, b.IsVerified = rec.Active, rec.Superuser, rec.Verified
	b.CreatedAt, b.SuspendedUntil, b.SuspendedFor = rec.Created, whole(rec.SuspendedUntil), rec.SuspendedFor
	unknown, fault = r.own.fill(u, rec)
	return u, unknown, fault
}

// whole is a time in UTC and whole microseconds, as stores keep it.
func whole(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

// checkHash returns what is wrong with a record's hash. It takes the hash away
// where that is what the application wants.
func (r *run[U]) checkHash(rec *Record) string {
	if rec.Hash == "" {
		return ""
	}
	err := r.to.CheckHash(rec.Hash)
	if err == nil {
		return ""
	}
	r.report.Hashes[hashForm(string(rec.Hash))]++
	if r.DropHashes {
		rec.Hash = ""
		return ""
	}
	return "its password's hash: " + plain(err)
}

// store stores a user, or tries to. Its error ends the run.
func (r *run[U]) store(
	ctx context.Context, u *U, hash core.PasswordHash, links []core.OAuthAccount,
) (Outcome, string, error) {
	do := r.to.Import
	if r.DryRun {
		do = r.to.TryImport
	}
	err := do(ctx, u, hash, links...)
	refused, answer := (*core.RefusedError)(nil), (*core.Error)(nil)
	switch {
	case err == nil:
		return Imported, "", nil
	case errors.Is(err, core.ErrTaken):
		return Taken, plain(err), nil
	case errors.Is(err, core.ErrConflict):
		return Refused, "the application's own schema has its values already, in a unique index", nil
	case errors.As(err, &refused):
		return Refused, plain(refused), nil
	case errors.As(err, &answer) && answer.Status < http.StatusInternalServerError:
		return Refused, worded(answer), nil
	}
	return "", "", err
}

// worded is the text of a refusal, or of what is wrong with the members of a
// user, which repeats no value.
func worded(e *core.Error) string {
	if len(e.Problems) == 0 {
		return plain(e)
	}
	var all []string
	for _, p := range e.Problems {
		member := p.Loc[len(p.Loc)-1]
		all = append(all, fmt.Sprintf("%v: %s", member, strings.TrimPrefix(p.Msg, "Value error, ")))
	}
	return strings.Join(all, "; ")
}

// plain is an error's text for a report.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "latchkey: ") }

// tally counts what is worth knowing of a user who was imported.
func (r *run[U]) tally(rec Record, links []core.OAuthAccount, unknown []string) {
	if rec.Superuser {
		r.report.Superusers++
	}
	if rec.Hash == "" {
		r.report.WithoutPassword++
	}
	r.report.Links += len(links)
	for _, l := range links {
		r.report.Providers[l.Provider]++
	}
	for _, name := range unknown {
		r.report.Unknown[name]++
	}
	for _, what := range rec.Left {
		r.report.Left[what]++
	}
}
