package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/latchkey-go/latchkey/core"
)

// Checker compares what an application answers with its document, in tests:
//
//	c := doc.Checker()
//	report := func(err error) { t.Error(err) }
//	server := httptest.NewServer(c.Handler(app, report))
//	// … every test that there is, and at the end:
//	c.Missing()
//
// It may wrap any number of handlers and transports, and is safe for concurrent
// use.
type Checker struct {
	doc *Document

	mu       sync.Mutex
	seen     map[string]bool // lines of Missing
	resolved map[*jsonschema.Schema]*jsonschema.Resolved
}

// Checker returns one that has seen nothing yet.
func (d *Document) Checker() *Checker {
	return &Checker{doc: d, seen: map[string]bool{}, resolved: map[*jsonschema.Schema]*jsonschema.Resolved{}}
}

// Missing returns the operations and statuses of the document that no exchange
// has had, in the form "GET /users/me 401", in the document's order.
func (c *Checker) Missing() (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, op := range c.doc.operations {
		for _, status := range slices.Sorted(statusesOf(op)) {
			if line := fmt.Sprint(op, " ", status); !c.seen[line] {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// exchange is what a Checker looks at.
type exchange struct {
	method string
	url    *url.URL
	form   bool // the request's body is a form
	status int
	header http.Header
	body   []byte
}

// isPage reports whether an exchange is one of a page that posts its form to a
// route (core.Route.Forms): the document describes the JSON alone, and no
// redirect.
func (x exchange) isPage(op *operation) bool {
	if !x.form || !op.forms {
		return false
	}
	return x.status == http.StatusSeeOther || op.RequestBody == nil || len(op.RequestBody.Content) == 1
}

func isForm(contentType string) bool {
	written, _, err := mime.ParseMediaType(contentType)
	return err == nil && (written == "application/x-www-form-urlencoded" || written == "multipart/form-data")
}

// check returns what of an exchange is not in the document. It overlooks what
// routers answer by themselves: paths and methods of no operation, paths in
// another spelling, redirects to a path without its last slash. It also
// overlooks the forms of pages.
func (c *Checker) check(x exchange) error {
	op := c.doc.operationOf(x.method, x.url)
	if op == nil || x.status == http.StatusTemporaryRedirect && op.answers[x.status] == nil || x.isPage(op) {
		return nil
	}
	answer := op.answers[x.status]
	if answer == nil && unexpected(op, x.status) {
		return c.checkBody(x, errorModel(c.doc))
	}
	if answer == nil {
		return fmt.Errorf("the status is not among the operation's%s", quoted(x))
	}
	var errs []error
	for name, h := range answer.Headers {
		if h.Required && len(x.header.Values(name)) == 0 {
			errs = append(errs, fmt.Errorf("the header %s is missing", name))
		}
	}
	if x.method == http.MethodHead {
		return errors.Join(errs...)
	}
	c.mu.Lock()
	c.seen[fmt.Sprint(op, " ", x.status)] = true
	c.mu.Unlock()
	return errors.Join(append(errs, c.checkBody(x, answer))...)
}

// unexpected reports whether an operation's status is one that no client can
// expect: a fault of the server, or the answer to a body that broke off.
func unexpected(op *operation, status int) bool {
	return status == http.StatusInternalServerError || status == http.StatusBadRequest && op.RequestBody != nil
}

// quoted shows the body of an error.
func quoted(x exchange) string {
	if x.status < http.StatusBadRequest {
		return ""
	}
	return fmt.Sprintf(": %.300s", x.body)
}

func errorModel(d *Document) *response {
	for name, schema := range d.schemas {
		if strings.HasSuffix(name, "ErrorModel") {
			return &response{Content: map[string]media{"application/json": {Schema: schema}}}
		}
	}
	return &response{}
}

// checkBody compares type and body.
func (c *Checker) checkBody(x exchange, answer *response) error {
	if len(answer.Content) == 0 {
		if len(x.body) > 0 {
			return errors.New("there is a body, and the document has none")
		}
		return nil
	}
	written, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	content, known := answer.Content[written]
	if err != nil || !known {
		return fmt.Errorf("the type is %q", x.header.Get("Content-Type"))
	}
	var v any
	if err := json.Unmarshal(x.body, &v); err != nil {
		return fmt.Errorf("the body is no JSON: %w%s", err, quoted(x))
	}
	schema, err := c.resolve(content.Schema)
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// resolve makes a schema ready for validation, together with the components
// that it refers to.
func (c *Checker) resolve(s *jsonschema.Schema) (*jsonschema.Resolved, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.resolved[s]; r != nil {
		return r, nil
	}
	defs := map[string]*jsonschema.Schema{}
	if err := c.doc.components(s, defs); err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]any{"$defs": defs, "allOf": []*jsonschema.Schema{s}})
	if err != nil {
		return nil, err
	}
	root := &jsonschema.Schema{}
	local := strings.ReplaceAll(string(text), `"`+refPrefix, `"#/$defs/`)
	if err := json.Unmarshal([]byte(local), root); err != nil {
		return nil, err
	}
	r, err := root.Resolve(nil)
	if err == nil {
		c.resolved[s] = r
	}
	return r, err
}

// components adds to found the components that a schema refers to, and those
// that they refer to.
func (d *Document) components(s *jsonschema.Schema, found map[string]*jsonschema.Schema) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	for _, rest := range strings.Split(string(text), `"`+refPrefix)[1:] {
		name, _, _ := strings.Cut(rest, `"`)
		if found[name] != nil || d.schemas[name] == nil {
			continue
		}
		found[name] = d.schemas[name]
		if err := d.components(d.schemas[name], found); err != nil {
			return err
		}
	}
	return nil
}

// operationOf returns the operation of a request, nil if there is none. Of two
// whose paths fit, one without a parameter at that place wins.
func (d *Document) operationOf(method string, u *url.URL) (found *operation) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	path := u.EscapedPath()
	if !core.IsPlainPath(path) {
		return nil
	}
	for _, prefix := range d.prefixes {
		below, ok := strings.CutPrefix(path, prefix)
		if !ok {
			continue
		}
		segments := strings.Split(below, "/")
		for _, op := range d.operations {
			if op.method == method && op.fits(segments) && (found == nil || op.path < found.path) { // a letter is before a brace
				found = op
			}
		}
	}
	return found
}

// fits reports whether a path, as it was sent, is one of the operation's. One
// slash at the end is overlooked.
func (op *operation) fits(path []string) bool {
	want := op.segments
	if len(path) == len(want)+1 && path[len(want)] == "" {
		path = path[:len(want)]
	}
	return slices.EqualFunc(want, path, func(w, g string) bool { return w == g || g != "" && strings.Contains(w, "{") })
}
