package openapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/latchkey-go/latchkey/core"
)

// operation is an Operation Object, and what a Checker needs of it.
type operation struct {
	Tags        []string              `json:"tags"`
	Summary     string                `json:"summary,omitempty"`
	ID          string                `json:"operationId"`
	Parameters  []parameter           `json:"parameters,omitempty"`
	RequestBody *requestBody          `json:"requestBody,omitempty"`
	Responses   map[string]*response  `json:"responses"`
	Security    []map[string][]string `json:"security"` // empty: public

	method, path string
	segments     []string          // of path, for a Checker
	forms        bool              // core.Route.Forms
	answers      map[int]*response // Responses without references
}

// parameter is a Parameter Object.
type parameter struct {
	Name     string             `json:"name"`
	In       string             `json:"in"`
	Required bool               `json:"required,omitempty"`
	Schema   *jsonschema.Schema `json:"schema"`
}

// requestBody is a Request Body Object.
type requestBody struct {
	Required bool             `json:"required"`
	Content  map[string]media `json:"content"`
}

// member is the operation's name in its path's object.
func (op *operation) member() string { return strings.ToLower(op.method) }

// String is what errors and Missing call it.
func (op *operation) String() string { return op.method + " " + op.path }

var (
	validID     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	inPath      = regexp.MustCompile(`\{([^{}]*)\}`)
	isParameter = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// add makes an operation of an endpoint.
func (b *builder) add(e core.Endpoint) {
	tag, _, _ := strings.Cut(e.Name, ":")
	op := &operation{
		Tags: []string{tag}, Summary: e.Doc.Summary, ID: b.o.OperationID(e), Security: b.security(e),
		method: e.Method, path: e.Prefix + e.Pattern, forms: e.Forms,
	}
	if op.path == "" {
		op.path = "/"
	}
	op.segments = strings.Split(op.path, "/")
	if other, taken := b.ids[op.ID]; taken {
		b.fault("%s and %v have the operation ID %s: one can have another by Options.OperationID", other, op, op.ID)
	}
	if !validID.MatchString(op.ID) {
		b.fault("%v: the operation ID %q is no identifier", op, op.ID)
	}
	b.ids[op.ID] = op.String()
	for _, found := range inPath.FindAllStringSubmatch(op.path, -1) {
		if !isParameter.MatchString(found[1]) {
			b.fault("%v: OpenAPI has no parameter like {%s}", op, found[1])
		}
		op.Parameters = append(op.Parameters,
			parameter{Name: found[1], In: "path", Required: true, Schema: &jsonschema.Schema{Type: "string"}})
	}
	query, err := b.query(e.Doc.Query)
	if err != nil {
		b.fault("%v: Doc.Query: %w", op, err)
	}
	op.Parameters = append(op.Parameters, query...)
	if op.RequestBody, err = b.body(e, op.ID); err != nil {
		b.fault("%v: Doc.Body: %w", op, err)
	}
	if err := b.respond(e, op); err != nil {
		b.fault("%v: %w", op, err)
	}
	b.operations = append(b.operations, op)
}

// query returns the parameters of Doc.Query.
func (b *builder) query(of any) (all []parameter, err error) {
	if of == nil {
		return nil, nil
	}
	fields, err := fieldsOf(reflect.TypeOf(of))
	for _, f := range fields {
		schema, schemaErr := b.types.ofField(f)
		if schemaErr != nil {
			return nil, schemaErr
		}
		all = append(all, parameter{Name: f.name, In: "query", Required: !f.optional, Schema: notNull(schema)})
	}
	return all, err
}

// body returns the request's body. A form can be sent as JSON too, which
// core.ReadForm takes, but not by another site.
func (b *builder) body(e core.Endpoint, id string) (*requestBody, error) {
	if e.Doc.Body == nil && len(e.Doc.Own) == 0 {
		return nil, nil
	}
	name := ""
	if theirs, ok := fastAPIID(e); ok && theirs == id {
		name = "Body_" + id // as FastAPI calls the schema of a form and of parameters in a body
	}
	schema, err := b.types.body(e.Doc, name, e.Method == http.MethodPatch)
	if err != nil {
		return nil, err
	}
	content := map[string]media{}
	if e.Doc.Form {
		content["application/x-www-form-urlencoded"] = media{Schema: schema}
	}
	if !e.Doc.Form || !e.CrossSite {
		content["application/json"] = media{Schema: schema}
	}
	return &requestBody{Required: !e.Doc.BodyOptional, Content: content}, nil
}

// security returns the alternatives by which one is let in, and keeps their
// schemes. An empty object is for nobody in particular.
func (b *builder) security(e core.Endpoint) []map[string][]string {
	ways := []map[string][]string{}
	if e.Public && len(e.Access) > 0 {
		ways = append(ways, map[string][]string{})
	}
	for _, a := range e.Access {
		ways = append(ways, map[string][]string{a.Backend: {}})
		switch known, there := b.schemes[a.Backend]; {
		case !json.Valid(a.Scheme):
			b.fault("backend %s: its transport's Scheme is no JSON", a.Backend)
		case there && !equalJSON(known, a.Scheme):
			b.fault("backend %s has two schemes: backends of two applications need names of their own", a.Backend)
		default:
			b.schemes[a.Backend] = a.Scheme
		}
	}
	return ways
}

// overlaps reports paths that OpenAPI takes for one: the same method, and the
// same form but for the names of parameters.
func (b *builder) overlaps() {
	forms := map[string]*operation{}
	for _, op := range b.operations {
		form := inPath.ReplaceAllString(op.path, "{}")
		if other := forms[op.method+" "+form]; other != nil {
			b.fault("%v is there twice, as %v too", op, other)
		}
		if other := forms[form]; other != nil && other.path != op.path {
			b.fault("%v and %v name the parameters of one path differently", op, other)
		}
		forms[op.method+" "+form], forms[form] = op, op
	}
}

// servers returns the paths of Options.Servers that are known to begin with a
// slash; "" for the others, relative ones.
func (b *builder) servers() (prefixes []string) {
	for _, s := range b.o.Servers {
		u, err := url.Parse(s)
		switch {
		case err != nil || s == "":
			b.fault("Options.Servers: %q is no URL", s)
		case strings.HasPrefix(u.Path, "/"):
			prefixes = append(prefixes, strings.TrimSuffix(u.Path, "/"))
		default:
			prefixes = append(prefixes, "")
		}
	}
	return prefixes
}
