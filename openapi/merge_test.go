package openapi_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/openapi"
)

// theirs is an application's own document.
const theirs = `{
	"openapi": "3.1.0", "info": {"title": "Shop", "version": "7"}, "x-own": [1.50],
	"tags": [{"name": "goods", "description": "What is sold."}, {"name": "users"}],
	"paths": {
		"/goods": {"get": {"operationId": "goods", "responses": {"200": {"description": "OK"}}}},
		"/users/me": {"summary": "Me", "delete": {"operationId": "leave", "responses": {"204": {"description": "Gone"}}}}
	},
	"components": {
		"schemas": {"Good": {"type": "object"}},
		"securitySchemes": {"web": {"type": "apiKey", "name": "__Host-latchkey", "in": "cookie"}},
		"parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}}}
	}
}`

func TestMerge(t *testing.T) {
	t.Parallel()
	doc, _ := made(t, openapi.Options{}, api())
	text, err := openapi.Merge([]byte(theirs), doc.JSON())
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, text)
	d.want("info", `{"title":"Shop","version":"7"}`)
	d.want("x-own", `[1.5]`)
	d.want("paths./goods.get.operationId", `"goods"`)
	d.want("paths./users/me.summary", `"Me"`)
	d.want("paths./users/me.delete.operationId", `"leave"`)
	d.want("paths./users/me.get.operationId", `"users_current_user_users_me_get"`)
	d.want("components.schemas.Good", `{"type":"object"}`)
	d.want("components.parameters.Page.in", `"query"`)
	d.want("components.securitySchemes.api.type", `"http"`)
	d.want("tags", `[{"description":"What is sold.","name":"goods"},{"name":"users"},{"name":"auth"},`+
		`{"name":"register"},{"name":"reset"},{"name":"places"},{"name":"keys"}]`)
	if d.at("components.schemas.UserRead") == nil || d.at("components.responses.NotFound") == nil ||
		d.at("servers") != nil {
		t.Errorf("merged, it is %s", text)
	}
	if !strings.Contains(string(text), "1.50") {
		t.Error("a number of theirs is written differently")
	}
	if again, err := openapi.Merge(doc.JSON(), []byte(theirs)); err != nil || !strings.Contains(string(again), `"goods"`) {
		t.Errorf("the other way round: %v", err)
	}
}

func TestMergeRefusesWhatBothHave(t *testing.T) {
	t.Parallel()
	doc, _ := made(t, openapi.Options{}, api())
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(theirs) }
	for name, c := range map[string]struct{ theirs, want string }{
		"twin":                    {theirs, ""},
		"an operation":            {replaced(`"delete"`, `"get"`), "both have the operation GET /users/me"},
		"a path":                  {replaced(`/users/me`, `/users/{name}`), "theirs has the path /users/{id} as /users/{name}"},
		"an ID":                   {replaced(`"leave"`, `"usersList"`), "both have the operation ID usersList"},
		"a schema":                {replaced(`"Good"`, `"ErrorModel"`), "both have ErrorModel of components/schemas"},
		"a scheme":                {replaced(`"cookie"`, `"header"`), "both have web of components/securitySchemes"},
		"another version":         {replaced(`"3.1.0"`, `"3.0.3"`), `theirs is of OpenAPI "3.0.3", want 3.1`},
		"no version":              {`{"swagger": "2.0"}`, `theirs is of OpenAPI ""`},
		"no JSON":                 {"openapi: 3.1.0", "theirs is no JSON object"},
		"an equal scheme is none": {replaced(`"type": "apiKey", "name"`, `"type":"apiKey","name"`), ""},
	} {
		_, err := openapi.Merge([]byte(c.theirs), doc.JSON())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
	}
	prefixed, d := made(t, openapi.Options{ComponentPrefix: "Auth"}, api())
	if _, err := openapi.Merge([]byte(replaced(`"Good"`, `"ErrorModel"`)), prefixed.JSON()); err != nil {
		t.Errorf("with a prefix: %v", err)
	}
	d.want(operation("GET /users/me")+".responses.401", `{"$ref":"#/components/responses/AuthUnauthorized"}`)
	d.want("components.responses.AuthUnauthorized.content.application/json.schema", `{"$ref":"#/components/schemas/AuthErrorModel"}`)
}
