package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// Account is the Data of the page account. What the application does not have
// is nil.
type Account struct {
	// Email is "" for a user without an address, Username for one without a
	// name.
	Email, Username string
	Verified        bool
	// Verify is a button that sends a mail to an address that is not
	// verified.
	Verify *Form
	// Profile has the application's columns; Name, Address and Password
	// change what one logs in with. Name is nil where users have none.
	Profile, Name, Address, Password *Form
	Factors                          *Factors
	Keys                             *Keys
	Providers                        []LinkedProvider
	Sessions                         []Login
	// LetIn leads to the page on which users let a device log in.
	LetIn *Button
	// Activity is what happened to the account, the newest first.
	Activity []Activity
	// EndOthers ends all logins but this one.
	EndOthers *Form
	// Export downloads a copy of what is kept of the user.
	Export *Form
	// Leave leads to the page on which users delete their account.
	Leave *Button
}

// LinkedProvider is a provider, and the user's accounts there.
type LinkedProvider struct {
	Provider
	// Accounts are the addresses of the accounts there that the user logs
	// in with, "" for one without an address.
	Accounts []string
	// Unlink is nil where there is none, and Link where there is one.
	Unlink *Form
	Link   *Button
}

// Login is one of the user's logins.
type Login struct {
	// Device is the browser and system, and Label the whole of what the
	// browser calls itself.
	Device, Label string
	IP            string
	// Created and Seen are times for people, CreatedAt and SeenAt those of
	// <time datetime>.
	Created, Seen     string
	CreatedAt, SeenAt string
	Current           bool
	// Acted reports that an administrator acts as the user. Only
	// administrators see it.
	Acted bool
	End   *Form
}

func (s *site) account(ctx context.Context, v *visit) (*core.Response, error) {
	return v.accountPage(ctx, http.StatusOK, nil, nil)
}

// toAccount sends a browser that opens the address of a form to its page.
func (s *site) toAccount(part string) handler {
	return func(_ context.Context, v *visit) (*core.Response, error) {
		if part == "" {
			return redirect(v.at("/account")), nil
		}
		return redirect(v.at("/account") + "#" + part), nil
	}
}

// accountPage shows the account, with wrong in place of the form of its ID, and
// the cookies of an answer.
func (v *visit) accountPage(
	ctx context.Context, status int, wrong *Form, answer *core.Response,
) (*core.Response, error) {
	if !v.offers("account") {
		return nil, core.NotFound()
	}
	u := v.user()
	data := &Account{Email: u.Base().Email, Username: nameOf(u), Verified: u.Base().IsVerified}
	if !data.Verified && data.Email != "" && v.offers("verify") {
		data.Verify = v.form("verify", v.at("/verify"), "submit.verify_again")
		data.Verify.Hidden = []Hidden{{"email", data.Email}}
	}
	data.Profile, data.Address, data.Password = v.profileForm(u), v.addressForm(""), v.passwordForm()
	data.Name = v.nameForm("")
	add := []func(context.Context, *Account) error{
		v.addLogins, v.addProviders, v.addFactors, v.addKeys, v.addActivity,
	}
	for _, add := range add {
		if err := add(ctx, data); err != nil {
			return nil, err
		}
	}
	if v.offers("export") {
		data.Export = v.form("export", v.at("/account/export"), "submit.export")
	}
	if v.offers("leave") {
		data.Leave = &Button{Text: v.texts.say("submit.leave"), Action: v.at("/account/delete")}
	}
	if v.offers("device") && v.now.Session.InPerson() {
		data.LetIn = &Button{Text: v.texts.say("submit.let_in"), Action: v.at(devicePage)}
	}
	view := v.view(ctx, "account")
	view.Status, view.Data = status, data
	if wrong != nil {
		for _, f := range []**Form{&data.Profile, &data.Name, &data.Address, &data.Password} {
			if *f != nil && (*f).ID == wrong.ID {
				*f = wrong
			}
		}
		if wrong.ID == "" {
			view.Notice = &Notice{Text: wrong.Error, Bad: true}
		}
	}
	resp, err := v.show(ctx, view)
	if err != nil {
		return nil, err
	}
	if wrong != nil && wrong.ID == "" {
		resp.Header.Del("Set-Cookie") // the notice that waits is another
	}
	if answer != nil {
		carry(resp, answer)
	}
	return resp, nil
}

// profileForm has the application's columns; nil if there are none.
func (v *visit) profileForm(u core.AnyUser) *Form {
	inputs := slices.DeleteFunc(v.columnInputs("update", u), func(in Input) bool {
		return in.Name == "username" && v.withNames() // which has a form of its own
	})
	if len(inputs) == 0 {
		return nil
	}
	f := v.form("profile", v.at("/account/profile"), "submit.save", inputs...)
	f.Title = v.texts.say("account.profile")
	return f
}

