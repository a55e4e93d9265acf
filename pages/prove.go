package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// toProve sends somebody who is logged in to prove once more who they are,
// since what they asked for was refused, and from there to a page. Where they
// had posted a form, a notice has them repeat it.
func (v *visit) toProve(e *core.Error, next string) *core.Response {
	methods, _ := e.Members["methods"].([]string)
	repeat := ""
	if !core.IsSafeMethod(v.r.Method()) {
		repeat = "1"
	}
	return redirect(v.at("/prove", "next", next, "methods", strings.Join(methods, " "), "repeat", repeat))
}

// proveForm has a form for each way by which the person may prove it. Without
// one, as where they log in at a provider alone, they log in once more.
func (s *site) proveForm(ctx context.Context, v *visit) (*core.Response, error) {
	forms, err := v.proveForms(ctx)
	if err != nil {
		return nil, err
	}
	if len(forms) == 0 {
		return v.again(v.after()), nil
	}
	return v.provePage(ctx, http.StatusOK, forms)
}

// proveForms are the forms of the methods that will do, and for which the user
// has what they need.
func (v *visit) proveForms(ctx context.Context) ([]*Form, error) {
	methods, err := v.provable(ctx)
	if err != nil {
		return nil, err
	}
	action := v.at("/prove", "next", v.next, "methods", v.r.Query.Get("methods"), "repeat", v.r.Query.Get("repeat"))
	var forms []*Form
	for _, method := range methods {
		f := v.proofForm(method, "prove", action)
		if f == nil {
			continue
		}
		if v.has(v.of(method, "prove_begin")) {
			f.Also = []Button{{Text: v.texts.say("submit.send_code"), Action: action, Name: "send", Value: "1"}}
		}
		f.focus(len(forms) == 0)
		forms = append(forms, f)
	}
	return forms, nil
}

// provable are the methods that the refusal named, else all that there may be,
// without those for which the user has nothing.
func (v *visit) provable(ctx context.Context) ([]string, error) {
	kept, err := v.keptKinds(ctx)
	if err != nil {
		return nil, err
	}
	wanted := strings.Fields(v.r.Query.Get("methods"))
	if len(wanted) == 0 {
		wanted = append([]string{core.MethodPassword}, kept...)
		wanted = append(wanted, core.MethodEmail)
	}
	u := v.user().Base()
	var methods []string
	for _, method := range wanted[:min(len(wanted), 20)] {
		lacks := slices.Contains(methods, method)
		switch method {
		case core.MethodPassword:
			lacks = lacks || u.HashedPassword == ""
		case core.MethodEmail:
			lacks = lacks || u.EmailKey == ""
		case core.MethodTOTP, core.MethodPasskey:
			lacks = lacks || !slices.Contains(kept, method)
		}
		if !lacks {
			methods = append(methods, method)
		}
	}
	return methods, nil
}

// keptKinds are the kinds of the user's factors.
func (v *visit) keptKinds(ctx context.Context) (kinds []string, err error) {
	if !v.offers("factors") {
		return nil, nil
	}
	kept, err := v.keptFactors(ctx)
	if errors.Is(err, core.Forbidden()) { // an account that may not do much yet has none
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		if !slices.Contains(kinds, k.Kind) {
			kinds = append(kinds, k.Kind)
		}
	}
	return kinds, nil
}

func (v *visit) provePage(ctx context.Context, status int, forms []*Form) (*core.Response, error) {
	view := v.view(ctx, "prove")
	view.Status, view.Data = status, forms
	view.Links = []Button{{Text: v.texts.say("link.again"), Action: v.at("/login", "next", v.next, "again", "1")}}
	if v.offers("account") {
		view.Links = append(view.Links, Button{Text: v.texts.say("link.account"), Action: v.at("/account")})
	}
	return v.show(ctx, view)
}

// prove proves the login by the method's own route, and goes on to where the
// person came from.
func (s *site) prove(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r)
	if err != nil {
		return nil, err
	}
	forms, err := v.proveForms(ctx)
	if err != nil {
		return nil, err
	}
	method := text(in, "method")
	i := slices.IndexFunc(forms, func(f *Form) bool { return f.ID == method })
	if i < 0 {
		return redirect(v.here()), nil
	}
	if text(in, "send") != "" && v.has(v.of(method, "prove_begin")) {
		return v.sendProof(ctx, method)
	}
	answer, err := v.proof(ctx, method, "prove", in)
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.proved(), answer), nil
	case e.Status == http.StatusUnauthorized:
		return v.refused(ctx, answer)
	}
	resp, err := v.provePage(ctx, e.Status, v.blameOne(ctx, forms, method, in, e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// proved sends the browser back.
func (v *visit) proved() *core.Response {
	resp := redirect(v.after())
	if v.r.Query.Has("repeat") {
		v.tell(resp, "notice.repeat")
	}
	return resp
}

// sendProof asks for the mail, or whatever else begins a proof.
func (v *visit) sendProof(ctx context.Context, method string) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: v.of(method, "prove_begin"), in: core.Object{}})
	if err != nil {
		return nil, err
	}
	if refusal(answer) != nil {
		return v.refused(ctx, answer)
	}
	return carry(v.tell(redirect(v.here()), "notice.code_sent"), answer), nil
}
