package site

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
)

//go:embed page
var files embed.FS

var page = template.Must(template.ParseFS(files, "page/index.html"))

// Files returns the page's files, below "page".
func Files() fs.FS { return files }

// Index returns the page for the user who is signed in, or nil, with the error
// that a login came back with, or "".
func (s *Site) Index(user *Account, failure string) (http.Header, []byte) {
	header := http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Cache-Control":           {"no-store"},
		"Referrer-Policy":         {"same-origin"},
		"Content-Security-Policy": {"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"},
	}
	var body bytes.Buffer
	// into memory, from a tested template
	_ = page.Execute(&body, map[string]any{"User": user, "WithProvider": s.Local != nil, "Error": failure})
	return header, body.Bytes()
}