func (v *visit) addressForm(address string) *Form {
	inputs := v.withCurrent(emailInput("email", address, "email"))
	inputs[0].Label = v.texts.say("field.new_email")
	f := v.form("email", v.at("/account/email"), "submit.email", inputs...)
	f.Title = v.texts.say("account.email")
	return v.addressHelp(f)
}

func (v *visit) passwordForm() *Form {
	inputs := v.withCurrent(v.helped(passwordInput("password", "new-password"), "help.new_password"))
	inputs[0].Label = v.texts.say("field.new_password")
	f := v.form("password", v.at("/account/password"), "submit.password", inputs...)
	f.Title = v.texts.say("account.password")
	return f
}

// withCurrent adds the current password, which the API asks for, of a user who
// has one.
func (v *visit) withCurrent(inputs ...Input) []Input {
	if v.user().Base().HashedPassword == "" {
		return inputs
	}
	return append(inputs, passwordInput("current_password", "current-password"))
}

// addLogins asks for the user's logins.
func (v *visit) addLogins(ctx context.Context, data *Account) error {
	if !v.offers("sessions") {
		return nil
	}
	answer, err := v.ask(ctx, question{route: "sessions:list"})
	if err != nil {
		return err
	}
	if e := refusal(answer); e != nil {
		return e
	}
	if data.Sessions, err = v.loginsOf(answer, v.at("/account/sessions/")); err != nil {
		return err
	}
	slices.SortStableFunc(data.Sessions, func(a, b Login) int { return order(b.Current) - order(a.Current) })
	if len(data.Sessions) > 1 && v.has("sessions:delete_others") {
		data.EndOthers = v.form("sessions", v.at("/account/sessions"), "submit.end_sessions")
	}
	return nil
}

// loginsOf reads the API's answer. Each but the current one has a button that
// ends it, whose form goes to its ID below a path.
func (v *visit) loginsOf(answer *core.Response, below string) (all []Login, err error) {
	var logins []struct {
		ID, Label, IP string
		Created       time.Time `json:"created_at"`
		Seen          time.Time `json:"last_seen"`
		Current       bool
		Actor         string
	}
	if err := json.Unmarshal(answer.Body, &logins); err != nil {
		return nil, err
	}
	for _, l := range logins {
		login := Login{
			Device: v.device(l.Label), Label: l.Label, IP: l.IP, Current: l.Current, Acted: l.Actor != "",
			Created: v.ago(l.Created), Seen: v.ago(l.Seen),
			CreatedAt: l.Created.Format(time.RFC3339), SeenAt: l.Seen.Format(time.RFC3339),
		}
		if !l.Current {
			login.End = v.form("session-"+l.ID, below+l.ID, "submit.end_session")
		}
		all = append(all, login)
	}
	return all, nil
}

func order(b bool) int {
	if b {
		return 1
	}
	return 0
}

// device is the browser and the system of a label, for people.
func (v *visit) device(label string) string {
	browser, system := useragent.Device(label)
	switch {
	case browser != "" && system != "":
		return v.texts.say("account.device", "browser", browser, "system", system)
	case browser+system != "":
		return browser + system
	}
	return v.texts.say("account.device_unknown")
}

// ago is a time for people, in words that need no plural: how long ago within a
// day, else the day.
func (v *visit) ago(at time.Time) string {
	switch since := v.svc.Env.Now().Sub(at); {
	case since < 2*time.Minute:
		return v.texts.say("time.now")
	case since < time.Hour:
		return v.texts.say("time.minutes", "n", int(since/time.Minute))
	case since < 24*time.Hour:
		return v.texts.say("time.hours", "n", int(since/time.Hour))
	}
	return at.UTC().Format(time.DateOnly)
}

// addProviders asks for the user's accounts at providers.
func (v *visit) addProviders(ctx context.Context, data *Account) error {
	if !v.offers("providers") {
		return nil
	}
	answer, err := v.ask(ctx, question{route: "accounts:list"})
	if err != nil {
		return err
	}
	if e := refusal(answer); e != nil {
		return e
	}
	var accounts []struct {
		Provider string `json:"oauth_name"`
		Email    string `json:"account_email"`
	}
	if err := json.Unmarshal(answer.Body, &accounts); err != nil {
		return err
	}
	for _, p := range v.svc.Pages.Providers() {
		linked := LinkedProvider{Provider: v.provider(p)}
		for _, a := range accounts {
			if a.Provider == p.Name() {
				linked.Accounts = append(linked.Accounts, a.Email)
			}
		}
		route := "oauth-associate:" + p.Name()
		switch {
		case linked.Accounts != nil && v.has(route+".delete"):
			linked.Unlink = v.form("unlink-"+p.Name(), v.at("/account/providers/"+p.Name()), "submit.unlink")
		case linked.Accounts == nil && v.has(route+".authorize"):
			linked.Link = &Button{Text: v.texts.say("submit.link"), Action: v.at("/login/" + p.Name() + "/link")}
		}
		data.Providers = append(data.Providers, linked)
	}
	return nil
}
