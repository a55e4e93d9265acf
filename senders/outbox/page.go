package outbox

import (
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

//go:embed page.html
var source string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // it is ours
}).Parse(source))

// policy lets nothing run and nothing load but the page's own style.
var policy = func() string {
	digest := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// wantsPage reports whether a browser asks, and no program.
func wantsPage(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/html")
}

// writePage shows the mails, newest first, with their links to click.
func writePage(w http.ResponseWriter, mails []Mail) {
	newestFirst := slices.Clone(mails)
	slices.Reverse(newestFirst)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	_ = page.Execute(w, newestFirst) // only the connection can fail
}
