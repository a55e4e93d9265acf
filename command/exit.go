package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitRefused     = 4
	exitUnavailable = 5
)

// failure is an error whose exit code is known, or whose text is for people.
type failure struct {
	cause error
	exit  int // 0: what Code finds in cause
	text  string
	json  bool // it prints as an object
}

// usage is the failure of a command that was typed wrong.
func usage(format string, args ...any) error {
	return &failure{exit: exitUsage, text: fmt.Sprintf(format, args...)}
}

// unasked is the error of a store's call: what is none of core's means that the
// store cannot be reached.
func unasked(err error) error {
	if err == nil || Code(err) != exitFailed {
		return err
	}
	return &failure{cause: err, exit: exitUnavailable, text: err.Error()}
}

func (f *failure) Unwrap() error { return f.cause }

// Error is a text for people, or with --json an object.
func (f *failure) Error() string {
	if !f.json {
		return f.text
	}
	out := struct {
		Error string `json:"error"`
		Code  string `json:"code,omitempty"`
		Exit  int    `json:"exit"`
	}{Error: f.text, Exit: Code(f)}
	if e := (*core.Error)(nil); errors.As(f.cause, &e) {
		out.Code = e.Code
	}
	b, _ := json.Marshal(out) // texts and a number can be encoded
	return string(harmless(b))
}

// Code returns the exit code of an error of a command: 0 for nil, 1 for a
// failure, 2 for a wrong usage, 3 if there is no such user or session, 4 if the
// application refuses, 5 if a store cannot be reached.
func Code(err error) int {
	var (
		f       *failure
		answer  *core.Error
		refused *core.RefusedError
	)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &f) && f.exit != 0:
		return f.exit
	case errors.As(err, &answer) && answer.Status >= http.StatusInternalServerError:
		return exitUnavailable
	case errors.Is(err, core.ErrNotFound) || answer != nil && answer.Status == http.StatusNotFound:
		return exitNotFound
	case answer != nil || errors.As(err, &refused) || errors.Is(err, core.ErrTaken) || errors.Is(err, core.ErrConflict):
		return exitRefused
	}
	return exitFailed
}

// worded is an error as people read it: a refusal with its code, its reason and
// each of its problems.
func worded(err error, asJSON bool) error {
	if err == nil {
		return nil
	}
	f := &failure{cause: err, exit: Code(err), text: err.Error(), json: asJSON}
	if known := (*failure)(nil); errors.As(err, &known) {
		f.text = known.text
	} else if e := (*core.Error)(nil); errors.As(err, &e) {
		f.text = "refused: " + refusal(e)
	}
	f.text = clean(f.text, true)
	return f
}

func refusal(e *core.Error) string {
	var parts []string
	for _, p := range e.Problems {
		name := ""
		if len(p.Loc) > 0 {
			name = fmt.Sprint(p.Loc[len(p.Loc)-1]) + ": "
		}
		parts = append(parts, name+strings.TrimPrefix(p.Msg, "Value error, "))
	}
	if len(parts) > 0 {
		return strings.Join(parts, "; ")
	}
	text := e.Code
	if text == "" {
		text = http.StatusText(e.Status)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if e.Cause != nil && e.Status < http.StatusInternalServerError {
		text += ": " + e.Cause.Error()
	}
	return text
}
