package pages

import (
	"context"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// fieldOf are the fields that codes are about, where their form has them.
var fieldOf = map[string]string{
	core.CodeRegisterUserExists: "email", core.CodeUpdateEmailExists: "email",
	core.CodeRegisterNameExists: "username", core.CodeUpdateNameExists: "username",
	core.CodeRegisterPassword: "password", core.CodeUpdatePassword: "password", core.CodeResetPassword: "password",
	core.CodeUpdateBadCurrent: "current_password", core.CodeFactorBadCode: "code",
	core.CodeMailLoginBadCode: "code", core.CodeDeviceBadCode: "user_code",
}

// blame puts what is wrong beside the fields that it is about, or above the
// form. The first wrong field gets the focus.
func (v *visit) blame(ctx context.Context, f *Form, e *core.Error) *Form {
	if e == nil {
		return f
	}
	for _, p := range e.Problems {
		name := ""
		if len(p.Loc) > 1 {
			name, _ = p.Loc[1].(string)
		}
		if field := f.input(name); field != nil {
			field.Error = v.problem(ctx, name, p)
		} else {
			f.Error = v.problem(ctx, name, p)
		}
	}
	switch field := f.input(fieldOf[e.Code]); {
	case e.Problems != nil:
	case field != nil:
		field.Error = v.sentence(ctx, e)
	default:
		f.Error = v.sentence(ctx, e)
	}
	if f.Error == "" {
		f.Error = v.texts.say("form.check")
	}
	f.focus(false)
	return f
}

// problem is what a person reads of a finding about a field: the text for the
// field and the type, for the type, or the application's own words.
func (v *visit) problem(ctx context.Context, name string, p core.Problem) string {
	if text, ok := v.texts.find("problem." + name + "." + p.Type); ok {
		return text
	}
	own, is := strings.CutPrefix(p.Msg, "Value error, ")
	if text, known := v.say(ctx, p.Type, nil); known {
		return text
	}
	if text, ok := v.texts.find("problem." + own); ok && is {
		return text
	}
	if is && own != "" {
		return own
	}
	return v.texts.say("problem.value_error")
}

// sentence is what a person reads of an error: its reason if it has one, else
// that of its code, else a general one with the code.
func (v *visit) sentence(ctx context.Context, e *core.Error) string {
	if e.Reason != "" {
		if text, known := v.say(ctx, e.ReasonCode, e.Args); known {
			return text
		}
		return e.Reason
	}
	if e.Code == "" {
		key := "error." + strconv.Itoa(e.Status)
		if text, known := v.texts.find(key); known {
			return text
		}
		return v.texts.say("error.general")
	}
	code := e.Code
	switch {
	case code == core.CodeLoginBadCredentials && v.withNames():
		code = "error.credentials"
	case code == core.CodeLoginUserSuspended && e.Args["reason"] == core.SuspendedForLeaving:
		code = "error.leaving"
	case code == core.CodeLoginUserSuspended && e.Args["reason"] != "":
		code = "error.suspended"
	}
	if text, known := v.say(ctx, code, e.Args); known {
		if wait := e.Header.Get("Retry-After"); wait != "" {
			text += " " + v.waiting(wait)
		}
		return text
	}
	return v.texts.say("error.code", "code", e.Code)
}

// waiting says how long to wait, given seconds: never one of a unit, so that no
// text needs a singular.
func (v *visit) waiting(seconds string) string {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return ""
	}
	wait := v.texts.say("wait.hours", "n", (n+3599)/3600)
	switch {
	case n < 100:
		wait = v.texts.say("wait.seconds", "n", max(n, 2))
	case n < 100*60:
		wait = v.texts.say("wait.minutes", "n", (n+59)/60)
	}
	return v.texts.say("error.wait", "wait", wait)
}
