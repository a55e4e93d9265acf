package openapi_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi"
)

// checked is what a handler answers.
type checked struct {
	status      int
	contentType string
	body        string
	header      http.Header
}

func (c checked) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if c.contentType != "" {
		w.Header().Set("Content-Type", c.contentType)
	}
	for name, lines := range c.header {
		w.Header()[name] = lines
	}
	w.WriteHeader(c.status)
	_, _ = io.WriteString(w, c.body)
}

func TestCheckerReportsWhatTheDocumentDoesNotHave(t *testing.T) {
	t.Parallel()
	const jsonType = "application/json"
	const ada = `{"id":"7","email":"ada@example.org","is_active":true,"is_superuser":false,"is_verified":false,` +
		`"name":"Ada","motto":null,"tags":null}`
	challenge := http.Header{"Www-Authenticate": {"Bearer"}}
	for name, c := range map[string]struct {
		line   string
		answer checked
		want   string // in the report; "" for none
	}{
		"a good answer":              {"GET /users/me", checked{200, jsonType, ada, nil}, ""},
		"with more members":          {"GET /users/me", checked{200, jsonType, strings.Replace(ada, "{", `{"new":1,`, 1), nil}, ""},
		"a wrong type":               {"GET /users/me", checked{200, jsonType, strings.Replace(ada, `"7"`, "7", 1), nil}, "/properties/id"},
		"a missing member":           {"GET /users/me", checked{200, jsonType, strings.Replace(ada, `"id":"7",`, "", 1), nil}, `missing properties: ["id"]`},
		"no JSON":                    {"GET /users/me", checked{200, jsonType, "{", nil}, "no JSON"},
		"another media type":         {"GET /users/me", checked{200, "text/html", ada, nil}, `the type is "text/html"`},
		"another status":             {"GET /users/me", checked{404, jsonType, `{"detail":"Not Found"}`, nil}, `the status is not among the operation's: {"detail"`},
		"an error":                   {"GET /users/me", checked{401, jsonType, `{"detail":"Unauthorized"}`, challenge}, ""},
		"one without its header":     {"GET /users/me", checked{401, jsonType, `{"detail":"Unauthorized"}`, nil}, "WWW-Authenticate is missing"},
		"one without a detail":       {"GET /users/me", checked{401, jsonType, `{"error":"x"}`, challenge}, "detail"},
		"a fault of the server":      {"GET /users/me", checked{500, jsonType, `{"detail":"Internal Server Error"}`, nil}, ""},
		"another one":                {"GET /users/me", checked{500, "text/plain", "oops", nil}, "the type is"},
		"a body that broke off":      {"POST /auth/forgot-password", checked{400, jsonType, `{"detail":"Bad Request"}`, nil}, ""},
		"one of another operation":   {"GET /jwks.json", checked{400, jsonType, `{"detail":"Bad Request"}`, nil}, "the status is not"},
		"a head":                     {"HEAD /users/me", checked{200, jsonType, "", nil}, ""},
		"a head of another status":   {"HEAD /users/me", checked{404, jsonType, "", nil}, "the status is not"},
		"nothing where none is":      {"POST /auth/web/login", checked{204, "", "", nil}, ""},
		"a list":                     {"GET /users", checked{200, jsonType, "[" + ada + "]", nil}, ""},
		"a list with null":           {"GET /users", checked{200, jsonType, "[null]", nil}, "items"},
		"null":                       {"POST /auth/forgot-password", checked{202, jsonType, "null", nil}, ""},
		"something in its place":     {"POST /auth/forgot-password", checked{202, jsonType, "{}", nil}, "null"},
		"problems":                   {"POST /auth/register", checked{422, jsonType, `{"detail":[{"loc":["body",3],"msg":"m","type":"t"}]}`, nil}, ""},
		"problems without a place":   {"POST /auth/register", checked{422, jsonType, `{"detail":[{"msg":"m","type":"t"}]}`, nil}, "loc"},
		"a parameter in the path":    {"GET /users/7", checked{404, jsonType, `{"detail":"Not Found"}`, nil}, ""},
		"a group's root, slashed":    {"GET /users/", checked{404, jsonType, `{"detail":"Not Found"}`, nil}, "the status is not"},
		"a slash too many":           {"GET /users/me/", checked{307, "", "", nil}, ""},
		"no operation's path":        {"GET /nothing", checked{418, "", "", nil}, ""},
		"no operation's method":      {"PUT /users/me", checked{405, "", "", nil}, ""},
		"another spelling":           {"GET /users/%6De", checked{404, "", "", nil}, ""},
		"a body where there is none": {"GET /places", checked{303, jsonType, "{}", http.Header{"Location": {"/"}}}, "there is a body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, _ := made(t, openapi.Options{}, api())
			method, path, _ := strings.Cut(c.line, " ")
			checker := doc.Checker()
			var reports []error
			report := func(err error) { reports = append(reports, err) }
			w := httptest.NewRecorder()
			checker.Handler(c.answer, report).ServeHTTP(w, httptest.NewRequest(method, path, nil))
			if w.Code != c.answer.status || w.Body.String() != c.answer.body {
				t.Errorf("the client gets %d %s", w.Code, w.Body)
			}
			transport := checker.Transport(answering{c.answer}, report)
			resp, err := transport.RoundTrip(httptest.NewRequest(method, path, nil))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode != c.answer.status || string(body) != c.answer.body {
				t.Errorf("by a transport: %d %s", resp.StatusCode, body)
			}
			if c.want == "" && reports != nil || c.want != "" && len(reports) != 2 {
				t.Errorf("the reports are %v, want %q twice", reports, c.want)
			}
			for _, err := range reports {
				if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), method+" "+path) {
					t.Errorf("the report is %v, want %q", err, c.want)
				}
			}
		})
	}
}

