//go:build long

package openapi_test

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"

	"github.com/latchkey-go/latchkey/openapi"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

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
