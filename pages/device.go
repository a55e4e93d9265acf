package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// devicePage is where people enter the code of a device.
const devicePage = "/device"

// AskingDevice is a device that asks to be logged in, on the page device.
type AskingDevice struct {
	// Label is what the device calls itself, which may be a lie; "" for
	// nothing.
	Label string
	IP    string
	// Asked is a time for people, AskedAt that of <time datetime>.
	Asked, AskedAt string
	// Approve logs it in, and Deny refuses it.
	Approve, Deny *Form
}

// deviceRoutes are the pages on which people let devices log in.
func (s *site) deviceRoutes() []core.Route {
	return []core.Route{
		s.page("device_form", "GET "+devicePage, secure, s.deviceForm),
		s.page("device", "POST "+devicePage, loggedIn, s.device),
		s.page("device_approve_form", "GET "+devicePage+"/approve", loggedIn, s.toDevice),
		s.page("device_approve", "POST "+devicePage+"/approve", loggedIn, s.decide("approve", "notice.device_approved")),
		s.page("device_deny_form", "GET "+devicePage+"/deny", loggedIn, s.toDevice),
		s.page("device_deny", "POST "+devicePage+"/deny", loggedIn, s.decide("deny", "notice.device_denied")),
	}
}

// deviceForm is the field for a code. The address may fill it in, and does no
// more than that.
func (s *site) deviceForm(ctx context.Context, v *visit) (*core.Response, error) {
	f := v.deviceCode(v.r.Query.Get("user_code"))
	f.focus(true)
	return v.devicePage(ctx, http.StatusOK, f, nil)
}

// toDevice sends a browser that opens the address of a button to the form.
func (s *site) toDevice(_ context.Context, v *visit) (*core.Response, error) {
	return redirect(v.at(devicePage)), nil
}

func (v *visit) deviceCode(code string) *Form {
	in := Input{
		Name: "user_code", Label: v.texts.say("device.code"), Value: code, Help: v.texts.say("device.code_help"),
		Required: true, Autocomplete: "off",
	}
	return v.form("device", v.at(devicePage), "submit.device", in)
}

// devicePage shows the form, or what asks.
func (v *visit) devicePage(ctx context.Context, status int, f *Form, asks *AskingDevice) (*core.Response, error) {
	if !v.offers("device") {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "device")
	view.Status, view.Form = status, f
	if asks != nil {
		view.Data, view.Title = asks, v.texts.say("title.device_asks")
	}
	view.Links = []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	return v.show(ctx, view)
}

// device claims a code, and says what asks under it.
func (s *site) device(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "user_code")
	if err != nil {
		return nil, err
	}
	code := text(in, "user_code")
	v.from = v.at(devicePage, "user_code", code)
	answer, err := v.ask(ctx, question{route: v.of("device", "claim"), in: core.Object{"user_code": quoted(code)}})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		return v.deviceAgain(ctx, answer, e, code)
	}
	var claimed struct {
		UserCode  string `json:"user_code"`
		Label, IP string
		AskedAt   time.Time `json:"asked_at"`
	}
	if err := json.Unmarshal(answer.Body, &claimed); err != nil {
		return nil, err
	}
	asks := &AskingDevice{
		Label: claimed.Label, IP: claimed.IP, Asked: v.ago(claimed.AskedAt), AskedAt: claimed.AskedAt.Format(time.RFC3339),
		Approve: v.form("device-approve", v.at(devicePage+"/approve"), "submit.device_approve"),
		Deny:    v.form("device-deny", v.at(devicePage+"/deny"), "submit.device_deny"),
	}
	asks.Approve.Quiet = true // nothing is let in by somebody who presses without reading
	for _, f := range []*Form{asks.Approve, asks.Deny} {
		f.Hidden = []Hidden{{"user_code", claimed.UserCode}}
	}
	resp, err := v.devicePage(ctx, http.StatusOK, nil, asks)
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// deviceAgain is the form with what was wrong with a code.
func (v *visit) deviceAgain(
	ctx context.Context, answer *core.Response, e *core.Error, code string,
) (*core.Response, error) {
	if !is(e, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusTooManyRequests) {
		return v.refused(ctx, answer)
	}
	resp, err := v.devicePage(ctx, e.Status, v.blame(ctx, v.deviceCode(code), e), nil)
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// decide approves or denies the device of a code that this login has claimed.
func (s *site) decide(route, notice string) handler {
	return func(ctx context.Context, v *visit) (*core.Response, error) {
		in, err := core.ReadForm(v.r, "user_code")
		if err != nil {
			return nil, err
		}
		code := text(in, "user_code")
		answer, err := v.ask(ctx, question{route: v.of("device", route), in: core.Object{"user_code": quoted(code)}})
		if err != nil {
			return nil, err
		}
		if e := refusal(answer); e != nil {
			return v.deviceAgain(ctx, answer, e, "")
		}
		return carry(v.tell(redirect(v.at("/account")), notice), answer), nil
	}
}
