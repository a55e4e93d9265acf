package openapi_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// documents are those that must be valid: with either kind of operation IDs.
func documents(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"FastAPI's IDs": newApp(t, openapi.Options{}).doc.JSON(),
		"readable IDs, servers, a prefix": newApp(t, openapi.Options{
			OperationID: openapi.ReadableID, ComponentPrefix: "Auth", Servers: []string{"/v1", "https://shop.example/v2"},
		}).doc.JSON(),
	}
}

func TestKinOpenAPIFindsTheDocumentValid(t *testing.T) {
	for name, text := range documents(t) {
		for kind, broken := range map[string]struct{ old, new string }{
			"":                          {"", ""},
			"a type that is none":       {`"type": "boolean"`, `"type": "bool"`},
			"a reference to nothing":    {`UserRead"`, `Nobody"`},
			"a response without a text": {`"description": "No Content"`, `"x-description": ""`},
		} {
			loader := openapi3.NewLoader()
			doc, err := loader.LoadFromData(bytes.Replace(text, []byte(broken.old), []byte(broken.new), 1))
			if err == nil {
				err = doc.Validate(loader.Context)
			}
			if (kind == "") != (err == nil) {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
	}
}

func TestLibopenapiFindsTheDocumentValid(t *testing.T) {
	for name, text := range documents(t) {
		for kind, broken := range map[string]struct{ old, new string }{
			"":                          {"", ""},
			"no version":                {`"version": "0.1.0"`, `"x-version": ""`},
			"a response without a text": {`"description": "No Content"`, `"x-description": ""`},
		} {
			doc, err := libopenapi.NewDocument(bytes.Replace(text, []byte(broken.old), []byte(broken.new), 1))
			if err != nil {
				t.Fatal(err)
			}
			v, errs := validator.NewValidator(doc)
			if len(errs) > 0 {
				t.Fatalf("%s: %v", name, errs)
			}
			ok, problems := v.ValidateDocument()
			if ok != (kind == "") {
				t.Errorf("%s, %s: %v", name, kind, problems)
			}
		}
	}
}

// walk are requests whose answers another library compares with the document.
var walk = []struct {
	method, path, contentType, body string
	status                          int
}{
	{"POST", "/auth/register", "application/json", `{"email":"ada@example.org","password":"analytical engine","name":"Ada"}`, 201},
	{"POST", "/auth/register", "application/json", `{"email":"ada@example.org","password":"analytical engine","name":"Ada"}`, 400},
	{"POST", "/auth/register", "application/json", `{"email":"grace@example.org","password":"short","name":"Grace"}`, 400},
	{"POST", "/auth/register", "application/json", `{}`, 422},
	{"POST", "/auth/register", "text/plain", `x`, 415},
	{"POST", "/auth/api/login", "application/x-www-form-urlencoded", "username=ada@example.org&password=wrong", 400},
	{"POST", "/auth/api/login", "application/x-www-form-urlencoded", "username=ada@example.org&password=analytical+engine", 200},
	{"POST", "/auth/forgot-password", "application/json", `{"email":"ada@example.org"}`, 202},
	{"POST", "/auth/verify", "application/json", `{"token":"x"}`, 400},
	{"GET", "/users/me", "", "", 401},
	{"POST", "/auth/web/login", "application/json", `{"email":"ada@example.org","password":"analytical engine"}`, 204},
	{"GET", "/users/me", "", "", 200},
	{"PATCH", "/users/me", "application/json", `{"motto":null,"tags":["a"]}`, 200},
	{"GET", "/auth/sessions", "", "", 200},
	{"GET", "/users", "", "", 403},
	{"GET", "/auth/jwks.json", "", "", 200},
	{"POST", "/auth/web/logout", "", "", 204},
}

// The Checker, by which the contract run compares answers, agrees with a
// validator that is not ours.
func TestLibopenapiFindsTheAnswersValid(t *testing.T) {
	a := newApp(t, openapi.Options{})
	doc, err := libopenapi.NewDocument(a.doc.JSON())
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	address, client := a.serve(t)
	for _, step := range walk {
		req, err := http.NewRequest(step.method, address+step.path, bytes.NewReader([]byte(step.body)))
		if err != nil {
			t.Fatal(err)
		}
		if step.contentType != "" {
			req.Header.Set("Content-Type", step.contentType)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != step.status {
			t.Fatalf("%s %s: got %d, want %d", step.method, step.path, resp.StatusCode, step.status)
		}
		req.URL = &url.URL{Path: step.path}
		if ok, problems := v.ValidateHttpResponse(req, resp); !ok {
			t.Errorf("%s %s %d: %v", step.method, step.path, step.status, problems)
		}
		_ = resp.Body.Close()
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	a := newApp(t, openapi.Options{})
	address, client := a.serve(t)
	resp, err := client.Get(address + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var served bytes.Buffer
	if _, err := served.ReadFrom(resp.Body); err != nil || !bytes.Equal(served.Bytes(), a.doc.JSON()) {
		t.Errorf("got %d, %v", resp.StatusCode, err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address+"/openapi.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", resp.Header.Get("ETag"))
	again, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Body.Close()
	if again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != resp.Header.Get("ETag") {
		t.Errorf("asked again: %d %v", again.StatusCode, again.Header)
	}
}
