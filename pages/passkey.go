package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Passkey is what a form asks the browser for, by the script. The form is
// hidden until that runs, and it posts what the browser returns in the field
// credential.
type Passkey struct {
	// Script is the script's URL, Options that of the ceremony's options.
	Script, Options string
	// Create reports that it makes a passkey, and is not to be given one.
	Create bool
	// Autofill offers passkeys in the page's field with the autocomplete
	// "webauthn" too.
	Autofill bool
	// Unknown is the ID of a passkey that is registered no more, which the
	// browser then offers no more; "" for none.
	Unknown string
	// NoScript is the sentence where scripts are off. The others are what
	// the script says: where the browser has no passkeys, where the address
	// is not the application's, and where the browser returns none.
	NoScript, Unsupported, Elsewhere, Cancelled, Exists, Failed string
}

// passkeyForm makes a form whose button asks for a passkey. options is the page
// of the ceremony's options.
func (v *visit) passkeyForm(id, action, submit, options string, inputs ...Input) *Form {
	v.connects = true
	f := v.form(id, action, submit, inputs...)
	f.Hidden = []Hidden{{"credential", ""}}
	address := ""
	if u := v.svc.Env.BaseURL; u != nil {
		address = u.Scheme + "://" + u.Host
	}
	f.Passkey = &Passkey{
		Script: v.base + v.assets.url("passkey.js"), Options: options,
		NoScript: v.texts.say("passkey.noscript"), Unsupported: v.texts.say("passkey.unsupported"),
		Elsewhere: v.texts.say("passkey.elsewhere", "address", address), Cancelled: v.texts.say("passkey.cancelled"),
		Exists: v.texts.say("passkey.exists"), Failed: v.texts.say("error.general"),
	}
	return f
}

// forget has the script tell the browser that a passkey is registered no more,
// where that is the error.
func (f *Form) forget(in core.Object, e *core.Error) {
	var credential struct{ ID string }
	if f.Passkey == nil || e.Code != core.CodePasskeyUnknown ||
		json.Unmarshal([]byte(text(in, "credential")), &credential) != nil {
		return
	}
	const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if id := credential.ID; len(id) <= maxCredentialID && strings.Trim(id, base64url) == "" {
		f.Passkey.Unknown = id
	}
}

// maxCredentialID is the longest ID of a credential in base64url (WebAuthn 3,
// section 4: 1,023 bytes).
const maxCredentialID = 1364

// typedJSON is the JSON that a field has, or its text where it has none.
func typedJSON(in core.Object, name string) json.RawMessage {
	if raw := text(in, name); json.Valid([]byte(raw)) {
		return json.RawMessage(raw)
	}
	return quoted(text(in, name))
}

// scripted is the route of a page that a script asks: for errors it has JSON
// with a sentence, or with where to go.
func (s *site) scripted(name, at string, n need, handle handler) core.Route {
	route := s.page(name, at, n, handle)
	_, pattern, _ := strings.Cut(at, " ")
	route.Fail = func(ctx context.Context, r *core.Request, resp *core.Response) *core.Response {
		ctx, v := s.visit(ctx, r, pattern)
		answer, err := v.toScript(ctx, resp.Err, v.elsewhere(resp))
		if err != nil {
			return nil
		}
		return answer
	}
	return route
}

// toScript is the answer to a script about an error: where to go, or the
// sentence where that is nil.
func (v *visit) toScript(ctx context.Context, e *core.Error, to *core.Response) (*core.Response, error) {
	body := map[string]string{"error": v.sentence(ctx, e)}
	if to != nil {
		body = map[string]string{"location": to.Header.Get("Location")}
	}
	answer, err := core.JSON(e.Status, body)
	if err != nil {
		return nil, err
	}
	if to != nil {
		carry(answer, to)
	}
	v.protect(answer)
	return answer, nil
}

// options answers a script with what a route of the API does.
func (v *visit) options(ctx context.Context, route string) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: route, in: core.Object{}})
	if err != nil {
		return nil, err
	}
	switch e := refusal(answer); {
	case e == nil:
	case e.Code == core.CodeLoginBadCredentials: // the login waits no more
		to, err := v.tooLate(e)
		if err != nil {
			return nil, err
		}
		return v.toScript(ctx, e, to)
	default:
		to := v.elsewhere(&core.Response{Status: e.Status, Err: e})
		resp, err := v.toScript(ctx, e, to)
		if err != nil {
			return nil, err
		}
		return carry(resp, answer), nil
	}
	resp := core.Bytes(http.StatusOK, "application/json", answer.Body)
	v.protect(resp)
	return carry(resp, answer), nil
}

// optionsOf answers with the options of a ceremony.
func (s *site) optionsOf(part string) handler {
	return func(ctx context.Context, v *visit) (*core.Response, error) {
		return v.options(ctx, v.of(core.MethodPasskey, part))
	}
}

// optionsOfMethod does so for the method in the query, whose route is
// <method>:<backend>.<part>_options.
func (s *site) optionsOfMethod(part string) handler {
	return func(ctx context.Context, v *visit) (*core.Response, error) {
		return v.options(ctx, v.of(v.r.Query.Get("method"), part+"_options"))
	}
}
