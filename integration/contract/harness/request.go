package harness

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Option is something that a request has. Headers add up, so two credentials
// are two lines.
type Option func(*http.Request)

// Header adds a header line.
func Header(name, value string) Option {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

// Credential presents a token of a backend as that backend reads it.
func Credential(backend, token string) Option {
	if backend == "cookie" {
		return Header("Cookie", CookieName+"="+token)
	}
	return Header("Authorization", "Bearer "+token)
}

// PathID takes the place of {id} in the path.
func PathID(id string) Option {
	return func(r *http.Request) {
		path := r.URL.Path
		r.URL.Path, r.URL.RawPath = strings.Replace(path, "{id}", id, 1), strings.Replace(path, "{id}", url.PathEscape(id), 1)
	}
}

// Body sets the body, and its type if that is not "".
func Body(contentType, text string) Option {
	return func(r *http.Request) {
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
}

// JSON sets a body of JSON, as it is written.
func JSON(document string) Option { return Body("application/json", document) }

// JSONObject sets a body of JSON.
func JSONObject(o Object) Option {
	encoded, _ := json.Marshal(o) // a test's own values always marshal
	return JSON(string(encoded))
}

// Form sets a form of names and values.
func Form(pairs ...string) Option {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return Body("application/x-www-form-urlencoded", values.Encode())
}

// LoginForm sets the form of a login.
func LoginForm(username, password string) Option {
	return Form("username", username, "password", password)
}

// Multipart sets a multipart form of names and values.
func Multipart(pairs ...string) Option {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		_ = w.WriteField(pairs[i], pairs[i+1])
	}
	_ = w.Close()
	return Body(w.FormDataContentType(), b.String())
}

// All makes one option of several.
func All(options ...Option) Option {
	return func(r *http.Request) {
		for _, o := range options {
			o(r)
		}
	}
}

// Bearer presents a token of any kind in an Authorization line.
func Bearer(token string) Option { return Header("Authorization", "Bearer "+token) }

// Query sets the query of a request.
func Query(raw string) Option { return func(r *http.Request) { r.URL.RawQuery = raw } }

// NextPageLink matches the Link to a next page, and captures its query.
var NextPageLink = regexp.MustCompile(`^<\?(.*)>; rel="next"$`)

// LoginStatus returns the status of a login at a backend.
func LoginStatus(backend string) string {
	if backend == "cookie" {
		return "204"
	}
	return "200"
}

// CrossOriginHeaders are the headers of requests from other origins;
// SameOriginHeaders, with the host filled in, of those that are not.
var (
	CrossOriginHeaders = map[string][]Option{
		"Sec-Fetch-Site: cross-site": {Header("Sec-Fetch-Site", "cross-site")},
		"Sec-Fetch-Site: same-site":  {Header("Sec-Fetch-Site", "same-site")},
		"Origin of another host":     {Header("Origin", "https://evil.example")},
		"Origin with another port":   {Header("Origin", "http://127.0.0.1:1")},
		"Origin: null":               {Header("Origin", "null")},
		"cross-site, with our host":  {Header("Sec-Fetch-Site", "cross-site"), Header("Origin", "null")},
	}
	SameOriginHeaders = map[string]func(host string) Option{
		"Sec-Fetch-Site: same-origin": func(string) Option { return Header("Sec-Fetch-Site", "same-origin") },
		"Sec-Fetch-Site: none":        func(string) Option { return Header("Sec-Fetch-Site", "none") },
		"our Origin":                  func(host string) Option { return Header("Origin", "http://"+host) },
		"no browser":                  func(string) Option { return func(*http.Request) {} },
	}
)
