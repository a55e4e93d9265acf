package adaptertest

import (
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// nested are groups with prefixes of their own. The one whose path has a
// parameter comes first, as /users/{id} would before /users/me.
func (s *server) nested() []core.Group {
	any := core.Group{s.bound("GET", "/{id}", func(r *core.Request) *core.Response {
		return text(200, fmt.Sprintf("nested %q", r.Param("id")))
	})}
	me := core.Group{s.bound("GET", "", fixed("nested me")), s.bound("POST", "/keys", fixed("nested keys"))}
	tenant := core.Group{s.bound("GET", "/{id}", func(r *core.Request) *core.Response {
		return text(200, fmt.Sprintf("tenant %q %q", r.Param("tenant"), r.Param("id")))
	})}
	return []core.Group{any.At("/deep"), me.At("/me").At("/deep"), tenant.At("/of/{tenant}")}
}

func nestedPaths() []section {
	return []section{{
		rule: "a group's own prefix (Group.At) stands between that of Mount and the pattern",
		rows: []row{
			{send: "GET /nested/deep/7", want: ok(`nested "7"`)},
			{send: "GET /nested/deep/me", want: ok("nested me")},
			{send: "GET /nested/deep/me/", want: ok("nested me")},
			{send: "POST /nested/deep/me/keys", want: ok("nested keys")},
			{send: "GET /nested/of/acme/7", want: ok(`tenant "acme" "7"`)},
			{send: "GET /alone", want: ok("alone")},
			{send: "GET /alone/", want: ok("alone")},
			{send: "GET /nested/7", want: notFound()},
			{send: "GET /nested/me", want: notFound()},
			{send: "GET /deep/me", want: notFound()},
			{send: "PUT /nested/deep/me", want: notAllowed("GET")},
		},
	}}
}
