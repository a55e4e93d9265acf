package pages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// try executes every template once, with all that a page may have and a user
// without values, so that one that is broken is an error of latchkey.New and
// not of a visitor's.
func (s *site) try() error {
	if s.opts.Render != nil {
		return nil
	}
	var errs []error
	for _, page := range pageNames {
		for _, known := range []bool{true, false} {
			if _, err := s.looks.render(s.sample(page, known)); err != nil {
				errs = append(errs, fmt.Errorf("the template of the page %s: %w", page, err))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// blank is the head of the sample's request.
type blank struct{ core.Head }

func (blank) Method() string        { return "GET" }
func (blank) Host() string          { return "" }
func (blank) Lines(string) []string { return nil }

// sample is a view that has everything. Without known it has nobody who is
// logged in, where that can be.
func (s *site) sample(page string, known bool) View {
	v := &visit{site: s, r: &core.Request{Head: blank{}, Path: "/" + page}, texts: s.languages.all[0], chosen: true}
	u := s.svc.Users.New()
	v.now = &core.Current{User: u, Session: &core.Session{}}
	view := v.view(context.Background(), page)
	view.has = func(string) bool { return true }
	view.Notice = &Notice{Text: "text", Bad: known}
	if known {
		view.Acting = &Acting{Text: "text", End: v.form("acting", "/acting", "submit.end_acting")}
	}
	form := func(id string) *Form {
		f := v.form(id, "/"+id, "submit.save", append(v.columnInputs("update", u), samples()...)...)
		f.Title, f.Error, f.Danger = "text", "text", known
		f.Hidden, f.Also = []Hidden{{"name", "value"}}, []Button{{Text: "text", Action: "/", Name: "name", Value: "value"}}
		return f
	}
	view.Form, view.Links = form("form"), []Button{{Text: "text", Action: "/"}}
	view.Passkey = v.passkeyForm("passkey", "/", "submit.add_passkey", "/", samples()...)
	view.Passkey.Passkey.Create, view.Passkey.Passkey.Autofill, view.Passkey.Passkey.Unknown = known, known, "a"
	view.Providers = []Provider{
		{Name: "a", Title: "A", URL: "/a", Mark: "/a.svg"}, {Name: "b", Title: "B", URL: "/b", Initial: "B",
			Color: "#000000", Ink: "#ffffff"},
	}
	listed := sampleListed(known)
	switch page {
	case "account":
		view.Data = sampleAccount(known, form, view.Providers)
	case "codes":
		if known {
			view.Data, view.Form = []string{"text"}, nil
		}
	case "key":
		view.Data = ""
		if known {
			view.Data, view.Form = "text", nil
		}
	case "device":
		if known {
			view.Data, view.Form = &AskingDevice{Label: "text", IP: "::1", Approve: form("approve"), Deny: form("deny")}, nil
		}
	case "email", "mail":
		view.Data = "text"
	case "totp":
		view.Data = &Enrolment{QR: QR{Size: 9, Path: "M4 4h1v1h-1z"}, Secret: "text", Form: form("totp")}
	case "admin_audit":
		view.Data = sampleAudit(known, form)
	case "admin_users":
		view.Data = &UserList{
			Filter: sampleFilter(known, form), Users: []ListedUser{listed, {Email: "x"}}, More: "/", First: "/",
		}
	case "admin_user", "admin_delete":
		view.Data = sampleUser(listed, form)
	case "factor", "prove":
		view.Data = []*Form{form("a"), view.Passkey}
	case "passkey":
		view.Form = view.Passkey
	}
	if !known && !slices.Contains(private, page) {
		view.User = nil
	}
	return view
}

func sampleListed(known bool) ListedUser {
	return ListedUser{
		ID: "1", Email: "ada@example.org", Active: known, Verified: known, Admin: known, Suspended: known, URL: "/",
	}
}

// private are the pages that nobody sees who is not logged in.
var private = []string{
	"account", "admin_audit", "admin_delete", "admin_user", "admin_users", "device", "key", "passkey", "prove", "rename",
}

func sampleAccount(known bool, form func(string) *Form, providers []Provider) *Account {
	return &Account{
		Email: "ada@example.org", Verified: known, Verify: form("verify"), Profile: form("profile"), Address: form("email"),
		Password: form("password"), EndOthers: form("sessions"),
		Sessions: []Login{
			{Device: "text", Label: "text", IP: "::1", Current: known, End: form("session")}, {Device: "text"},
		},
		LetIn: &Button{Text: "text", Action: "/"},
		Providers: []LinkedProvider{
			{Provider: providers[0], Accounts: []string{"", "text"}, Unlink: form("unlink")},
			{Provider: providers[1], Link: &Button{Text: "text", Action: "/"}},
		},
		Leave: &Button{Text: "text", Action: "/"}, Factors: sampleFactors(form), Keys: sampleKeys(form),
		Activity: sampleActivity(known),
	}
}

func sampleActivity(known bool) []Activity {
	return []Activity{{Text: "text", Bad: known, Device: "text", Label: "text", IP: "::1"}, {By: "text"}}
}

func sampleFilter(known bool, form func(string) *Form) *Filter {
	return &Filter{Form: *form("find"), More: "text", Open: known}
}

func sampleAudit(known bool, form func(string) *Form) *AuditLog {
	return &AuditLog{Filter: sampleFilter(known, form), More: "/", First: "/", Records: []AuditRecord{
		{Activity: sampleActivity(known)[0], Kind: "a", Code: "a", Fields: "a", User: "1", UserURL: "/", OfUser: "/", Actor: "2",
			ActorURL: "/", ByActor: "/", Reason: "text"},
		{Actor: "text"},
	}}
}

func sampleUser(u ListedUser, form func(string) *Form) *UserDetail {
	return &UserDetail{
		ListedUser: u, Delete: "/", Suspension: "text", Reinstate: form("reinstate"), Suspend: form("suspend"),
		Reset: form("reset-password"), Act: form("act"), EndSessions: form("sessions"),
		Sessions: []Login{
			{Device: "text", Label: "text", IP: "::1", Acted: u.Active, End: form("session")}, {Device: "text"},
		},
	}
}

func sampleFactors(form func(string) *Form) *Factors {
	button := &Button{Text: "text", Action: "/"}
	return &Factors{
		Kept: []KeptFactor{{Title: "text"}, {
			Title: "text", Label: "text", Left: "text", Created: "text", Used: "text", Remove: form("factor"), Rename: button,
		}},
		Add: []*Form{form("add")}, Codes: button, Second: form("second"), Passkey: button,
	}
}

func sampleKeys(form func(string) *Form) *Keys {
	return &Keys{Make: Button{Text: "text", Action: "/"}, Kept: []KeptKey{{Name: "text", End: form("key")}, {
		Name: "text", Hint: "text", Scopes: []string{"text", "text"}, Created: "text", Used: "text", Expires: "text",
		Rotate: form("rotate"), End: form("end"),
	}}}
}

// samples are inputs of all kinds.
func samples() (all []Input) {
	for _, kind := range append([]string{"password", "select"}, inputTypes...) {
		all = append(all, Input{
			Name: kind, Type: kind, Value: "a", Help: "text", Error: "text", Focus: true, Required: kind == "text",
			Checked: true, Autocomplete: "on", InputMode: "text", Choices: []Choice{{"a", "text"}, {"b", "text"}},
		})
	}
	return all
}
