package openapi_test

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi"
)

// The public form of an application's users, as the codec makes it: without a
// name, and with the application's columns behind core.User's.
type account = struct {
	ID          string   `json:"id"`
	Email       string   `json:"email"`
	IsActive    bool     `json:"is_active"`
	IsSuperuser bool     `json:"is_superuser"`
	IsVerified  bool     `json:"is_verified"`
	Name        string   `json:"name"`
	Motto       *string  `json:"motto"`
	Tags        []string `json:"tags"`
}

type userCreate struct {
	Email    string `json:"email"`
	Password string `json:"password" openapi:"format=password"`
}

type userUpdate struct {
	Password string `json:"password,omitempty"`
}

// Address has the name of another package's type.
type Address struct {
	Street string `json:"street"`
}

type page struct {
	Cursor string `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty" openapi:"minimum=1,maximum=100"`
}

var (
	bearerScheme = json.RawMessage(`{"type":"http","scheme":"bearer"}`)
	cookieScheme = json.RawMessage(`{"type":"apiKey","in":"cookie","name":"__Host-latchkey"}`)
	access       = []core.Access{
		{Backend: "api", Scheme: bearerScheme}, {Backend: "app", Scheme: bearerScheme}, {Backend: "web", Scheme: cookieScheme},
	}
	own = []core.Column{
		{Name: "name", Type: reflect.TypeFor[string](), Required: true}, {Name: "motto", Type: reflect.TypeFor[*string]()},
	}
)

func endpoint(name, method, path string, change func(*core.Endpoint)) core.Endpoint {
	e := core.Endpoint{Route: core.Route{Name: name, Method: method, Pattern: path, Doc: core.Doc{Status: http.StatusOK}}}
	if change != nil {
		change(&e)
	}
	return e
}

// api is an application with routes of each kind.
func api() core.Group {
	update := []core.Column{{Name: "name", Type: reflect.TypeFor[string]()}}
	return core.Group{
		endpoint("auth:api.login", "POST", "/auth/api/login", func(e *core.Endpoint) {
			e.Public = true
			e.Doc.Body, e.Doc.Form = struct {
				Username string `json:"username"`
			}{}, true
			e.Doc.Answer = json.RawMessage(`{"access_token":"token","token_type":"bearer"}`)
			e.Doc.Codes = []string{core.CodeLoginBadCredentials, core.CodeRateLimited, core.CodeLoginFactorRequired}
		}),
		endpoint("auth:web.login", "POST", "/auth/web/login", func(e *core.Endpoint) {
			e.Public, e.Doc.Status, e.Doc.Headers = true, http.StatusNoContent, []string{"Set-Cookie"}
			e.Doc.Body, e.Doc.Form = struct {
				Username string `json:"username"`
			}{}, true
			e.Doc.Codes = []string{core.CodeLoginBadCredentials, core.CodeCrossOriginRefused}
		}),
		endpoint("register:register", "POST", "/auth/register", func(e *core.Endpoint) {
			e.Forms = true
			e.Public, e.Doc.Status, e.Doc.Answer = true, http.StatusCreated, &account{}
			e.Doc.Body, e.Doc.Own = userCreate{}, own
			e.Doc.Codes = []string{core.CodeRegisterUserExists, core.CodeRegisterPassword, "PLAN_EXPIRED", "409 PLAN_FULL"}
		}),
		endpoint("reset:forgot_password", "POST", "/auth/forgot-password", func(e *core.Endpoint) {
			e.Public, e.Doc.Status, e.Doc.Answer = true, http.StatusAccepted, json.RawMessage("null")
			e.Doc.Body = struct {
				Email string `json:"email"`
			}{}
		}),
		endpoint("users:current_user", "GET", "/users/me", func(e *core.Endpoint) {
			e.Access, e.Doc.Answer = access, &account{}
		}),
		endpoint("users:patch_current_user", "PATCH", "/users/me", func(e *core.Endpoint) {
			e.Access, e.Doc.Answer, e.Doc.Body, e.Doc.Own = access, &account{}, userUpdate{}, update
			e.Guards = []core.Guard{core.ProvedBy(time.Minute, "totp")}
		}),
		endpoint("users:user", "GET", "/users/{id}", func(e *core.Endpoint) {
			e.Access, e.Doc.Answer, e.Guards = access, &account{}, []core.Guard{core.Superuser}
		}),
		endpoint("users:list_users", "GET", "/users", func(e *core.Endpoint) {
			e.Access, e.Doc.Answer, e.Doc.Query, e.Doc.Headers = access, []*account{}, page{}, []string{"Link"}
		}),
		endpoint("places:list", "GET", "/places", func(e *core.Endpoint) {
			e.Public, e.Optional, e.Access = true, true, access[2:]
			e.Doc.Answer, e.Doc.Redirects = struct {
				Home Address        `json:"home"`
				Mail []mail.Address `json:"mail"`
			}{}, true
		}),
		endpoint("keys:jwks", "GET", "/jwks.json", func(e *core.Endpoint) {
			e.Public, e.Doc.Storeless, e.Doc.Answer = true, true, json.RawMessage(`{"keys":[]}`)
		}),
		endpoint("pages:login", "GET", "/login", func(e *core.Endpoint) { e.Public, e.Doc.Hidden = true, true }),
	}
}

type object = map[string]any

// document is one that is read as JSON.
type document struct {
	t *testing.T
	object
}

// made returns the document of a group, or fails.
func made(t *testing.T, o openapi.Options, groups ...core.Group) (*openapi.Document, document) {
	t.Helper()
	doc, err := openapi.New(o, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return doc, read(t, doc.JSON())
}

func read(t *testing.T, text []byte) document {
	t.Helper()
	d := document{t: t}
	if err := json.Unmarshal(text, &d.object); err != nil {
		t.Fatal(err)
	}
	return d
}

// at returns what is at a path of members, with dots between them; nil if there
// is nothing.
func (d document) at(path string) any {
	d.t.Helper()
	var v any = d.object
	for name := range strings.SplitSeq(path, ".") {
		o, _ := v.(object)
		v = o[strings.ReplaceAll(name, "·", ".")]
	}
	return v
}

// want compares what is at a path with JSON.
func (d document) want(path, want string) {
	d.t.Helper()
	got, err := json.Marshal(d.at(path))
	if err != nil || string(got) != want {
		d.t.Errorf("%s is\n%s (%v), want\n%s", path, got, err, want)
	}
}

// operation is the path of an operation's object.
func operation(line string) string {
	method, path, _ := strings.Cut(line, " ")
	return "paths." + strings.ReplaceAll(path, ".", "·") + "." + strings.ToLower(method)
}
