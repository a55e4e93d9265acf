package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/latchkey-go/latchkey/core"
)

// response is a Response Object, or a reference to one.
type response struct {
	Ref         string            `json:"$ref,omitempty"`
	Description string            `json:"description,omitempty"`
	Headers     map[string]header `json:"headers,omitempty"`
	Content     map[string]media  `json:"content,omitempty"`
}

// header is a Header Object.
type header struct {
	Description string             `json:"description,omitempty"`
	Required    bool               `json:"required,omitempty"`
	Schema      *jsonschema.Schema `json:"schema"`
}

// media is a Media Type Object.
type media struct {
	Schema   *jsonschema.Schema `json:"schema"`
	Example  json.RawMessage    `json:"example,omitempty"`
	Examples map[string]example `json:"examples,omitempty"`
}

// example is an Example Object.
type example struct {
	Summary string `json:"summary,omitempty"`
	Value   any    `json:"value"`
}

func key(status int) string { return strconv.Itoa(status) }

// sharedName is the name of a response that operations share.
func (b *builder) sharedName(status int) string {
	return b.o.ComponentPrefix + strings.ReplaceAll(http.StatusText(status), " ", "")
}

// components makes the responses that most operations have in common.
func (b *builder) components() {
	b.shared = map[int]*response{}
	for status, details := range map[int][]string{
		http.StatusUnauthorized:          {http.StatusText(http.StatusUnauthorized)},
		http.StatusNotFound:              {http.StatusText(http.StatusNotFound)},
		http.StatusRequestEntityTooLarge: {core.CodeBodyTooLarge},
		http.StatusUnsupportedMediaType:  {core.CodeUnsupportedMediaType},
		http.StatusUnprocessableEntity:   nil,
		http.StatusTooManyRequests:       {core.CodeRateLimited},
		http.StatusServiceUnavailable:    {core.CodeServiceUnavailable},
	} {
		b.shared[status] = b.refusal(status, details, true)
	}
}

// respond sets the operation's responses: the success, and every error by its
// status.
func (b *builder) respond(e core.Endpoint, op *operation) error {
	success, err := b.success(e.Doc)
	if err != nil {
		return err
	}
	op.answers = map[int]*response{e.Doc.Status: success}
	if e.Doc.Redirects {
		op.answers[http.StatusSeeOther] = &response{Description: http.StatusText(http.StatusSeeOther)}
	}
	if e.Doc.MayBeEmpty && op.answers[http.StatusNoContent] == nil {
		op.answers[http.StatusNoContent] = &response{Description: http.StatusText(http.StatusNoContent)}
	}
	if to := op.answers[http.StatusSeeOther]; to != nil {
		text := header{Required: true, Schema: &jsonschema.Schema{Type: "string"}}
		to.Headers = map[string]header{"Location": text}
	}
	refusals, err := refusals(e)
	if err != nil {
		return err
	}
	for status, details := range refusals {
		op.answers[status] = b.refusal(status, details, challenged(e))
	}
	op.Responses = map[string]*response{}
	for status, answer := range op.answers {
		op.Responses[key(status)] = answer
		if same := b.shared[status]; same != nil && reflect.DeepEqual(answer, same) {
			op.answers[status] = same
			op.Responses[key(status)] = &response{Ref: "#/components/responses/" + b.sharedName(status)}
		}
	}
	return nil
}

// success is the answer that Doc describes. It is never null, and neither are
// the items of one that is a list.
func (b *builder) success(d core.Doc) (*response, error) {
	if d.Status < 200 || d.Status > 399 {
		return nil, fmt.Errorf("Doc.Status is %d, want that of a success", d.Status)
	}
	answer := &response{Description: http.StatusText(d.Status)}
	for _, name := range d.Headers {
		if answer.Headers == nil {
			answer.Headers = map[string]header{}
		}
		answer.Headers[http.CanonicalHeaderKey(name)] = header{Schema: &jsonschema.Schema{Type: "string"}}
	}
	if d.Answer == nil {
		return answer, nil
	}
	content := media{}
	if sample, ok := d.Answer.(json.RawMessage); ok {
		schema, err := b.types.ofExample(sample)
		if err != nil {
			return nil, fmt.Errorf("Doc.Answer: %w", err)
		}
		content.Schema, content.Example = schema, sample
	} else {
		schema, err := b.types.of(reflect.TypeOf(d.Answer))
		if err != nil {
			return nil, fmt.Errorf("Doc.Answer: %w", err)
		}
		content.Schema = notNull(schema)
		if content.Schema.Items != nil {
			content.Schema.Items = notNull(content.Schema.Items)
		}
	}
	answer.Content = map[string]media{"application/json": content}
	return answer, nil
}

