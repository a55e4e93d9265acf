package importers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Outcome is what became of a record.
type Outcome string

// The outcomes.
const (
	// Imported: the user is stored, or would be after a dry run.
	Imported Outcome = "imported"
	// Same: the user has come with an earlier run.
	Same Outcome = "same"
	// Taken: another user of the application has the address, the ID or an
	// account at a provider.
	Taken Outcome = "taken"
	// Doubled: another record has the same address, in whatever spelling,
	// or the same account at a provider.
	Doubled Outcome = "doubled"
	// Refused: the record is not one that can be stored.
	Refused Outcome = "refused"
	// Skipped: the record is nobody who could log in.
	Skipped Outcome = "skipped"
)

// Result is what became of one record.
type Result struct {
	Key string
	// ID is the user's in the application; "" if there is none.
	ID      string
	Outcome Outcome
	// Reason says why, "" for Imported and Same. It has no address, hash or
	// token.
	Reason string
}

// maxProblems is how many results a Report keeps.
const maxProblems = 100

// Report is what a run did. It prints as lines for people.
type Report struct {
	DryRun bool
	// Total is how many records the source has; it grows while they are
	// counted, before anything is imported.
	Total int
	// How many records had each Outcome.
	Imported, Same, Taken, Doubled, Refused, Skipped int
	// Of those imported: superusers, users without a password, and accounts
	// at providers.
	Superusers, WithoutPassword, Links int
	// After is the key of the last record that is settled: Options.After of
	// a run that goes on from here.
	After string
	// Hashes counts, by their form, hashes that no hasher can verify.
	Hashes map[string]int
	// Unknown counts members of Own and ByOwner that went into no field.
	Unknown map[string]int
	// Providers counts accounts by their provider's name here.
	Providers map[string]int
	// Left counts what stays behind.
	Left map[string]int
	// Problems are the first 100 results that are neither Imported nor
	// Same; Options.Each gets all.
	Problems []Result
}

func newReport(o Options) Report {
	return Report{
		DryRun: o.DryRun, After: o.After,
		Hashes: map[string]int{}, Unknown: map[string]int{}, Providers: map[string]int{}, Left: map[string]int{},
	}
}

// Done is how many records are settled.
func (r Report) Done() int { return r.Imported + r.Same + r.Taken + r.Doubled + r.Refused + r.Skipped }

// add counts a result.
func (r *Report) add(result Result) {
	count := map[Outcome]*int{
		Imported: &r.Imported, Same: &r.Same, Taken: &r.Taken, Doubled: &r.Doubled, Refused: &r.Refused, Skipped: &r.Skipped,
	}[result.Outcome]
	*count++
	r.After = result.Key
	if result.Outcome != Imported && result.Outcome != Same && len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, result)
	}
}

// String has a line for each kind of result, what to do about it, and the first
// problems.
func (r Report) String() string {
	var b strings.Builder
	verb := "imported"
	if r.DryRun {
		verb = "would be imported"
	}
	line := func(n int, format string, args ...any) {
		if n > 0 {
			fmt.Fprintf(&b, "%d "+format+"\n", append([]any{n}, args...)...)
		}
	}
	fmt.Fprintf(&b, "%d of %d records: %d %s\n", r.Done(), r.Total, r.Imported, verb)
	line(r.Same, "here already")
	line(r.Taken, "taken: another user has the address, the ID or an account")
	line(r.Doubled, "doubled: several records have one address or one account")
	line(r.Refused, "refused")
	line(r.Skipped, "skipped")
	line(r.Superusers, "imported as superuser")
	line(r.WithoutPassword, "imported without a password")
	for _, form := range sorted(r.Hashes) {
		line(r.Hashes[form], "with a hash of the form %s: %s", form, remedy(form))
	}
	for _, name := range sorted(r.Providers) {
		line(r.Providers[name], "linked to an account at %s", name)
	}
	for _, name := range sorted(r.Unknown) {
		line(r.Unknown[name], "with %q, which is no JSON name of the user type, or none that its owner may write", name)
	}
	for _, what := range sorted(r.Left) {
		line(r.Left[what], "with something that stays behind: %s", what)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "record %q: %s: %s\n", p.Key, p.Outcome, p.Reason)
	}
	if more := r.Taken + r.Doubled + r.Refused + r.Skipped - len(r.Problems); more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	return b.String()
}

func sorted(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
