package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Factors are the user's second factors and passkeys, on the page account.
type Factors struct {
	Kept []KeptFactor
	// Second is the switch by which every login needs a passkey beside the
	// password, and its Title says how it is now; nil for a user without,
	// and where an app is needed anyway.
	Second *Form
	// Passkey is the button that leads to a new passkey; nil where the
	// application has none.
	Passkey *Button
	// Add are the buttons of those that can be added.
	Add []*Form
	// Codes is the button that leads to recovery codes; nil where there are
	// none, or nothing that they would stand in for.
	Codes *Button
}

// KeptFactor is one of them.
type KeptFactor struct {
	// Title is its kind, for people; Label is what its owner calls it.
	Title, Label string
	// Left says how many recovery codes are left; "" for other factors.
	Left string
	// Created and Used are times for people, Used is "" for never;
	// CreatedAt and UsedAt are those of <time datetime>.
	Created, Used     string
	CreatedAt, UsedAt string
	// Rename leads to the page that names it; nil for recovery codes.
	Rename *Button
	Remove *Form
}

// addFactors asks for the user's factors.
func (v *visit) addFactors(ctx context.Context, data *Account) error {
	if !v.offers("factors") {
		return nil
	}
	kept, err := v.keptFactors(ctx)
	if err != nil {
		return err
	}
	data.Factors = &Factors{}
	has := map[string]bool{}
	for _, k := range kept {
		has[k.Kind] = true
		one := KeptFactor{
			Title: v.word("factor."+k.Kind, humane(k.Kind)), Label: k.Label,
			Created: v.ago(k.CreatedAt), CreatedAt: k.CreatedAt.Format(time.RFC3339),
			Remove: v.form("factor-"+k.ID, v.at("/account/factors/"+k.ID), "submit.remove_factor"),
		}
		if k.Kind != core.MethodRecovery {
			one.Rename = &Button{Text: v.texts.say("link.rename"), Action: v.at("/account/factors/" + k.ID)}
		}
		if k.LastUsedAt != nil {
			one.Used, one.UsedAt = v.ago(*k.LastUsedAt), k.LastUsedAt.Format(time.RFC3339)
		}
		if k.Left != nil {
			one.Left = v.texts.say("factors.left", "n", *k.Left)
		}
		data.Factors.Kept = append(data.Factors.Kept, one)
	}
	if v.has(v.of("totp", "begin")) && !has[core.MethodTOTP] {
		data.Factors.Add = append(data.Factors.Add, v.form("add-totp", v.at("/account/totp"), "submit.add_totp"))
	}
	if v.has(v.trustRoute()) && slices.ContainsFunc(trustedBy, func(method string) bool { return has[method] }) {
		data.Factors.Add = append(data.Factors.Add, v.form("add-trusted", v.at("/account/trusted"), "submit.trust"))
	}
	if v.has(v.of("recovery", "create")) && len(kept) > 0 {
		key := "submit.new_codes"
		if !has[core.MethodRecovery] {
			key = "submit.codes"
		}
		data.Factors.Codes = &Button{Text: v.texts.say(key), Action: v.at("/account/recovery-codes")}
	}
	if v.has(v.of(core.MethodPasskey, "begin")) {
		data.Factors.Passkey = &Button{Text: v.texts.say("submit.add_passkey"), Action: v.at("/account/passkeys")}
	}
	if has[core.MethodPasskey] {
		data.Factors.Second, err = v.secondForm(ctx, has[core.MethodTOTP])
	}
	return err
}

// keptFactor is one of the user's, as the API answers.
type keptFactor struct {
	ID, Kind, Label string
	CreatedAt       time.Time  `json:"created_at"`
	LastUsedAt      *time.Time `json:"last_used_at"`
	Left            *int
}

// keptFactors asks for the user's factors.
func (v *visit) keptFactors(ctx context.Context) (kept []keptFactor, err error) {
	answer, err := v.ask(ctx, question{route: "factors:list"})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		return nil, e
	}
	return kept, json.Unmarshal(answer.Body, &kept)
}

// removeFactor removes one.
func (s *site) removeFactor(ctx context.Context, v *visit) (*core.Response, error) {
	v.from = v.at("/account") + "#factors"
	id := map[string]string{"id": v.r.Param("id")}
	return v.change(ctx, question{route: "factors:delete", param: id}, "notice.factor_removed")
}

// codesForm says what recovery codes are for, and has the button that makes
// them.
func (s *site) codesForm(ctx context.Context, v *visit) (*core.Response, error) {
	if !v.has(v.of("recovery", "create")) {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "codes")
	view.Form = v.form("codes", v.at("/account/recovery-codes"), "submit.codes")
	view.Links = []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	return v.show(ctx, view)
}

// codes makes recovery codes, and shows them once.
func (s *site) codes(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: v.of("recovery", "create")})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account/recovery-codes")), nil
	case is(e, http.StatusConflict):
		return v.accountPage(ctx, e.Status, &Form{Error: v.sentence(ctx, e)}, answer)
	default:
		return v.refused(ctx, answer)
	}
	var made struct{ Codes []string }
	if err := json.Unmarshal(answer.Body, &made); err != nil {
		return nil, err
	}
	view := v.view(ctx, "codes")
	view.Data = made.Codes
	view.Links = []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	resp, err := v.show(ctx, view)
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}