// refusals returns the errors of a route by their status: those of its Doc, and
// those that its kind implies.
func refusals(e core.Endpoint) (map[int][]string, error) {
	all := map[int][]string{}
	add := func(status int, details ...string) {
		if status == http.StatusUnprocessableEntity {
			details = nil // it has problems in their place
		}
		all[status] = slices.Clip(all[status])
		for _, d := range details {
			if !slices.Contains(all[status], d) {
				all[status] = append(all[status], d)
			}
		}
	}
	var errs []error
	for _, code := range e.Doc.Codes {
		status, detail, err := parseCode(code)
		errs = append(errs, err)
		add(status, detail)
	}
	if !e.Doc.Storeless {
		add(http.StatusServiceUnavailable, core.CodeServiceUnavailable)
	}
	if e.Doc.Body != nil || len(e.Doc.Own) > 0 {
		add(http.StatusRequestEntityTooLarge, core.CodeBodyTooLarge)
		add(http.StatusUnsupportedMediaType, core.CodeUnsupportedMediaType)
		add(http.StatusUnprocessableEntity)
	}
	if malformable(e.Doc.Query) {
		add(http.StatusUnprocessableEntity)
	}
	if inPath.MatchString(e.Pattern) {
		add(http.StatusNotFound, http.StatusText(http.StatusNotFound))
	}
	if len(e.Access) > 0 {
		add(http.StatusBadRequest, core.CodeDuplicateCredentials)
		add(http.StatusForbidden, core.CodeInsufficientScope)
	}
	if !e.Public {
		add(http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized))
		for _, g := range e.Guards {
			if g.Check != nil || g.CheckRequest != nil {
				add(http.StatusForbidden, http.StatusText(http.StatusForbidden))
			}
			if g.MaxAge != 0 || g.Methods != nil || g.Strong {
				add(http.StatusForbidden, core.CodeProofRequired)
			}
		}
	}
	return all, errors.Join(errs...)
}

// malformable reports whether a parameter of the query is more than a text.
func malformable(query any) bool {
	if query == nil {
		return false
	}
	fields, _ := fieldsOf(reflect.TypeOf(query)) // what is wrong with it, builder.query reports
	return slices.ContainsFunc(fields, func(f field) bool { return f.Type.Kind() != reflect.String })
}

// parseCode reads an entry of Doc.Codes.
func parseCode(entry string) (status int, detail string, err error) {
	if first, rest, ok := strings.Cut(entry, " "); ok {
		status, err = strconv.Atoi(first)
		if err != nil || status < 400 || status > 599 {
			return 0, "", fmt.Errorf("Doc.Codes: %q must be a code, or a status from 400 on and a code", entry)
		}
		return status, rest, nil
	}
	if status = core.CodeStatus(entry); status == 0 {
		status = http.StatusBadRequest
	}
	return status, entry, nil
}

// challenged reports whether a 401 of a route has WWW-Authenticate: a scheme of
// HTTP authentication lets in.
func challenged(e core.Endpoint) bool {
	return slices.ContainsFunc(e.Access, func(a core.Access) bool {
		var scheme struct{ Type string }
		return json.Unmarshal(a.Scheme, &scheme) == nil && (scheme.Type == "http" || scheme.Type == "oauth2")
	})
}

// refusal is the response of an error status. Each of its details is an
// example.
func (b *builder) refusal(status int, details []string, challenged bool) *response {
	answer := &response{Description: http.StatusText(status)}
	content := media{Schema: b.types.refTo("ErrorModel")}
	if status == http.StatusUnprocessableEntity {
		content.Schema = b.types.refTo("HTTPValidationError")
	}
	for _, d := range details {
		if content.Examples == nil {
			content.Examples = map[string]example{}
		}
		value := map[string]any{"detail": detail(d)}
		if word := core.OAuthError(d); word != "" {
			value["error"] = word
		}
		content.Examples[d] = example{Summary: b.sentence(d), Value: value}
	}
	answer.Content = map[string]media{"application/json": content}
	text := &jsonschema.Schema{Type: "string"}
	switch status {
	case http.StatusUnauthorized:
		if challenged {
			answer.Headers = map[string]header{"WWW-Authenticate": {
				Description: "How to authenticate (RFC 9110, section 11.6.1).", Required: true, Schema: text,
			}}
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		answer.Headers = map[string]header{"Retry-After": {
			Description: "After how many seconds to try again.", Required: true, Schema: &jsonschema.Schema{Type: "integer"},
		}}
	}
	return answer
}
