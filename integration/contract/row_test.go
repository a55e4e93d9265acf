package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// row runs the subtest whose name is line: it sends the request and checks the
// answer, see want.
func (a *app) row(t *testing.T, line string, with ...option) (got answer) {
	t.Helper()
	t.Run(line, func(t *testing.T) { got = a.want(t, line, with...) })
	return got
}

var (
	pattern = regexp.MustCompile(`^([A-Z]+) (/\S*) (\d{3})(?: ([^(]+?))?(?: \(.+\))?$`)
	aCode   = regexp.MustCompile(`^"[A-Z_]+"$`)
)

// want sends the request of a line "METHOD /path STATUS words (note)" and
// checks the status, what the error says, and what is so in every answer. words
// are a code, {CODE, reason}, or the problems of a 422; none is the plain
// phrase of the status.
func (a *app) want(t *testing.T, line string, with ...option) answer {
	t.Helper()
	parts := pattern.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("%q is no row", line)
	}
	method, path, status, words := parts[1], parts[2], parts[3], parts[4]
	got := a.send(t, method, path, with...)
	if strconv.Itoa(got.status) != status || got.says() != words {
		t.Errorf("%s\ngot %d %s", line, got.status, got.body)
	}
	got.wantDecent(t, path)
	return got
}

// send sends a request, without following redirects or keeping cookies.
func (a *app) send(t *testing.T, method, path string, with ...option) answer {
	t.Helper()
	got := a.exchange(t.Context(), method, path, with...)
	if got.status == 0 {
		t.Fatal(got.body)
	}
	for _, b := range a.backends {
		if w, ok := core.As[core.Waiter](b.Strategy); ok {
			_ = w.Wait(t.Context())
		}
	}
	return got
}

// atOnce sends n requests at the same time and gives their answers as they
// come.
func (a *app) atOnce(t *testing.T, n int, method, path string, with func(i int) option) <-chan answer {
	answers := make(chan answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers <- a.exchange(t.Context(), method, path, with(i)) })
	}
	go func() {
		all.Wait()
		close(answers)
	}()
	return answers
}

// exchange returns the status 0 and the error as the body where there is no
// answer.
func (a *app) exchange(ctx context.Context, method, path string, with ...option) answer {
	r, err := http.NewRequestWithContext(ctx, method, a.url+path, nil)
	if err != nil {
		return answer{body: err.Error()}
	}
	for _, o := range with {
		o(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

// says returns an error in the words of a row, or the whole body where it does
// not have the contract's form.
func (a answer) says() string {
	if a.status < 400 || a.status == http.StatusMethodNotAllowed { // whose body is the router's
		return ""
	}
	detail := strings.TrimSuffix(strings.TrimPrefix(a.body, `{"detail":`), "}")
	var refusal struct{ Code, Reason string }
	var problems []problem
	switch {
	case detail == strconv.Quote(http.StatusText(a.status)):
		return ""
	case aCode.MatchString(detail):
		return strings.Trim(detail, `"`)
	case strict(detail, &refusal) && refusal.Reason != "":
		return "{" + refusal.Code + ", reason}"
	case strict(detail, &problems):
		said := make([]string, len(problems))
		for i, p := range problems {
			said[i] = p.String()
		}
		return strings.Join(said, ", ")
	}
	return a.body
}

type problem struct {
	Loc       []any
	Msg, Type string
}

// String is the place and the type; an offset in the body is #.
func (p problem) String() string {
	place := make([]string, len(p.Loc))
	for i, step := range p.Loc {
		if place[i] = fmt.Sprint(step); reflect.ValueOf(step).Kind() == reflect.Float64 {
			place[i] = "#"
		}
	}
	if p.Msg == "" {
		return "a problem without a message"
	}
	return strings.Join(place, ".") + " " + p.Type
}

// strict reports whether text is JSON of v's members and no other.
func strict(text string, v any) bool {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v) == nil
}

var someSeconds = regexp.MustCompile(`^[1-9][0-9]*$`)

// wantDecent checks what is so in every answer of a route.
func (a answer) wantDecent(t *testing.T, path string) {
	t.Helper()
	if a.status == http.StatusMethodNotAllowed || path == "/authenticated-route" && a.status == http.StatusOK {
		return // the router's, and the application's own
	}
	wrong := func(is bool, what string) {
		t.Helper()
		if is {
			t.Errorf("%s: %d %s\n%v", what, a.status, a.body, a.header)
		}
	}
	wrong(path != "/auth/jwks.json" && a.header.Get("Cache-Control") != "no-store", "caches may keep it")
	wrong(a.body != "" && a.header.Get("Content-Type") != "application/json", "its type is not JSON")
	wrong(strings.Contains(a.body, hashMark) || strings.Contains(a.body, "$argon2id$") ||
		strings.Contains(a.body, "hashed"), "it shows a hash")
	wrong(strings.Contains(a.body, password) || strings.Contains(a.body, another), "it shows a password")
	wrong(a.status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer"),
		"there is no challenge")
	later := a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable
	wrong(later && !someSeconds.MatchString(a.header.Get("Retry-After")), "it does not tell when to come again")
	wrong(a.status >= 400 && len(a.header["Set-Cookie"]) > 0, "an error touches the cookie")
}

type object = map[string]any

// object is the body as an object.
func (a answer) object(t *testing.T) (o object) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return o
}

func (a answer) member(t *testing.T, name string) any {
	t.Helper()
	return a.object(t)[name]
}

// wantUser checks that the body is the public form of u, and nothing else.
func (a answer) wantUser(t *testing.T, u *Account) {
	t.Helper()
	want := object{
		"id": u.ID, "email": u.Email, "is_active": u.IsActive, "is_superuser": u.IsSuperuser, "is_verified": u.IsVerified,
		"full_name": u.FullName, "credits": float64(u.Credits),
	}
	if got := a.object(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got the user\n%v, want\n%v", got, want)
	}
}

const cookieName = "__Host-latchkey"

// cookie is the one cookie that the answer sets.
func (a answer) cookie(t *testing.T) *http.Cookie {
	t.Helper()
	lines := a.header["Set-Cookie"]
	if len(lines) != 1 {
		t.Fatalf("got %d Set-Cookie lines, want one: %q", len(lines), lines)
	}
	c, err := http.ParseSetCookie(lines[0])
	if err != nil || c.Name != cookieName {
		t.Fatalf("%v: %s", err, lines[0])
	}
	return c
}

// option is something that a request has. Headers add up, so two credentials
// are two lines.
type option func(*http.Request)

func header(name, value string) option {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func credential(backend, token string) option {
	if backend == "cookie" {
		return header("Cookie", cookieName+"="+token)
	}
	return header("Authorization", "Bearer "+token)
}

// id takes the place of {id} in the path.
func id(id string) option {
	return func(r *http.Request) {
		path := r.URL.Path
		r.URL.Path, r.URL.RawPath = strings.Replace(path, "{id}", id, 1), strings.Replace(path, "{id}", url.PathEscape(id), 1)
	}
}

func body(contentType, text string) option {
	return func(r *http.Request) {
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
}

func text(document string) option { return body("application/json", document) }

func members(o object) option {
	encoded, _ := json.Marshal(o) // a test's own values always marshal
	return text(string(encoded))
}

func form(pairs ...string) option {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return body("application/x-www-form-urlencoded", values.Encode())
}

func parts(pairs ...string) option {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		_ = w.WriteField(pairs[i], pairs[i+1])
	}
	_ = w.Close()
	return body(w.FormDataContentType(), b.String())
}
