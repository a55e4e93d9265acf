package apikey

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// Wanted is a key that is to be made.
type Wanted struct {
	Name   string   // 1 to 100 characters, at most 200 bytes
	Scopes []string // at least one of Options.Scopes, none twice
	// Lifetime is at least a second, and at most Options.Lifetime; 0 is
	// that one.
	Lifetime time.Duration
}

// body is that of POST /api-keys.
type body struct {
	Name      string   `json:"name" openapi:"example=ci,description=1 to 100 characters."`
	Scopes    []string `json:"scopes" openapi:"description=At least one of those that the application has."`
	ExpiresIn int64    `json:"expires_in,omitempty" openapi:"description=Seconds. Default: as long as the application allows."`
}

// nameMax is how many characters a name may have.
const nameMax = 100

// read reads a body. Its problems are those of the members that are there;
// check has the others.
func (f Flow) read(in core.Object) (w Wanted, problems []*core.Problem) {
	name, problem := in.Required("name")
	problems = append(problems, problem)
	w.Name = strings.TrimSpace(name)
	if problem == nil {
		problems = append(problems, checkName(w.Name))
	}
	scopes, problem := readScopes(in)
	problems = append(problems, problem)
	w.Scopes = scopes
	if problem == nil {
		problems = append(problems, f.checkScopes(w.Scopes))
	}
	seconds, given, problem := readSeconds(in)
	problems = append(problems, problem)
	if problem == nil && given {
		if seconds < 1 || seconds > int64(math.MaxInt64/time.Second) {
			seconds = -1
		}
		w.Lifetime = time.Duration(seconds) * time.Second
		problems = append(problems, f.checkLifetime(w.Lifetime))
	}
	return w, problems
}

// check is the 422 of a key that cannot be made.
func (f Flow) check(w Wanted) error {
	return core.InvalidProblems(checkName(w.Name), f.checkScopes(w.Scopes), f.checkLifetime(w.Lifetime))
}

func readScopes(in core.Object) (scopes []string, problem *core.Problem) {
	raw, there := in["scopes"]
	if !there {
		missing := core.Missing("scopes")
		return nil, &missing
	}
	if json.Unmarshal(raw, &scopes) != nil || string(raw) == "null" {
		return nil, &core.Problem{Loc: []any{"body", "scopes"}, Msg: "Input should be a list of strings", Type: "list_type"}
	}
	return scopes, nil
}

func readSeconds(in core.Object) (seconds int64, given bool, problem *core.Problem) {
	raw, there := in["expires_in"]
	if !there || string(raw) == "null" {
		return 0, false, nil
	}
	if json.Unmarshal(raw, &seconds) != nil {
		return 0, false, &core.Problem{
			Loc: []any{"body", "expires_in"}, Msg: "Input should be a number of seconds", Type: "int_type",
		}
	}
	return seconds, true, nil
}

func checkName(name string) *core.Problem {
	if n := utf8.RuneCountInString(name); n < 1 || n > nameMax || len(name) > core.CredentialLabelMax ||
		!utf8.ValidString(name) || strings.Contains(name, "\x00") {
		return bad("name", fmt.Sprintf("String should have 1 to %d characters, and at most %d bytes", nameMax,
			core.CredentialLabelMax))
	}
	return nil
}

func (f Flow) checkScopes(scopes []string) *core.Problem {
	known := f.s.options.Scopes
	if len(scopes) == 0 {
		return bad("scopes", "List should have at least one scope of "+strings.Join(known, ", "))
	}
	if len(scopes) > len(known) {
		return bad("scopes", "List has more scopes than there are: "+strings.Join(known, ", "))
	}
	for i, scope := range scopes {
		if !slices.Contains(known, scope) || slices.Contains(scopes[:i], scope) {
			return bad("scopes", "List should have scopes of "+strings.Join(known, ", ")+", none twice")
		}
	}
	return nil
}

func (f Flow) checkLifetime(d time.Duration) *core.Problem {
	switch longest := f.longest(); {
	case d < 0 || d > 0 && d < time.Second:
		return bad("expires_in", "Input should be at least 1")
	case d > time.Duration(longest)*time.Second:
		return bad("expires_in", fmt.Sprintf("Input should be at most %d", longest))
	}
	return nil
}

// longest is the longest lifetime that one can ask for, in seconds.
func (f Flow) longest() int64 {
	if d := f.s.options.Lifetime; d != InsecureForever {
		return int64(d / time.Second)
	}
	return int64(centuries / time.Second)
}

// centuries is the longest lifetime where there is no other bound.
const centuries = 200 * 365 * 24 * time.Hour

func bad(name, msg string) *core.Problem {
	p := core.BadValue(name, msg)
	return &p
}