// The document describes the JSON of a route; what a page's form is answered
// with is left to browsers.
func TestCheckerOverlooksTheFormsOfPages(t *testing.T) {
	t.Parallel()
	const form, json = "application/x-www-form-urlencoded; charset=utf-8", "application/json"
	for name, c := range map[string]struct {
		path, contentType string
		reported          bool
	}{
		"a form": {"/auth/register", form, false}, "multipart": {"/auth/register", "multipart/form-data; boundary=x", false},
		"JSON": {"/auth/register", json, true}, "a form elsewhere": {"/auth/forgot-password", form, true},
	} {
		doc, _ := made(t, openapi.Options{}, api())
		checker, reported := doc.Checker(), false
		r := httptest.NewRequest("POST", c.path, nil)
		r.Header.Set("Content-Type", c.contentType)
		answer := checked{303, "", "", http.Header{"Location": {"/"}}}
		checker.Handler(answer, func(error) { reported = true }).ServeHTTP(httptest.NewRecorder(), r)
		if reported != c.reported {
			t.Errorf("%s: reported %v, want %v", name, reported, c.reported)
		}
	}
}

// answering is a RoundTripper with a handler behind it.
type answering struct{ http.Handler }

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Result(), nil
}

type down struct{}

func (down) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("down") }

func TestMissingIsWhatNobodyDrove(t *testing.T) {
	t.Parallel()
	group := core.Group{
		endpoint("a:get", "GET", "/a", func(e *core.Endpoint) { e.Public = true }),
		endpoint("a:post", "POST", "/a", func(e *core.Endpoint) {
			e.Public, e.Doc.Storeless, e.Doc.Redirects = true, true, true
		}),
	}
	doc, _ := made(t, openapi.Options{Servers: []string{"/v1", "https://app.example/v2/"}}, group)
	checker := doc.Checker()
	want := func(want ...string) {
		t.Helper()
		if got := checker.Missing(); !slices.Equal(got, want) {
			t.Errorf("missing are %q, want %q", got, want)
		}
	}
	want("GET /a 200", "GET /a 503", "POST /a 200", "POST /a 303")
	send := func(method, path string, status int) {
		h := checker.Handler(checked{status: status, header: http.Header{"Location": {"/"}}}, func(error) {})
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	}
	send("GET", "/v1/a", 200)
	want("GET /a 503", "POST /a 200", "POST /a 303")
	send("HEAD", "/v1/a", 503) // has no body to look at
	send("GET", "/a", 503)     // is elsewhere
	send("POST", "/v1/a", 418)
	want("GET /a 503", "POST /a 200", "POST /a 303")
	send("POST", "/v2/a", 303)
	want("GET /a 503", "POST /a 200")
	transport := checker.Transport(down{}, func(error) {})
	if _, err := transport.RoundTrip(httptest.NewRequest("POST", "/v1/a", nil)); err == nil { //nolint:bodyclose // there is no response
		t.Error("an error of the transport is lost")
	}
	want("GET /a 503", "POST /a 200")
}

func TestStreamsPassTheChecker(t *testing.T) {
	t.Parallel()
	doc, _ := made(t, openapi.Options{}, api())
	h := doc.Checker().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
	}), func(error) {})
	for _, path := range []string{"/users/me", "/events"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
}
