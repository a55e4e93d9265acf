package adaptertest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// A cannedAnswer is a response of GET /auth/answer/{case}: the client must see
// what the route returned.
type cannedAnswer struct {
	status int
	body   string // "" for none
	header []string
}

func cannedAnswers() map[string]cannedAnswer {
	const asJSON = "Content-Type: application/json"
	return map[string]cannedAnswer{
		"200":           {200, `{"id":"7","email":"ada@app.example"}`, []string{asJSON}},
		"200-utf8":      {200, `{"full_name":"Ada Lovelace é ` + "\u2028" + `"}`, []string{asJSON}},
		"200-empty":     {200, "", nil},
		"200-list":      {200, `[]`, []string{asJSON, `Link: </users?cursor=a%2Bb&limit=5>; rel="next"`}},
		"200-html":      {200, "<!doctype html><p>é &amp; " + binary, []string{"Content-Type: text/html; charset=utf-8"}},
		"200-css":       {200, "@layer a { p { margin: 0 } }\n", []string{"Content-Type: text/css", "Cache-Control: max-age=60"}},
		"200-binary":    {200, binary, []string{"Content-Type: image/png"}},
		"201":           {201, `{"id":"7"}`, []string{asJSON}},
		"202-null":      {202, `null`, []string{asJSON}},
		"204":           {204, "", nil},
		"204-cookies":   {204, "", []string{"Set-Cookie: __Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax", "Set-Cookie: b=; Path=/; Max-Age=0"}},
		"303":           {303, "", []string{"Location: https://app.example/done?code=a%2Fb#top", "Referrer-Policy: no-referrer"}},
		"303-relative":  {303, "", []string{"Location: /done?next=%2Fa", "Set-Cookie: a=1; Path=/"}},
		"400":           {400, `{"detail":"LOGIN_BAD_CREDENTIALS"}`, []string{asJSON}},
		"401":           {401, `{"detail":"Unauthorized"}`, []string{asJSON, `WWW-Authenticate: Bearer error="invalid_token"`, "Cache-Control: no-store"}},
		"401-two":       {401, `{"detail":"Unauthorized"}`, []string{asJSON, "WWW-Authenticate: Bearer", "WWW-Authenticate: Cookie"}},
		"403":           {403, `{"detail":"Forbidden"}`, []string{asJSON}},
		"404":           {404, `{"detail":"Not Found"}`, []string{asJSON}},
		"409":           {409, `{"detail":"OAUTH_LAST_LOGIN_METHOD"}`, []string{asJSON}},
		"415":           {415, `{"detail":"UNSUPPORTED_MEDIA_TYPE"}`, []string{asJSON}},
		"422":           {422, `{"detail":[{"loc":["body","email"],"msg":"Field required","type":"missing"}]}`, []string{asJSON}},
		"429":           {429, `{"detail":"RATE_LIMITED"}`, []string{asJSON, "Retry-After: 30"}},
		"500":           {500, `{"detail":"Internal Server Error"}`, []string{asJSON}},
		"502":           {502, `{"detail":"OAUTH_PROVIDER_ERROR"}`, []string{asJSON}},
		"503":           {503, `{"detail":"SERVICE_UNAVAILABLE"}`, []string{asJSON, "Retry-After: 2"}},
		"header-vary":   {200, `1`, []string{asJSON, "Vary: Cookie", "Vary: Origin"}},
		"header-custom": {200, `1`, []string{asJSON, "X-A: 1", "X-A: 1", "X-A: 2, 3", "X-Empty: "}},
	}
}

func (c cannedAnswer) response() *core.Response {
	resp := core.Empty(c.status)
	if c.body != "" {
		resp.Body = []byte(c.body)
	}
	for _, line := range c.header {
		name, value, _ := strings.Cut(line, ": ")
		resp.Header.Add(name, value)
	}
	return resp
}

func (c cannedAnswer) want() want {
	w := want{status: []int{c.status}, body: c.body}
	for name, lines := range c.response().Header {
		for _, line := range lines {
			w.header = append(w.header, name+": "+line)
		}
	}
	if c.body == "" {
		w.header = append(w.header, "!Content-Type")
	}
	length := fmt.Sprintf("Content-Length: %d", len(c.body))
	if c.status == http.StatusNoContent {
		length = "!Content-Length" // RFC 9110, section 8.6
	}
	w.header = append(w.header, length)
	return w
}

// answers returns the rules about what a client sees of a response.
func answers() []section {
	sec := section{rule: "a response arrives as the route gave it: status, every header line, exact body, its length; HEAD is GET without the body", head: true}
	all := cannedAnswers()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		sec.rows = append(sec.rows, row{send: "GET /auth/answer/" + name, want: all[name].want()})
	}
	return []section{sec}
}
