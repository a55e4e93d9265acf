package latchkey

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// isNil reports whether v is nil, or a nil pointer in an interface, as a
// constructor returns it beside an error that nobody looked at.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return r.IsNil()
	}
	return false
}

// nilErrors returns what is nil in the options and must not be. None of it can
// be used to look for more faults.
func (o Options[U]) nilErrors() (errs []error) {
	nothing := func(where string, part any) {
		errs = append(errs, fmt.Errorf("%s is nil%s", where, ofType(part)))
	}
	for i, f := range o.Flows {
		if isNil(f) {
			nothing(fmt.Sprintf("Options.Flows[%d]", i), f)
		}
	}
	for i, h := range o.Hashers {
		if isNil(h) {
			nothing(fmt.Sprintf("Options.Hashers[%d]", i), h)
		}
	}
	for _, b := range o.Backends {
		for name, part := range map[string]any{"Transport": b.Transport, "Strategy": b.Strategy} {
			if part != nil && isNil(part) {
				nothing(fmt.Sprintf("the %s of backend %q", name, b.Name), part)
			}
		}
	}
	for _, optional := range []struct {
		name string
		part any
	}{
		{"Tickets", o.Tickets}, {"Credentials", o.Credentials}, {"Sender", o.Sender}, {"Limiter", o.Limiter},
		{"Epochs", o.Epochs}, {"ClientIP", o.ClientIP}, {"Captcha", o.Captcha},
	} {
		if optional.part != nil && isNil(optional.part) {
			nothing("Options."+optional.name, optional.part)
		}
	}
	return errs
}

// ofType says which type a nil pointer has.
func ofType(part any) string {
	if part == nil {
		return ""
	}
	return fmt.Sprintf(", a %T: did its constructor return an error?", part)
}

// faults are the errors of New, each line with the package's name: a log has
// lines.
type faults struct{ error }

func (f faults) Error() string {
	return "latchkey: " + strings.ReplaceAll(f.error.Error(), "\n", "\nlatchkey: ")
}

func (f faults) Unwrap() error { return f.error }

// warnUnverified warns where nobody who registers could ever log in.
func (o Options[U]) warnUnverified() {
	if !o.RequireVerified {
		return
	}
	for _, f := range o.Flows {
		_, provider := core.As[core.OAuthArrivals](f)
		if provider || f.Name() == "verify" || f.Name() == "reset" {
			return
		}
	}
	o.Log.Warn("latchkey: RequireVerified is set, and none of Options.Flows verifies addresses (verify, reset, oauth): " +
		"who registers cannot log in until something else sets IsVerified")
}
