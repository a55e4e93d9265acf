package pages

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/typed"
)

// factorForm has a form for each second factor of which one may come next. The
// login that waits for it is in the backend's cookie.
func (s *site) factorForm(ctx context.Context, v *visit) (*core.Response, error) {
	p, err := v.pendingLogin(ctx)
	if err != nil {
		return v.tooLate(err)
	}
	return v.factorPage(ctx, http.StatusOK, v.factorForms(p))
}

// pendingLogin returns the login that waits.
func (v *visit) pendingLogin(ctx context.Context) (core.Pending, error) {
	return v.svc.Gate.Peek(ctx, "", v.r)
}

// tooLate sends who has no login that waits to the login.
func (v *visit) tooLate(err error) (*core.Response, error) {
	if !errors.Is(err, core.Refuse(core.CodeLoginBadCredentials)) {
		return nil, err
	}
	return v.tell(redirect(v.at("/login", "next", v.next)), "notice.start_again"), nil
}

// factorForms are the forms of the factors whose route for a pending login has
// the name <method>:<backend>.login, or the one that begins an enrolment.
func (v *visit) factorForms(p core.Pending) []*Form {
	var forms []*Form
	for _, method := range p.Factors {
		f := v.proofForm(method, "login", v.at("/login/factor", "next", v.next))
		if f == nil {
			continue
		}
		if v.has(v.of(method, "begin")) && method == core.MethodEmail {
			f.Also = []Button{{Text: v.texts.say("submit.send_code"), Action: f.Action, Name: "send", Value: "1"}}
		}
		v.offerTrust(f)
		f.focus(len(forms) == 0)
		forms = append(forms, f)
	}
	if f := v.enrolForm(p); f != nil {
		forms = append(forms, f)
	}
	if slices.Contains(p.Enrol, core.MethodPasskey) && v.has(v.of(core.MethodPasskey, "enrol_begin")) {
		forms = append(forms, v.enrolPasskeyForm())
	}
	return forms
}

// proofForm is the form of a method's route, for a pending login ("login") or
// for a step-up ("prove"); nil where there is none that people can fill in.
func (v *visit) proofForm(method, part, action string) *Form {
	e, ok := v.svc.Pages.Route(v.proofRoute(method, part))
	if !ok || e.Doc.Hidden {
		return nil
	}
	var f *Form
	switch members := membersOf(e.Doc.Body); {
	case !slices.ContainsFunc(members, member.isNotTyped):
		f = v.form(method, action, "submit.factor", v.members(method, e.Doc.Body)...)
	case len(members) == 1 && members[0].name == "credential" && v.has(v.of(method, part+"_options")):
		f = v.passkeyForm(method, action, "submit.use_passkey", v.at(optionsPages[part], "method", method))
	default:
		return nil
	}
	f.Title = v.word("factor."+method, humane(method))
	f.Hidden = append(f.Hidden, Hidden{"method", method})
	return f
}

// optionsPages are what a form asks the browser for, by the part of the route.
var optionsPages = map[string]string{"login": "/login/factor/options", "prove": "/prove/options"}

// proofRoute is the name of that route.
func (v *visit) proofRoute(method, part string) string {
	if method == core.MethodPassword {
		method = "auth"
	}
	return v.of(method, part)
}

// members are the fields of a factor's body, but for the login that it
// continues.
func (v *visit) members(method string, body any) []Input {
	var inputs []Input
	for _, m := range membersOf(body) {
		in := Input{
			Name: m.name, Label: v.word("factor."+method+"."+m.name, v.word("field."+m.name),
				humane(m.name)), Required: m.required,
			Help: v.word("factor." + method + "." + m.name + ".help"),
		}
		in.Type, in.InputMode = inputOf(m.kind)
		if m.name == "code" {
			in.Autocomplete = "one-time-code"
		}
		if m.name == "code" && method == core.MethodTOTP {
			in.InputMode = "numeric"
		}
		if in.Type == "checkbox" {
			in.Value, in.Required = "on", false
		}
		if m.name == "password" {
			in.Type, in.Autocomplete = "password", "current-password"
		}
		inputs = append(inputs, in)
	}
	return inputs
}

type member struct {
	name     string
	kind     reflect.Type
	required bool
}

// isNotTyped reports whether people cannot type a member, as the answer of an
// authenticator.
func (m member) isNotTyped() bool { return typed.KindOf(m.kind) == typed.JSON }

// membersOf lists the members of a struct's JSON, but for those that are in
// cookies of the browser. What is no struct has none.
func membersOf(body any) []member {
	t := reflect.TypeOf(body)
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var all []member
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous || name == "" || name == "-" || name == "pending" || name == "flow" {
			continue
		}
		all = append(all, member{name, f.Type, !slices.Contains(strings.Split(options, ","), "omitempty")})
	}
	return all
}

func (v *visit) factorPage(ctx context.Context, status int, forms []*Form) (*core.Response, error) {
	view := v.view(ctx, "factor")
	view.Status, view.Data = status, forms
	view.Links = []Button{{Text: v.texts.say("link.other_account"), Action: v.at("/login", "next", v.next)}}
	return v.show(ctx, view)
}

// factor continues the login by the factor's own route.
func (s *site) factor(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r)
	if err != nil {
		return nil, err
	}
	p, err := v.pendingLogin(ctx)
	if err != nil {
		return v.tooLate(err)
	}
	method := text(in, "method")
	v.trusts = text(in, trustField) != ""
	if !slices.Contains(p.Factors, method) {
		return redirect(v.at("/login/factor", "next", v.next)), nil
	}
	if method == core.MethodEmail && text(in, "send") != "" {
		return v.sendCode(ctx)
	}
	answer, err := v.proof(ctx, method, "login", in)
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return v.trusting(ctx, method, answer), nil
	case waits(e): // by one more
		return carry(redirect(v.at("/login/factor", "next", v.next)), answer), nil
	case e.Code == core.CodeLoginBadCredentials: // the login waits no more
		return v.tooLate(e)
	}
	resp, err := v.factorPage(ctx, e.Status, v.blameOne(ctx, v.factorForms(p), method, in, e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// blameOne puts what is wrong into the form of a method, which has the focus.
func (v *visit) blameOne(ctx context.Context, forms []*Form, method string, in core.Object, e *core.Error) []*Form {
	for _, f := range forms {
		for i := range f.Inputs {
			f.Inputs[i].Focus = false
		}
		switch field := f.input("password"); {
		case f.ID != method:
		case field != nil && e.Code == core.CodeLoginBadCredentials:
			field.Error, f.Error = v.texts.say(core.CodeUpdateBadCurrent), v.texts.say("form.check")
			f.focus(false)
		case f.Passkey != nil:
			v.blamePasskey(ctx, f, in, e)
		default:
			v.blame(ctx, f, e)
		}
	}
	return forms
}

// proof asks a method's route, with the fields that its body has.
func (v *visit) proof(ctx context.Context, method, part string, in core.Object) (*core.Response, error) {
	route := v.proofRoute(method, part)
	e, ok := v.svc.Pages.Route(route)
	if !ok {
		return nil, core.NotFound()
	}
	body := core.Object{}
	for _, m := range membersOf(e.Doc.Body) {
		value, there, _ := in.String(m.name)
		isBool := typed.KindOf(m.kind) == typed.Bool
		if !there && !isBool || value == "" && !m.required && !isBool {
			continue
		}
		raw, err := typed.Parse(m.kind, value)
		if err != nil {
			raw = quoted(value)
		}
		body[m.name] = raw
	}
	return v.ask(ctx, question{route: route, in: body})
}
