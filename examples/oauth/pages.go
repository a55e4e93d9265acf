package main

import (
	"cmp"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"initial": initial, "says": says}).ParseFS(files,
	"pages/*.html"))

// initial replaces a service's logo, which the service owns and has rules for.
func initial(title string) string { return strings.ToUpper(title[:1]) }

// service is a service on the account page.
type service struct {
	*providers.Provider
	Linked []string // the addresses of the user's accounts there
}

// home is the login page, or the account of the user who is signed in.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	data := map[string]any{"Services": a.services, "Error": r.URL.Query().Get("error")}
	user, ok := chiauth.CurrentUser[Account](r)
	if !ok {
		a.show(w, "login.html", data)
		return
	}
	links, err := a.links.List(r.Context(), user.ID)
	if err != nil {
		a.log.Error("links", "err", err)
		http.Error(w, "the database does not respond", http.StatusServiceUnavailable)
		return
	}
	var services []service
	for _, p := range a.services {
		s := service{Provider: p}
		for _, l := range links {
			if l.Provider == p.Name() {
				s.Linked = append(s.Linked, l.Email)
			}
		}
		services = append(services, s)
	}
	data["User"], data["Services"] = user, services
	a.show(w, "account.html", data)
}

func (a *app) show(w http.ResponseWriter, page string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	if err := pages.ExecuteTemplate(w, page, data); err != nil {
		a.log.Error("page", "page", page, "err", err)
	}
}

// sentences maps the codes that a login or a click may end with to texts.
var sentences = map[string]string{
	"access_denied":               "You cancelled it.",
	core.CodeOAuthUserExists:      "Your address there belongs to an account here. Sign in to that one as usual, then link this.",
	core.CodeOAuthAlreadyLinked:   "That account is linked to somebody else here.",
	core.CodeOAuthNoEmail:         "That service did not supply an email address, and a new account needs one.",
	core.CodeOAuthLastLoginMethod: "This is your only way to sign in. Link another account first.",
	core.CodeOAuthProviderError:   "That service does not respond as it should. Try again later.",
}

func says(code string) string {
	return cmp.Or(sentences[code], "That did not work ("+code+"). Please begin again.")
}
