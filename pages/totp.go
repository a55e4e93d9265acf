package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Enrolment is the Data of the page totp, where an authenticator app is added:
// by the QR code, or by the secret, which is typed into the app. Form takes its
// first code.
type Enrolment struct {
	QR     QR
	Secret string // in groups of four
	Form   *Form
}

// toTOTP sends a browser that opens the address of a form to where it began.
func (s *site) toTOTP(_ context.Context, v *visit) (*core.Response, error) {
	return redirect(v.at("/account") + "#factors"), nil
}

// totp begins to add an app to the account, and totpConfirm ends it.
func (s *site) totp(ctx context.Context, v *visit) (*core.Response, error) {
	return v.beginTOTP(ctx, question{route: v.of("totp", "begin")}, v.at("/account/totp/confirm"))
}

func (s *site) totpConfirm(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r)
	if err != nil {
		return nil, err
	}
	q := question{route: v.of("totp", "confirm"), in: confirmation(in)}
	return v.confirmTOTP(ctx, q, in, v.at("/account/totp/confirm"), func(answer *core.Response) *core.Response {
		next := v.at("/account") + "#factors"
		if v.has(v.of("recovery", "create")) {
			next = v.at("/account/recovery-codes")
		}
		return carry(v.tell(redirect(next), "notice.factor_added"), answer)
	})
}

// enrol begins to add the app that a login requires, and enrolConfirm ends the
// login with it.
func (s *site) enrol(ctx context.Context, v *visit) (*core.Response, error) {
	q := question{route: v.of("totp", "pending_begin"), in: core.Object{}}
	return v.beginTOTP(ctx, q, v.at("/login/enrol/confirm", "next", v.next))
}

func (s *site) enrolConfirm(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r)
	if err != nil {
		return nil, err
	}
	q := question{route: v.of("totp", "pending_confirm"), in: confirmation(in)}
	action := v.at("/login/enrol/confirm", "next", v.next)
	return v.confirmTOTP(ctx, q, in, action, func(answer *core.Response) *core.Response { return v.admitted(ctx, answer) })
}

func (s *site) toFactor(_ context.Context, v *visit) (*core.Response, error) {
	return redirect(v.at("/login/factor", "next", v.next)), nil
}

// enrolForm begins the enrolment that a pending login requires; nil where none
// of the pages' is among them.
func (v *visit) enrolForm(p core.Pending) *Form {
	if !slices.Contains(p.Enrol, core.MethodTOTP) || !v.has(v.of("totp", "pending_begin")) {
		return nil
	}
	f := v.form("enrol", v.at("/login/enrol", "next", v.next), "submit.add_totp")
	f.Title = v.texts.say("factor.totp")
	return f
}

// confirmation is the JSON of a form with the app's first code.
func confirmation(in core.Object) core.Object {
	return core.Object{
		"enrolment": quoted(text(in, "enrolment")), "code": quoted(text(in, "code")), "label": quoted(text(in, "label")),
	}
}

func (v *visit) beginTOTP(ctx context.Context, q question, action string) (*core.Response, error) {
	answer, err := v.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account")+"#factors"), nil
	case e.Code == core.CodeLoginBadCredentials: // the login waits no more
		return v.tooLate(e)
	case v.now != nil && is(e, http.StatusConflict, http.StatusForbidden):
		return v.accountPage(ctx, e.Status, &Form{Error: v.sentence(ctx, e)}, answer)
	default:
		return v.refused(ctx, answer)
	}
	var begun struct{ Enrolment, URI string }
	if err := json.Unmarshal(answer.Body, &begun); err != nil {
		return nil, err
	}
	return v.totpPage(ctx, http.StatusOK, begun.URI, v.codeForm(action, begun.Enrolment, begun.URI), answer)
}

// codeForm takes the app's first code. It has the URI, so that a wrong code
// shows the same QR code again.
func (v *visit) codeForm(action, enrolment, uri string) *Form {
	code := Input{Name: "code", Required: true, InputMode: "numeric", Autocomplete: "one-time-code"}
	code.Label = v.texts.say("factor.totp.code")
	f := v.form("totp", action, "submit.confirm_totp", code, Input{Name: "label", Label: v.texts.say("factors.label"),
		Help: v.texts.say("factors.label.help")})
	f.Hidden = []Hidden{{"enrolment", enrolment}, {"uri", uri}}
	return f
}

func (v *visit) totpPage(
	ctx context.Context, status int, uri string, f *Form, answer *core.Response,
) (*core.Response, error) {
	picture, err := newQR(uri)
	if err != nil {
		return nil, err
	}
	f.focus(true)
	view := v.view(ctx, "totp")
	view.Status, view.Data = status, &Enrolment{QR: picture, Secret: inFours(uri), Form: f}
	view.Links = []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	if v.now == nil {
		view.Links = []Button{{Text: v.texts.say("link.other_account"), Action: v.at("/login", "next", v.next)}}
	}
	resp, err := v.show(ctx, view)
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// inFours is the secret of an otpauth URI as people type it.
func inFours(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	secret := u.Query().Get("secret")
	var groups []string
	for group := range slices.Chunk([]byte(secret), 4) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, " ")
}

// maxURI is the longest otpauth URI that a form brings back, in bytes.
const maxURI = 1000

func (v *visit) confirmTOTP(
	ctx context.Context, q question, in core.Object, action string, done func(*core.Response) *core.Response,
) (*core.Response, error) {
	answer, err := v.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	uri := text(in, "uri")
	e := refusal(answer)
	switch {
	case e == nil:
		return done(answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account")+"#factors"), nil
	case e.Code == core.CodeLoginBadCredentials:
		return v.tooLate(e)
	case e.Code == core.CodeFactorBadCode || e.Status == http.StatusUnprocessableEntity:
		if !strings.HasPrefix(uri, "otpauth://totp/") || len(uri) > maxURI {
			break // not a form of ours
		}
		f := v.codeForm(action, text(in, "enrolment"), uri)
		f.refill(core.Object{"label": quoted(text(in, "label"))})
		return v.totpPage(ctx, e.Status, uri, v.blame(ctx, f, e), answer)
	case e.Code == core.CodeFactorExpired && v.now == nil:
		return v.tell(redirect(v.at("/login/factor", "next", v.next)), "notice.enrol_again"), nil
	case v.now != nil && is(e, http.StatusBadRequest, http.StatusConflict):
		return v.accountPage(ctx, e.Status, &Form{Error: v.sentence(ctx, e)}, answer)
	}
	return v.refused(ctx, answer)
}
