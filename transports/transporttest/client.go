package transporttest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Client acts as a client that keeps cookies, as a browser does, and sends the
// access_token of a response as a bearer token, as an API client does. It
// returns the headers of the request after these responses.
func Client(responses ...*core.Response) http.Header {
	var jar []*http.Cookie
	header := http.Header{}
	for _, resp := range responses {
		for _, line := range resp.Header["Set-Cookie"] {
			if c, err := http.ParseSetCookie(line); err == nil {
				jar = keep(jar, c)
			}
		}
		if token := accessToken(resp); token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
	}
	pairs := make([]string, len(jar))
	for i, c := range jar {
		pairs[i] = c.Name + "=" + c.Value
	}
	if len(pairs) > 0 {
		header.Set("Cookie", strings.Join(pairs, "; "))
	}
	return header
}

// keep puts a cookie into a jar, in place of one that a browser considers the
// same (RFC 6265, section 5.3: name, domain, path).
func keep(jar []*http.Cookie, c *http.Cookie) []*http.Cookie {
	jar = slices.DeleteFunc(jar, func(old *http.Cookie) bool {
		return old.Name == c.Name && old.Domain == c.Domain && old.Path == c.Path
	})
	if c.MaxAge < 0 {
		return jar
	}
	return append(jar, c)
}

func accessToken(resp *core.Response) string {
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(resp.Body, &answer) != nil {
		return ""
	}
	return answer.AccessToken
}

// head is the head of a request, by default a POST to https://app.example.
type head struct {
	method string
	header http.Header
}

func (h head) Method() string             { return h.method }
func (h head) Host() string               { return "app.example" }
func (h head) Lines(name string) []string { return h.header[name] }

func post(headers ...http.Header) head {
	h := head{"POST", http.Header{}}
	for _, header := range headers {
		for name, lines := range header {
			h.header[name] = append(h.header[name], lines...)
		}
	}
	return h
}

// fetched returns the headers that a browser adds to a request caused by a page
// of the given site relation and origin.
func fetched(site, origin string) http.Header {
	return http.Header{"Sec-Fetch-Site": {site}, "Origin": {origin}}
}
