package command

import (
	"strings"

	"github.com/latchkey-go/latchkey/importers"
)

// shownProblems is how many problems people see, so that the sums stay on the
// screen.
const shownProblems = 10

// report prints what an import did.
func (p *printer) report(r importers.Report) error {
	if !p.json {
		more := len(r.Problems) > shownProblems
		r.Problems = r.Problems[:min(len(r.Problems), shownProblems)]
		if err := p.text(strings.TrimRight(r.String(), "\n")); err != nil || !more {
			return err
		}
		return p.say("--problems FILE keeps all of them.")
	}
	problems := make([]importProblem, len(r.Problems)) // never null
	for i, one := range r.Problems {
		problems[i] = problem(one)
	}
	return p.object(struct {
		DryRun          bool            `json:"dry_run"`
		Total           int             `json:"total"`
		Done            int             `json:"done"`
		Imported        int             `json:"imported"`
		Same            int             `json:"same"`
		Taken           int             `json:"taken"`
		Doubled         int             `json:"doubled"`
		Refused         int             `json:"refused"`
		Skipped         int             `json:"skipped"`
		Superusers      int             `json:"superusers"`
		WithoutPassword int             `json:"without_password"`
		Links           int             `json:"links"`
		After           string          `json:"after"`
		Hashes          map[string]int  `json:"hashes"`
		Unknown         map[string]int  `json:"unknown"`
		Providers       map[string]int  `json:"providers"`
		Left            map[string]int  `json:"left"`
		Problems        []importProblem `json:"problems"`
	}{
		r.DryRun, r.Total, r.Done(), r.Imported, r.Same, r.Taken, r.Doubled, r.Refused, r.Skipped, r.Superusers,
		r.WithoutPassword, r.Links, r.After, r.Hashes, r.Unknown, r.Providers, r.Left, problems,
	})
}

// importProblem is a record that was not imported.
type importProblem struct {
	Key     string            `json:"key"`
	ID      string            `json:"id,omitempty"`
	Outcome importers.Outcome `json:"outcome"`
	Reason  string            `json:"reason"`
}

func problem(r importers.Result) importProblem {
	return importProblem{r.Key, r.ID, r.Outcome, r.Reason}
}
