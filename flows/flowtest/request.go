package flowtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Request is a request to one of the flow's routes.
type Request struct {
	// Route is the method and the path below where the routes are mounted,
	// with a query if need be: "POST /link/use".
	Route string
	// JSON is the body, or Form; neither is none. "{pending}" in JSON
	// stands for the ticket of a login of the user whom the case is about,
	// which lacks a factor.
	JSON string
	Form url.Values
	// Caller: the user whom the case is about sends it, logged in.
	Caller bool
}

// body returns the body and its media type.
func (r Request) body() (body []byte, media string) {
	switch {
	case r.Form != nil:
		return []byte(r.Form.Encode()), "application/x-www-form-urlencoded"
	case r.JSON != "":
		return []byte(r.JSON), "application/json"
	}
	return nil, ""
}

// head is the head of a request.
type head struct {
	method, host string
	header       http.Header
}

func (h head) Method() string             { return h.method }
func (h head) Host() string               { return h.host }
func (h head) Lines(name string) []string { return h.header[name] }

// sent is a request on its way: who sends it, and from where.
type sent struct {
	Request
	header http.Header // the credential and what else is sent along
	from   netip.Addr
	host   string // "" for that of the base URL
	raw    []byte // a JSON body as it is, in place of the request's
}

// send serves a request. Its error means that there is no such route.
func (a *app) send(s sent) (*core.Response, error) {
	method, target, _ := strings.Cut(s.Route, " ")
	path, query, _ := strings.Cut(target, "?")
	body, media := s.body()
	if s.raw != nil {
		body, media = s.raw, "application/json"
	}
	h := head{method: method, host: s.host, header: http.Header{}}
	if h.host == "" && a.real.Env.BaseURL != nil {
		h.host = a.real.Env.BaseURL.Host
	}
	for name, lines := range s.header {
		h.header[name] = lines
	}
	if media != "" {
		h.header["Content-Type"] = []string{media}
	}
	if !s.from.IsValid() {
		s.from = a.network()
	}
	r := &core.Request{Head: h, Path: path, Remote: s.from, Body: bytes.NewReader(body)}
	r.Query, _ = url.ParseQuery(query)
	for _, e := range a.group {
		params, fits := match(e.Pattern, path)
		if fits && (e.Method == method || method == http.MethodHead && e.Method == http.MethodGet) {
			r.Param = func(name string) string { return params[name] }
			return e.Serve(a.t.Context(), r), nil
		}
	}
	return nil, fmt.Errorf("the flow %q has no route %s", a.flow.Name(), s.Route)
}

// match returns the parameters of a path, if it is one of the pattern.
func match(pattern, path string) (params map[string]string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params = map[string]string{}
	for i, segment := range want {
		name, placed := strings.CutPrefix(segment, "{")
		switch {
		case placed && got[i] != "":
			params[strings.TrimSuffix(name, "}")], _ = url.PathUnescape(got[i])
		case segment != got[i]:
			return nil, false
		}
	}
	return params, true
}

// Client goes on after a login's answer as a browser does, with its cookies,
// and as an API client does, with the access_token of its body.
func Client(login *core.Response) map[string][]string {
	header := http.Header{}
	var pairs []string
	for _, line := range login.Header["Set-Cookie"] {
		if c, err := http.ParseSetCookie(line); err == nil && c.MaxAge >= 0 {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	if pairs != nil {
		header.Set("Cookie", strings.Join(pairs, "; "))
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(login.Body, &answer) == nil && answer.AccessToken != "" {
		header.Set("Authorization", "Bearer "+answer.AccessToken)
	}
	return header
}

// told returns what a client sees of an answer.
func told(resp *core.Response) string {
	return fmt.Sprintf("%d %s %v", resp.Status, resp.Body, resp.Header)
}

// newSecrets are those of core.NewSecret, in JSON or in a cookie.
var newSecrets = regexp.MustCompile(`(["=])[A-Za-z0-9_-]{43}(["; ])`)

// learned returns what a client learns by an answer: all of it but secrets,
// which differ each time. One may stand for the flow that goes on with a mail.
func learned(resp *core.Response) string {
	return newSecrets.ReplaceAllString(told(resp), "${1}[secret]${2}")
}

// brief is the beginning of it, for an error's text.
func brief(resp *core.Response) string { return fmt.Sprintf("%d %.200s", resp.Status, resp.Body) }

func succeeded(resp *core.Response) bool { return resp.Status < http.StatusBadRequest }

func refused(resp *core.Response) bool {
	return resp.Status >= 400 && resp.Status < 500 && resp.Status != http.StatusTooManyRequests
}
