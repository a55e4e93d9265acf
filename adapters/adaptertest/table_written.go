package adaptertest

import (
	"maps"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// binary is no text in any encoding, and has what a framework may rewrite.
const binary = "\x89PNG\r\n\x1a\n\x00\xff\xfe\x80</html>\n"

// written are responses that an application sends itself, by the adapter's
// Write.
func written() map[string]func() *core.Response {
	return map[string]func() *core.Response{
		"/written/html":   func() *core.Response { return core.HTML(403, []byte("<!doctype html><p>é &amp; "+binary)) },
		"/written/css":    func() *core.Response { return core.Bytes(200, "text/css", []byte("@layer a { p { margin: 0 } }\n")) },
		"/written/binary": func() *core.Response { return core.Bytes(200, "image/png", []byte(binary)) },
		"/written/untyped": func() *core.Response {
			return &core.Response{Status: 201, Body: []byte(`{"id":"7"}`)}
		},
		"/written/typed": func() *core.Response {
			resp := core.Bytes(200, "application/json", []byte("{}"))
			resp.Header.Set("Content-Type", "application/jwk-set+json")
			return resp
		},
		"/written/login": func() *core.Response {
			resp := core.Empty(http.StatusNoContent)
			resp.Header["Set-Cookie"] = []string{"a=1; Path=/", "b=2; Path=/"}
			return resp
		},
	}
}

func writtenAnswers() []section {
	const json = "Content-Type: application/json"
	sec := section{rule: "Write sends what an application's own handler passes: status, every header line, media type, body byte for byte"}
	wants := map[string]want{
		"/written/html":    replies(403, "<!doctype html><p>é &amp; "+binary, "Content-Type: text/html; charset=utf-8"),
		"/written/css":     replies(200, "@layer a { p { margin: 0 } }\n", "Content-Type: text/css"),
		"/written/binary":  replies(200, binary, "Content-Type: image/png"),
		"/written/untyped": replies(201, `{"id":"7"}`, json),
		"/written/typed":   replies(200, "{}", "Content-Type: application/jwk-set+json"),
		"/written/login":   replies(204, "", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/", "!Content-Type"),
	}
	for _, path := range slices.Sorted(maps.Keys(wants)) {
		sec.rows = append(sec.rows, row{send: "GET " + path, want: wants[path]})
	}
	return []section{sec}
}
