package main

import (
	"embed"
	"html/template"
	"net/http"

	"github.com/latchkey-go/latchkey/adapters/chiauth"
)

//go:embed page
var files embed.FS

var page = template.Must(template.ParseFS(files, "page/index.html"))

// index shows who is signed in.
func index(w http.ResponseWriter, r *http.Request, withProvider bool) {
	user, _ := chiauth.CurrentUser[Account](r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	_ = page.Execute(w, map[string]any{"User": user, "WithProvider": withProvider, "Error": r.URL.Query().Get("error")})
}
