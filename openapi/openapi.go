// Package openapi makes an OpenAPI 3.1 document of the routes that an
// application mounts, serves it, and checks in tests that it is true. In this
// example auth stands for a *latchkey.Auth, and mux for a router:
//
//	api := slices.Concat(
//		auth.Login("web").At("/auth/web"), auth.Users().At("/users"))
//	doc, err := openapi.New(openapi.Options{Title: "Shop"}, api)
//	httpauth.Mount(mux, "", api, doc.Group()) // GET /openapi.json
//
// An operation is a route: its path is the group's prefix and the pattern, its
// tag what stands before the colon of its name. Each backend has a security
// scheme of its name. The application's columns are members of UserCreate,
// UserUpdate and UserRead, which have the names of FastAPI Users' schemas, as
// BearerResponse, ErrorModel, HTTPValidationError, ValidationError and
// OAuth2AuthorizeResponse do.
//
// The answers that routes of a kind have in common are implied, so that no flow
// can forget them: 503 of every route, 413, 415 and 422 of one with a body, 400
// DUPLICATE_CREDENTIALS, 401 and 403 of one that asks who the caller is, 404 of
// one with a parameter in its path. Each error code is an example of its
// status.
//
// Schemas are for generators of clients too. What may be null is anyOf of its
// type and null, no schema is a boolean, and none forbids further members,
// which a later version may add.
//
// Security notes. The document describes what anybody can find out by trying,
// and holds no secret: routes that are not mounted are not in it, and neither
// are those with Doc.Hidden. A Checker is for tests: its reports quote answers.
package openapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/latchkey-go/latchkey/core"
)

// Options configures a document. The zero value is ready.
type Options struct {
	// Title, Version and Description say what the document is of. Default:
	// "API", "0.1.0", no description.
	Title, Version, Description string
	// Servers are the URLs that the paths continue. One may be relative to
	// the URL of the document, which finds prefixes of proxies and routers
	// by itself. Default: ".", for paths that begin where the document is.
	Servers []string
	// Types describes types with a MarshalJSON of their own, which say
	// nothing of what they marshal to. Default: none.
	Types map[reflect.Type]*jsonschema.Schema
	// Codes are sentences about error codes of the application's own, or in
	// place of ours. Default: none.
	Codes map[string]string
	// RouteCodes are the error codes that hooks and checks of the
	// application add to routes, by their names ("register:register"), in
	// the form of core.Doc.Codes. Default: none.
	RouteCodes map[string][]string
	// ComponentPrefix stands before the names of schemas and responses, so
	// that Merge can join the document with one that uses the same names.
	// Default: none.
	ComponentPrefix string
	// OperationID returns the operation's ID, by which generators name
	// functions. Default: what FastAPI makes of FastAPI Users' routes, and
	// ReadableID of all others.
	OperationID func(core.Endpoint) string
}

// Document is an OpenAPI 3.1 document. It is safe for concurrent use.
type Document struct {
	text       []byte
	operations []*operation
	prefixes   []string // of paths, by Options.Servers
	schemas    map[string]*jsonschema.Schema
}

// New returns the document of the groups, which are those that are mounted,
// with their prefixes ([core.Group.At]). Its error joins everything that is
// wrong: a type without a schema, an ID or a path that two routes have, a
// backend's name with two schemes.
func New(o Options, groups ...core.Group) (*Document, error) {
	if o.OperationID == nil {
		o.OperationID = operationID
	}
	if o.Servers == nil {
		o.Servers = []string{"."}
	}
	b := &builder{o: o, types: newSchemas(o), schemes: map[string]json.RawMessage{}, ids: map[string]string{}}
	prefixes := b.servers()
	b.components()
	all := slices.Concat(groups...)
	for _, e := range all {
		if !e.Doc.Hidden {
			e.Doc.Codes = append(slices.Clone(e.Doc.Codes), o.RouteCodes[e.Name]...)
			b.add(e)
		}
	}
	b.overlaps()
	for name := range o.RouteCodes {
		if !slices.ContainsFunc(all, func(e core.Endpoint) bool { return e.Name == name && !e.Doc.Hidden }) {
			b.fault("Options.RouteCodes: no route is called %q", name)
		}
	}
	named, err := b.types.named()
	if err := errors.Join(append(b.errs, err)...); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	text, err := b.encode(named)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return &Document{text: text, operations: b.operations, prefixes: prefixes, schemas: named}, nil
}

// JSON returns the document.
func (d *Document) JSON() []byte { return slices.Clone(d.text) }

// builder collects what New makes a document of.
type builder struct {
	o          Options
	types      *schemas
	shared     map[int]*response
	schemes    map[string]json.RawMessage
	operations []*operation
	ids        map[string]string // to the operations that have them
	errs       []error
}

func (b *builder) fault(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// encode writes the document. Operations are in the order of their groups in
// the list of tags, and by their paths below.
func (b *builder) encode(named map[string]*jsonschema.Schema) ([]byte, error) {
	type tag struct {
		Name string `json:"name"`
	}
	type server struct {
		URL string `json:"url"`
	}
	doc := struct {
		OpenAPI    string                           `json:"openapi"`
		Info       map[string]string                `json:"info"`
		Servers    []server                         `json:"servers"`
		Tags       []tag                            `json:"tags"`
		Paths      map[string]map[string]*operation `json:"paths"`
		Components struct {
			Schemas   map[string]*jsonschema.Schema `json:"schemas"`
			Responses map[string]*response          `json:"responses"`
			Schemes   map[string]json.RawMessage    `json:"securitySchemes,omitempty"`
		} `json:"components"`
	}{
		OpenAPI: "3.1.0",
		Info:    map[string]string{"title": cmp.Or(b.o.Title, "API"), "version": cmp.Or(b.o.Version, "0.1.0")},
		Tags:    []tag{}, Paths: map[string]map[string]*operation{},
	}
	if b.o.Description != "" {
		doc.Info["description"] = b.o.Description
	}
	for _, url := range b.o.Servers {
		doc.Servers = append(doc.Servers, server{url})
	}
	doc.Components.Schemas, doc.Components.Schemes = named, b.schemes
	doc.Components.Responses = map[string]*response{}
	for _, op := range b.operations {
		if !slices.Contains(doc.Tags, tag{op.Tags[0]}) {
			doc.Tags = append(doc.Tags, tag{op.Tags[0]})
		}
		if doc.Paths[op.path] == nil {
			doc.Paths[op.path] = map[string]*operation{}
		}
		doc.Paths[op.path][op.member()] = op
		for status := range op.answers {
			if op.Responses[key(status)].Ref != "" {
				doc.Components.Responses[b.sharedName(status)] = b.shared[status]
			}
		}
	}
	return json.MarshalIndent(doc, "", "  ")
}
