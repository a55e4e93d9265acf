package openapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Group returns GET /openapi.json, for anyone, to mount beside the routes that
// the document is of. Clients may keep it, and ask by its ETag whether it has
// changed.
func (d *Document) Group() core.Group {
	digest := core.Digest(string(d.text))
	tag := `"` + base64.RawURLEncoding.EncodeToString(digest[:16]) + `"`
	route := core.Route{
		Name: "openapi:document", Method: http.MethodGet, Pattern: "/openapi.json", Public: true,
		Doc: core.Doc{Summary: "The API's document", Status: http.StatusOK, Hidden: true, Storeless: true},
	}
	route.Handle = func(_ context.Context, r *core.Request) (*core.Response, error) {
		resp := core.Bytes(http.StatusOK, "application/json", d.text)
		if matches(r.Lines("If-None-Match"), tag) {
			resp.Drop(http.StatusNotModified)
		}
		resp.Header.Set("Cache-Control", "no-cache")
		resp.Header.Set("ETag", tag)
		return resp, nil
	}
	serve := func(ctx context.Context, r *core.Request) *core.Response {
		resp, _ := route.Handle(ctx, r) // never an error
		return resp
	}
	return core.Group{{Route: route, Serve: serve}}
}

// matches reports whether If-None-Match names a tag (RFC 9110, section 13.1.2),
// which a proxy may have made a weak one.
func matches(lines []string, tag string) bool {
	for one := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}
