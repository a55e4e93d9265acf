package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Keys are the user's API keys, on the page account.
type Keys struct {
	Kept []KeptKey
	// Make is the button that leads to a new one.
	Make Button
}

// KeptKey is one of them.
type KeptKey struct {
	Name string
	// Hint are its last characters, Scopes what it opens.
	Hint   string
	Scopes []string
	// Created, Used and Expires are times for people, Used is "" for never
	// and Expires too; CreatedAt, UsedAt and ExpiresAt are those of <time
	// datetime>.
	Created, Used, Expires       string
	CreatedAt, UsedAt, ExpiresAt string
	// Rotate makes one in its place, and End ends it.
	Rotate, End *Form
}

// addKeys asks for the user's API keys.
func (v *visit) addKeys(ctx context.Context, data *Account) error {
	if !v.offers("keys") {
		return nil
	}
	answer, err := v.ask(ctx, question{route: "api-keys:list"})
	if err != nil {
		return err
	}
	if e := refusal(answer); e != nil {
		if e.Is(core.Forbidden()) { // an account that may not do much yet, or somebody who acts as its owner
			return nil
		}
		return e
	}
	var kept []struct {
		ID, Name, Hint string
		Scopes         []string
		CreatedAt      time.Time  `json:"created_at"`
		LastUsed       *time.Time `json:"last_used"`
		ExpiresAt      *time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal(answer.Body, &kept); err != nil {
		return err
	}
	data.Keys = &Keys{Make: Button{Text: v.texts.say("submit.make_key"), Action: v.at("/account/api-keys")}}
	for _, k := range kept {
		at := v.at("/account/api-keys/" + k.ID)
		one := KeptKey{
			Name: k.Name, Hint: k.Hint, Created: v.ago(k.CreatedAt), CreatedAt: k.CreatedAt.Format(time.RFC3339),
			Rotate: v.form("rotate-"+k.ID, at+"/rotate", "submit.rotate_key"), End: v.form("key-"+k.ID, at, "submit.end_key"),
		}
		for _, scope := range k.Scopes {
			one.Scopes = append(one.Scopes, v.word("scope."+scope, scope))
		}
		if k.LastUsed != nil {
			one.Used, one.UsedAt = v.ago(*k.LastUsed), k.LastUsed.Format(time.RFC3339)
		}
		if k.ExpiresAt != nil {
			one.Expires, one.ExpiresAt = k.ExpiresAt.UTC().Format(time.DateOnly), k.ExpiresAt.Format(time.RFC3339)
		}
		data.Keys.Kept = append(data.Keys.Kept, one)
	}
	return nil
}

// lifetimes are those that the form offers, in days, as far as the application
// allows them; usual is the one that it begins with.
var lifetimes = []int64{7, 30, 90, 365}

const (
	usual      = "30"
	scopeField = "scope:"
)

// keyForm is the form of a new key.
func (v *visit) keyForm() *Form {
	e, _ := v.svc.Pages.Route("api-keys:create")
	inputs := []Input{{Name: "name", Label: v.texts.say("keys.name"), Help: v.texts.say("keys.name.help"), Required: true}}
	for _, scope := range e.Doc.Values["scopes"] {
		inputs = append(inputs, Input{
			Name: scopeField + scope, Type: "checkbox", Value: "on", Label: v.word("scope."+scope, scope),
		})
	}
	life := Input{Name: "expires_in", Type: "select", Label: v.texts.say("keys.lifetime"), Required: true}
	for _, days := range lifetimes {
		if days*24*60*60 > e.Doc.Max["expires_in"] {
			continue
		}
		value := strconv.FormatInt(days, 10)
		life.Choices = append(life.Choices, Choice{Value: value, Label: v.texts.say("keys.days", "n", days)})
		if value == usual {
			life.Value = value
		}
	}
	life.Choices = append(life.Choices, Choice{Label: v.texts.say("keys.longest")})
	return v.form("key", v.at("/account/api-keys"), "submit.make_key", append(inputs, life)...)
}

// newKeyForm makes an API key.
func (s *site) newKeyForm(ctx context.Context, v *visit) (*core.Response, error) {
	if !v.offers("keys") {
		return nil, core.NotFound()
	}
	f := v.keyForm()
	f.focus(true)
	return v.keyPage(ctx, http.StatusOK, f, "")
}

// keyPage shows the form, or a key that was just made.
func (v *visit) keyPage(ctx context.Context, status int, f *Form, made string) (*core.Response, error) {
	view := v.view(ctx, "key")
	view.Status, view.Form, view.Data = status, f, made
	view.Links = []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	return v.show(ctx, view)
}

// makeKey makes an API key, and shows it once.
func (s *site) makeKey(ctx context.Context, v *visit) (*core.Response, error) {
	if !v.offers("keys") {
		return nil, core.NotFound()
	}
	f, names := v.keyForm(), []string{}
	for _, in := range f.Inputs {
		names = append(names, in.Name)
	}
	in, err := core.ReadForm(v.r, names...)
	if err != nil {
		return nil, err
	}
	f.refill(in)
	scopes := []string{} // never null
	e, _ := v.svc.Pages.Route("api-keys:create")
	for _, scope := range e.Doc.Values["scopes"] {
		if f.input(scopeField + scope).Checked {
			scopes = append(scopes, scope)
		}
	}
	listed, _ := json.Marshal(scopes) // texts can be encoded
	body := core.Object{"name": quoted(text(in, "name")), "scopes": listed}
	if days, err := strconv.ParseInt(text(in, "expires_in"), 10, 32); err == nil {
		body["expires_in"] = strconv.AppendInt(nil, days*24*60*60, 10)
	}
	v.from = v.at("/account/api-keys")
	return v.newKey(ctx, question{route: "api-keys:create", in: body}, f)
}

// rotateKey makes an API key in place of another one, and shows it once.
func (s *site) rotateKey(ctx context.Context, v *visit) (*core.Response, error) {
	v.from = v.at("/account") + "#keys"
	return v.newKey(ctx, question{route: "api-keys:rotate", param: map[string]string{"id": v.r.Param("id")}}, nil)
}

// newKey asks for a key, and shows it or what is wrong with the form; nil for
// no form.
func (v *visit) newKey(ctx context.Context, q question, f *Form) (*core.Response, error) {
	answer, err := v.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	var resp *core.Response
	switch e := refusal(answer); {
	case e == nil:
		var made struct{ Key string }
		if err := json.Unmarshal(answer.Body, &made); err != nil {
			return nil, err
		}
		resp, err = v.keyPage(ctx, http.StatusOK, nil, made.Key)
	case f != nil && is(e, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusTooManyRequests):
		resp, err = v.keyPage(ctx, e.Status, v.blame(ctx, f, e), "")
	case is(e, http.StatusBadRequest, http.StatusConflict, http.StatusTooManyRequests):
		return v.accountPage(ctx, e.Status, &Form{Error: v.sentence(ctx, e)}, answer)
	default:
		return v.refused(ctx, answer)
	}
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// endKey ends one.
func (s *site) endKey(ctx context.Context, v *visit) (*core.Response, error) {
	v.from = v.at("/account") + "#keys"
	id := map[string]string{"id": v.r.Param("id")}
	return v.change(ctx, question{route: "api-keys:delete", param: id}, "notice.key_ended")
}

// keyRoutes are the pages of API keys.
func (s *site) keyRoutes() []core.Route {
	return []core.Route{
		s.page("key_form", "GET /account/api-keys", secure, s.newKeyForm),
		s.page("key", "POST /account/api-keys", loggedIn, s.makeKey),
		s.page("key_rotate_form", "GET /account/api-keys/{id}/rotate", loggedIn, s.toAccount("keys")),
		s.page("key_rotate", "POST /account/api-keys/{id}/rotate", loggedIn, s.rotateKey),
		s.page("key_end", "POST /account/api-keys/{id}", loggedIn, s.endKey),
	}
}
