package pages

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"

	"github.com/latchkey-go/latchkey/core"
)

// Options of New. The zero value is ready: it has the built-in look and texts.
type Options struct {
	// App is the application's name, which stands above each page and in
	// its title. Default: no name.
	App string
	// Logo is the URL of an image that stands in place of the name: a path
	// of this origin, or an https URL. Default: none.
	Logo string
	// After is where a login goes that did not begin at another page: a
	// path as browsers see it ("/dashboard"). Default: the account page.
	After string
	// Stylesheets are linked after the built-in one, and win over it: paths
	// of this origin, or https URLs, whose origins the policy then allows
	// to send styles and fonts. Default: none.
	Stylesheets []string
	// Templates has files that replace the built-in ones of their names,
	// such as layout.html, one by one. Other .html files of it are
	// templates that these can call. Default: the built-in ones.
	Templates fs.FS
	// Locales has catalogues of texts, one JSON object a language, such as
	// de.json. Their texts win over the built-in ones, key by key; a file
	// of another name adds a language. Default: English and German.
	Locales fs.FS
	// Languages are those in which pages are offered, as BCP 47 tags; the
	// first one where a browser asks for none of them. Default: all that
	// have a catalogue, English first.
	Languages []string
	// Marks has the marks of providers, <icon>.svg, where <icon> is the
	// Icon of the provider's core.Brand, or its name. Default: the first
	// letter on the brand's color.
	Marks fs.FS
	// Fields describe the application's own columns, by their JSON names.
	// Default: a label made from the name, and a field for the type.
	Fields map[string]Field
	// Captcha are the origins, such as "https://challenges.cloudflare.com",
	// whose scripts and frames the policy allows where the template
	// captcha shows the riddle of latchkey's Options.Captcha. Default:
	// none, and a script of this origin.
	Captcha []string
	// Admin adds the administration of users, for superusers. Default: off.
	Admin bool
	// Render makes every page in place of the templates, with templ for
	// example. The answer is HTML in UTF-8; status, headers and cookies are
	// set as for the templates. Default: the templates.
	Render func(ctx context.Context, v View) ([]byte, error)
}

// Field is how a column of the application's own looks in forms.
type Field struct {
	// Label and Help are texts; the keys field.<column> and help.<column>
	// of a catalogue win over them.
	Label, Help string
	// Autocomplete is what browsers fill the field with: a token of the
	// HTML standard, such as "name" or "tel" (WCAG 2.2, 1.3.5).
	Autocomplete string
	// Type is that of the input ("date", "tel", "url"), or "textarea".
	// Default: one for the column's type.
	Type string
	// Choices make it a list to choose from.
	Choices []Choice
	// Hidden leaves the column out of all forms.
	Hidden bool
}

// Choice is a value of a column to choose. The key field.<column>.<value> of a
// catalogue wins over Label.
type Choice struct{ Value, Label string }

// Flow is the pages' core.Flow. It is made by New and safe for concurrent use.
type Flow struct {
	opts      Options
	looks     looks
	languages languages
	assets    assets
	policy    string
}

// New returns the pages for latchkey's Options.Flows. Its error joins
// everything that is wrong with the options. What a template asks of the user
// type is tried by latchkey.New, with a user without values.
func New(o Options) (*Flow, error) {
	f := &Flow{opts: o}
	if err := f.build(); err != nil {
		return nil, err
	}
	return f, nil
}

// Name is "pages".
func (*Flow) Name() string { return "pages" }

// PerBackend is true.
func (*Flow) PerBackend() bool { return true }

// Routes are those of a backend whose token browsers send by themselves, and
// need not renew; none for any other one, which a page cannot log in to.
func (f *Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if !svc.Backend.BrowserSent || svc.Backend.Renews {
		return nil, nil
	}
	s := &site{Flow: f, svc: svc}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("flow pages: %w", err)
	}
	return s.routes(), nil
}

// Links returns flows whose mails lead to the pages that are mounted at a
// prefix, in place of the links that they had: verify.Flow and reset.Flow, and
// each core.Linked for whose links there is a page, such as devicegrant.Flow.
// Others stay as they are.
//
//	flows := pages.Links("/user", verify.Flow{}, reset.Flow{})
//	httpauth.Mount(mux, "/user", auth.Pages("web"))
//
// prefix is as browsers see it below Options.BaseURL of latchkey.
func Links(prefix string, flows ...core.Flow) []core.Flow {
	linked := make([]core.Flow, len(flows))
	for i, f := range flows {
		linked[i] = f
		page, has := mailed[f.Name()]
		if l, ok := f.(core.Linked); ok && has {
			linked[i] = l.WithLink(prefix + page + "?" + cmp.Or(parameters[f.Name()], "token") + "={token}")
		}
		if l, ok := linked[i].(core.UndoLinked); ok && has {
			linked[i] = l.WithUndoLink(prefix + undoPage + "?token={token}")
		}
	}
	return linked
}

// mailed are the pages at the end of links, by the names of flows.
var mailed = map[string]string{
	core.MailVerify: "/verify", core.MailReset: "/reset", "mail-login": "/login/mail",
	core.MailEmailChange: confirmPage, core.MailLeaving: leavingPage, "device": devicePage,
}

// parameters are those of links that have another one than a token.
var parameters = map[string]string{"device": "user_code"}

const confirmPage, undoPage = "/email/confirm", "/email/undo"
