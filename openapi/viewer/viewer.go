// Package viewer is a page on which people read an OpenAPI document and try its
// operations: Swagger UI, embedded, so that no other host is involved. In this
// example doc stands for an *openapi.Document, and mux for a router:
//
//	docs := viewer.Group("openapi.json", viewer.Options{})
//	httpauth.Mount(mux, "", api, doc.Group()) // GET /openapi.json
//	httpauth.Mount(mux, "/docs", docs)
//
// It is a module of its own for its size: half a megabyte, as it is sent.
//
// Security notes. The page's Content-Security-Policy allows nothing but files
// of its own origin, and no inline script or style. It stores no token: who
// reloads it authorizes again. Requests that it sends are those of its origin,
// with the browser's cookies: mount it only where the API's own pages may be.
//
// Swagger UI is licensed under the Apache License 2.0: see LICENSE and NOTICE
// in dist, and swagger-ui-bundle.js.LICENSE.txt for what it has in it. Its
// files are those of npm's swagger-ui-dist 5.35.0, compressed.
package viewer

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Options configures a viewer. The zero value is ready.
type Options struct {
	// Title is the page's. Default: "API".
	Title string
	// ReadOnly leaves out what sends requests. Default: false.
	ReadOnly bool
}

// Group returns the page and its files, to mount at a prefix of their own.
// document is the URL of the OpenAPI document: absolute, or relative to the
// page's without a slash at its end, so that "openapi.json" is /openapi.json
// for a page at /docs. It must be of the page's origin.
func Group(document string, o Options) core.Group {
	if o.Title == "" {
		o.Title = "API"
	}
	p := &page{document: document, options: o}
	group := core.Group{endpoint("page", "", p.serve)}
	for _, f := range files() {
		group = append(group, endpoint(strings.TrimSuffix(f.name, path.Ext(f.name)), "/"+f.name, f.serve))
	}
	return group
}

func endpoint(name, pattern string, serve func(*core.Request) *core.Response) core.Endpoint {
	route := core.Route{
		Name: "viewer:" + name, Method: http.MethodGet, Pattern: pattern, Public: true,
		Doc: core.Doc{Status: http.StatusOK, Hidden: true, Storeless: true},
		Handle: func(_ context.Context, r *core.Request) (*core.Response, error) {
			return serve(r), nil
		},
	}
	return core.Endpoint{Route: route, Serve: func(_ context.Context, r *core.Request) *core.Response { return serve(r) }}
}

// policy is the page's Content-Security-Policy. The pictures in Swagger UI's
// style sheet are data: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page is the HTML page.
type page struct {
	document string
	options  Options
}

func (p *page) serve(r *core.Request) *core.Response {
	var b bytes.Buffer
	below, document := links(r.Path, p.document)
	err := html().Execute(&b, map[string]any{
		"Title": p.options.Title, "ReadOnly": p.options.ReadOnly, "Below": below, "Version": version, "Document": document,
	})
	if err != nil { // texts can be written into a page that was parsed
		return core.Empty(http.StatusInternalServerError)
	}
	resp := core.HTML(http.StatusOK, b.Bytes())
	resp.Header.Set("Content-Security-Policy", policy)
	resp.Header.Set("X-Content-Type-Options", "nosniff")
	resp.Header.Set("Referrer-Policy", "same-origin")
	resp.Header.Set("Cache-Control", "no-cache")
	return resp
}

// links returns where the page's files are, and the document, relative to the
// page's path, which may end in a slash: so they hold below every prefix.
func links(at, document string) (below, doc string) {
	u, err := url.Parse(document)
	relative := err == nil && u.Scheme == "" && !strings.HasPrefix(document, "/")
	if strings.HasSuffix(at, "/") || at == "" {
		if relative && at != "/" {
			document = "../" + document
		}
		return "./", document
	}
	if relative {
		document = "./" + document
	}
	return "./" + url.PathEscape(path.Base(at)) + "/", document
}

func html() *template.Template {
	return template.Must(template.New("page").Parse(pageHTML)) // tests execute it
}
