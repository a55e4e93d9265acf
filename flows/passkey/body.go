package passkey

import (
	"encoding/json"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// answer is what a browser returns to options, and what comes with it.
type answer struct {
	pending    string
	credential json.RawMessage
	label      string
	brief      bool
}

const maxLabel = 200 // bytes, of a core.Credential

// readAnswer reads {credential}, {remember} and, where they are wanted,
// {pending} and {label}.
func readAnswer(r *core.Request, pending, label bool) (answer, error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return answer{}, err
	}
	a := answer{credential: in["credential"]}
	var problems []*core.Problem
	switch {
	case len(a.credential) == 0 || string(a.credential) == "null":
		missing := core.Missing("credential")
		problems = append(problems, &missing)
	case a.credential[0] != '{':
		problems = append(problems, &core.Problem{
			Loc: []any{"body", "credential"}, Msg: "Input should be a valid dictionary", Type: "dict_type",
		})
	}
	brief, problem := in.Brief()
	a.brief, problems = brief, append(problems, problem)
	if pending {
		var problem *core.Problem
		a.pending, _, problem = in.String("pending")
		problems = append(problems, problem)
	}
	if label {
		text, _, problem := in.String("label")
		if a.label = strings.TrimSpace(text); len(a.label) > maxLabel {
			long := core.BadValue("label", "it must have at most 200 bytes")
			problem = &long
		}
		problems = append(problems, problem)
	}
	return a, core.AddProblems(err, problems...)
}

// readPending reads {pending}, which may be left out.
func readPending(r *core.Request) (string, error) {
	in, err := core.ReadOptionalJSON(r)
	if in == nil {
		return "", err
	}
	pending, _, problem := in.String("pending")
	return pending, core.AddProblems(err, problem)
}
