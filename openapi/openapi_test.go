package openapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi"
)

func TestInfo(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api()) // better-auth/better-auth#1106: no version
	d.want("openapi", `"3.1.0"`)
	d.want("info", `{"title":"API","version":"0.1.0"}`)
	d.want("servers", `[{"url":"."}]`)
	d.want("tags", `[{"name":"auth"},{"name":"register"},{"name":"reset"},{"name":"users"},{"name":"places"},{"name":"keys"}]`)
	_, d = made(t, openapi.Options{Title: "Shop", Version: "2", Description: "Its API.", Servers: []string{"/v1"}}, api())
	d.want("info", `{"description":"Its API.","title":"Shop","version":"2"}`)
	d.want("servers", `[{"url":"/v1"}]`)
}

func TestOperations(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api().At("/api"))
	ids := map[string]string{}
	for path, item := range d.at("paths").(object) {
		for method, op := range item.(object) {
			ids[op.(object)["operationId"].(string)] = method + " " + path
		}
	}
	want := map[string]string{ // better-auth/better-auth#2097: no operationId
		"auth_api_login_api_auth_api_login_post":              "post /api/auth/api/login",
		"auth_web_login_api_auth_web_login_post":              "post /api/auth/web/login",
		"register_register_api_auth_register_post":            "post /api/auth/register",
		"reset_forgot_password_api_auth_forgot_password_post": "post /api/auth/forgot-password",
		"users_current_user_api_users_me_get":                 "get /api/users/me",
		"users_patch_current_user_api_users_me_patch":         "patch /api/users/me",
		"users_user_api_users__id__get":                       "get /api/users/{id}",
		"usersList":                                           "get /api/users",
		"placesList":                                          "get /api/places",
		"keysJwks":                                            "get /api/jwks.json",
	}
	if !maps.Equal(ids, want) {
		t.Errorf("got\n%v, want\n%v", ids, want)
	}
}

func TestReadableIDsDoNotStutter(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"users:current_user": "usersCurrentUser", "users:list_users": "usersList", "register:register": "register",
		"reset:reset_password": "resetPassword", "verify:request-token": "verifyRequestToken", "verify:verify": "verify",
		"auth:jwt.login": "authJwtLogin", "exchange:jwt.exchange": "exchangeJwt", "sessions:delete_others": "sessionsDeleteOthers",
		"oauth-associate:acme.authorize": "oauthAssociateAcmeAuthorize", "totp:web.prove": "totpWebProve",
	} {
		if got := openapi.ReadableID(core.Endpoint{Route: core.Route{Name: name}}); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	_, d := made(t, openapi.Options{OperationID: openapi.ReadableID}, api())
	d.want(operation("GET /users/me")+".operationId", `"usersCurrentUser"`)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api())
	d.want(operation("GET /users/{id}")+".parameters", `[{"in":"path","name":"id","required":true,"schema":{"type":"string"}}]`)
	d.want(operation("GET /users")+".parameters", `[{"in":"query","name":"cursor","schema":{"type":"string"}},`+
		`{"in":"query","name":"limit","schema":{"maximum":100,"minimum":1,"type":"integer"}}]`)
	body := operation("POST /auth/api/login") + ".requestBody"
	d.want(body+".required", "true")
	for _, media := range []string{"application/x-www-form-urlencoded", "application/json"} {
		d.want(body+".content."+media+".schema",
			`{"$ref":"#/components/schemas/Body_auth_api_login_auth_api_login_post"}`)
	}
	d.want(operation("POST /auth/register")+".requestBody.content",
		`{"application/json":{"schema":{"$ref":"#/components/schemas/UserCreate"}}}`)
	d.want(operation("GET /users/me")+".requestBody", "null")

	mayBeLeftOut := api()
	for i, e := range mayBeLeftOut {
		mayBeLeftOut[i].Doc.BodyOptional = e.Name == "register:register"
	}
	_, d = made(t, openapi.Options{}, mayBeLeftOut)
	d.want(operation("POST /auth/register")+".requestBody.required", "false")
	d.want(operation("POST /auth/forgot-password")+".requestBody.required", "true")
}

func TestABackendIsASecurityScheme(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api())
	bearer := sorted(bearerScheme)
	d.want("components.securitySchemes", `{"api":`+bearer+`,"app":`+bearer+`,"web":`+sorted(cookieScheme)+`}`)
	d.want(operation("GET /users/me")+".security", `[{"api":[]},{"app":[]},{"web":[]}]`)
	d.want(operation("POST /auth/register")+".security", `[]`)
	d.want(operation("GET /places")+".security", `[{},{"web":[]}]`)
}

func sorted(scheme json.RawMessage) string {
	var v any
	_ = json.Unmarshal(scheme, &v)
	text, _ := json.Marshal(v)
	return string(text)
}

// better-auth/better-auth#3263 and #10430: own fields are missing.
func TestColumnsOfTheApplication(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api())
	members := func(schema, want, required string) {
		t.Helper()
		properties, _ := d.at("components.schemas." + schema + ".properties").(object)
		if got := strings.Join(slices.Sorted(maps.Keys(properties)), " "); got != want {
			t.Errorf("%s has %s, want %s", schema, got, want)
		}
		d.want("components.schemas."+schema+".required", required)
	}
	members("UserCreate", "email motto name password", `["email","password","name"]`)
	members("UserUpdate", "name password", `null`)
	members("UserRead", "email id is_active is_superuser is_verified motto name tags",
		`["id","email","is_active","is_superuser","is_verified","name","motto","tags"]`)
	d.want("components.schemas.UserCreate.properties.motto", `{"type":"string"}`)
	d.want("components.schemas.UserUpdate.properties.name", `{"anyOf":[{"type":"string"},{"type":"null"}]}`)
	d.want("components.schemas.UserRead.properties.motto", `{"anyOf":[{"type":"string"},{"type":"null"}]}`)
	d.want("components.schemas.UserRead.properties.tags",
		`{"anyOf":[{"items":{"type":"string"},"type":"array"},{"type":"null"}]}`)
	d.want(operation("GET /users")+".responses.200.content.application/json.schema",
		`{"items":{"$ref":"#/components/schemas/UserRead"},"type":"array"}`)
}

func TestSchemasOfFastAPI(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api())
	schema := func(name string) string { return "components.schemas." + name }
	d.want(schema("BearerResponse.properties"), `{"access_token":{"type":"string"},"token_type":{"type":"string"}}`)
	d.want(schema("HTTPValidationError.properties.detail"), `{"items":{"$ref":"#/components/schemas/ValidationError"},"type":"array"}`)
	d.want(schema("ValidationError.properties.loc.items"), `{"anyOf":[{"type":"string"},{"type":"integer"}]}`)
	d.want(schema("ValidationError.required"), `["loc","msg","type"]`)
	d.want(schema("ErrorModel.properties.detail.anyOf"), `[{"type":"string"},{"properties":{"code":{"type":"string"},`+
		`"reason":{"type":"string"}},"required":["code"],"type":"object"}]`)
	d.want(operation("POST /auth/api/login")+".responses.200.content.application/json",
		`{"example":{"access_token":"token","token_type":"bearer"},"schema":{"$ref":"#/components/schemas/BearerResponse"}}`)
	d.want(operation("POST /auth/forgot-password")+".responses.202.content.application/json",
		`{"example":null,"schema":{"type":"null"}}`)
}

func TestStatusesThatAreImplied(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api())
	for line, want := range map[string]string{
		"POST /auth/api/login":       "200 400 403 413 415 422 429 503",
		"POST /auth/web/login":       "204 400 403 413 415 422 503",
		"POST /auth/register":        "201 400 409 413 415 422 503",
		"POST /auth/forgot-password": "202 413 415 422 503",
		"GET /users/me":              "200 400 401 403 503",
		"PATCH /users/me":            "200 400 401 403 413 415 422 503",
		"GET /users/{id}":            "200 400 401 403 404 503",
		"GET /users":                 "200 400 401 403 422 503",
		"GET /places":                "200 303 400 403 503",
		"GET /jwks.json":             "200",
	} {
		responses, _ := d.at(operation(line) + ".responses").(object)
		if got := strings.Join(slices.Sorted(maps.Keys(responses)), " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	if got := d.at(operation("GET /login")); got != nil {
		t.Errorf("a page is in the document: %v", got)
	}
	d.want(operation("GET /users/me")+".responses.401", `{"$ref":"#/components/responses/Unauthorized"}`)
	for response, header := range map[string]string{
		"Unauthorized": "WWW-Authenticate", "TooManyRequests": "Retry-After", "ServiceUnavailable": "Retry-After",
	} {
		d.want("components.responses."+response+".headers."+header+".required", "true")
	}
	d.want(operation("GET /places")+".responses.303.headers.Location.required", "true")
	d.want(operation("GET /users")+".responses.200.headers", `{"Link":{"schema":{"type":"string"}}}`)
	d.want(operation("POST /auth/web/login")+".responses.204.headers", `{"Set-Cookie":{"schema":{"type":"string"}}}`)
}

func TestCodesAreExamples(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{
		Codes:      map[string]string{"PLAN_FULL": "Nobody else fits in."},
		RouteCodes: map[string][]string{"users:user": {"410 GONE", "NOT_NOW"}},
	}, api())
	examples := func(line string, status int) string {
		return fmt.Sprint(operation(line), ".responses.", status, ".content.application/json.examples")
	}
	names := func(line string, status int, want string) {
		t.Helper()
		all, _ := d.at(examples(line, status)).(object)
		if got := strings.Join(slices.Sorted(maps.Keys(all)), " "); got != want {
			t.Errorf("%s %d: %s, want %s", line, status, got, want)
		}
	}
	names("POST /auth/register", 400, "PLAN_EXPIRED REGISTER_INVALID_PASSWORD REGISTER_USER_ALREADY_EXISTS")
	names("GET /users/me", 400, "DUPLICATE_CREDENTIALS")
	names("GET /users/{id}", 400, "DUPLICATE_CREDENTIALS NOT_NOW")
	names("GET /users/{id}", 410, "GONE")
	names("GET /users/me", 403, "INSUFFICIENT_SCOPE")
	names("GET /users/{id}", 403, "Forbidden INSUFFICIENT_SCOPE")
	names("PATCH /users/me", 403, "INSUFFICIENT_SCOPE PROOF_REQUIRED")
	names("POST /auth/web/login", 403, "CROSS_ORIGIN_REFUSED")
	d.want(examples("POST /auth/register", 409)+".PLAN_FULL",
		`{"summary":"Nobody else fits in.","value":{"detail":"PLAN_FULL"}}`)
	d.want(examples("POST /auth/register", 400)+".REGISTER_INVALID_PASSWORD.value.detail.code",
		`"REGISTER_INVALID_PASSWORD"`)
	d.want(examples("POST /auth/api/login", 403)+".LOGIN_FACTOR_REQUIRED.value.detail",
		`{"code":"LOGIN_FACTOR_REQUIRED","factors":["totp"],"pending":"c2VjcmV0"}`)
	d.want("components.responses.ServiceUnavailable.content.application/json.examples.SERVICE_UNAVAILABLE.value",
		`{"detail":"SERVICE_UNAVAILABLE"}`)
}

func TestEqualNamesOfTwoPackagesAreQualified(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api())
	properties := operation("GET /places") + ".responses.200.content.application/json.schema.properties"
	d.want(properties+".home", `{"$ref":"#/components/schemas/Openapi_testAddress"}`)
	d.want(properties+".mail.anyOf", `[{"items":{"$ref":"#/components/schemas/MailAddress"},"type":"array"},{"type":"null"}]`)
	d.want("components.schemas.Openapi_testAddress.properties", `{"street":{"type":"string"}}`)
}

func TestOneTypeThatIsSentAndAnsweredIsOneSchema(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, append(api(),
		endpoint("places:home", "GET", "/home", func(e *core.Endpoint) { e.Doc.Answer = Address{} }),
		endpoint("places:move", "PUT", "/home", func(e *core.Endpoint) { e.Doc.Body = Address{} })))
	address := `{"$ref":"#/components/schemas/Openapi_testAddress"}`
	d.want(operation("GET /home")+".responses.200.content.application/json.schema", address)
	d.want(operation("PUT /home")+".requestBody.content.application/json.schema", address)
}

// The list of what others' documents had: better-auth/better-auth#2097 and
// #6250 (types that are none), #5607 (required inside properties), #6691
// (nullable), and what the generators of clients refuse: booleans for schemas,
// lists of types.
func TestSchemasAreWhatGeneratorsTake(t *testing.T) {
	t.Parallel()
	_, d := made(t, openapi.Options{}, api())
	checked := 0
	var schema func(at string, v any)
	schema = func(at string, v any) {
		checked++
		s, ok := v.(object)
		if !ok || len(s) == 0 {
			t.Errorf("%s is no schema but %v", at, v)
			return
		}
		if kind, there := s["type"]; there && !slices.Contains(
			[]any{"string", "integer", "number", "boolean", "object", "array", "null"}, kind) {
			t.Errorf("%s has the type %v", at, kind)
		}
		for _, refused := range []string{"nullable", "additionalProperties"} {
			if value, there := s[refused]; there && reflect.TypeOf(value).Kind() == reflect.Bool {
				t.Errorf("%s has %s", at, refused)
			}
		}
		if required, there := s["required"]; there && reflect.TypeOf(required).Kind() != reflect.Slice {
			t.Errorf("%s is required by %v", at, required)
		}
		properties, _ := s["properties"].(object)
		for name, p := range properties {
			schema(at+"."+name, p)
		}
		if items, there := s["items"]; there {
			schema(at+"[]", items)
		}
		anyOf, _ := s["anyOf"].([]any)
		for _, one := range anyOf {
			schema(at+"|", one)
		}
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		o, _ := v.(object)
		for name, inner := range o {
			switch name {
			case "schema":
				schema(at, inner)
			case "schemas":
				for name, one := range inner.(object) {
					schema(name, one)
				}
			default:
				walk(at+"."+name, inner)
			}
		}
		list, _ := v.([]any)
		for i, inner := range list {
			walk(fmt.Sprint(at, i), inner)
		}
	}
	walk("", d.object)
	if checked < 50 {
		t.Errorf("only %d schemas were checked", checked)
	}
}

func TestNewJoinsWhatIsWrong(t *testing.T) {
	t.Parallel()
	group := core.Group{
		endpoint("a:one", "GET", "/one/{id}", nil), endpoint("a:one", "GET", "/two", nil),
		endpoint("b:one", "GET", "/one/{name}", nil),
		endpoint("a:bad", "GET", "/three", func(e *core.Endpoint) { e.Doc.Status = 0 }),
		endpoint("c:codes", "GET", "/four", func(e *core.Endpoint) { e.Doc.Codes = []string{"200 FINE"} }),
		endpoint("d:query", "GET", "/five", func(e *core.Endpoint) { e.Doc.Query = 5 }),
		endpoint("e:body", "POST", "/six", func(e *core.Endpoint) { e.Doc.Body = struct{ C chan int }{} }),
		endpoint("f:tag", "POST", "/seven", func(e *core.Endpoint) {
			e.Doc.Body = struct {
				A int `openapi:"enum=x"`
			}{}
		}),
		endpoint("g:answer", "GET", "/eight", func(e *core.Endpoint) { e.Doc.Answer = core.VaultKey{} }),
		endpoint("h:scheme", "GET", "/nine", func(e *core.Endpoint) { e.Access = access[:1] }),
		endpoint("i:scheme", "GET", "/ten", func(e *core.Endpoint) {
			e.Access = []core.Access{{Backend: "api", Scheme: cookieScheme}}
		}),
		endpoint("j:wild", "GET", "/{path...}", nil), endpoint(":", "GET", "/eleven", nil),
		endpoint("k:example", "GET", "/twelve", func(e *core.Endpoint) { e.Doc.Answer = json.RawMessage("{") }),
	}
	_, err := openapi.New(openapi.Options{
		Servers:    []string{"http://a b"},
		Types:      map[reflect.Type]*jsonschema.Schema{reflect.TypeFor[int](): {Items: &jsonschema.Schema{}}},
		RouteCodes: map[string][]string{"no:route": {"X"}},
	}, group)
	for _, want := range []string{
		"GET /one/{id} and GET /two have the operation ID aOne", "name the parameters of one path differently",
		"GET /three: Doc.Status is 0", `GET /four: Doc.Codes: "200 FINE"`, "GET /five: Doc.Query: int is no struct",
		"POST /six: Doc.Body: C: encoding/json has no form for chan int", `the openapi tag "enum=x": "x" is no `,
		"GET /eight: Doc.Answer: core.VaultKey has a MarshalJSON", "backend api has two schemes", "no parameter like {path...}",
		`the operation ID "" is no identifier`, "the example is no JSON", "Options.Servers", `no route is called "no:route"`, "Options.Types: the schema of int",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if _, err := openapi.New(openapi.Options{}, api(), api()); err == nil ||
		!strings.Contains(err.Error(), "is there twice") {
		t.Errorf("two equal groups: %v", err)
	}
	if _, err := openapi.New(openapi.Options{}, api(), api().At("/v2")); err == nil ||
		!strings.Contains(err.Error(), "operation ID usersList") {
		t.Errorf("a group at two places: %v", err)
	}
	if _, err := openapi.New(openapi.Options{}, api()); err != nil {
		t.Errorf("twin: %v", err)
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	doc, _ := made(t, openapi.Options{}, api())
	routes := doc.Group()
	if len(routes) != 1 || routes[0].Pattern != "/openapi.json" || !routes[0].Public || !routes[0].Doc.Hidden {
		t.Fatalf("the group is %+v", routes)
	}
	ask := func(lines ...string) *core.Response {
		head := fakeHead{"If-None-Match": lines}
		return routes[0].Serve(t.Context(), &core.Request{Head: head})
	}
	first := ask()
	tag := first.Header.Get("ETag")
	if first.Status != http.StatusOK || string(first.Body) != string(doc.JSON()) || first.Type != "application/json" ||
		tag == "" {
		t.Errorf("got %d %s", first.Status, first.Type)
	}
	for name, c := range map[string]struct {
		lines  []string
		status int
	}{
		"the same":      {[]string{tag}, 304},
		"a weak one":    {[]string{"W/" + tag}, 304},
		"one of some":   {[]string{`"x", ` + tag}, 304},
		"any":           {[]string{"*"}, 304},
		"another":       {[]string{`"x"`}, 200},
		"without marks": {[]string{strings.Trim(tag, `"`)}, 200},
	} {
		if got := ask(c.lines...); got.Status != c.status || (got.Body == nil) != (c.status == 304) ||
			got.Header.Get("ETag") != tag {
			t.Errorf("%s: got %d, want %d", name, got.Status, c.status)
		}
	}
}

type fakeHead http.Header

func (fakeHead) Method() string               { return http.MethodGet }
func (fakeHead) Host() string                 { return "app.example" }
func (h fakeHead) Lines(name string) []string { return h[name] }

func TestTypes(t *testing.T) {
	t.Parallel()
	type inner struct {
		Deep string `json:"deep"`
		Name string `json:"name"`
	}
	type node struct {
		Next *node `json:"next"`
	}
	type all struct {
		inner
		Name   string             `json:"name"`
		When   time.Time          `json:"when"`
		Raw    json.RawMessage    `json:"raw"`
		Any    any                `json:"any"`
		Bytes  []byte             `json:"bytes"`
		Pair   [2]int             `json:"pair"`
		Counts map[string]float64 `json:"counts"`
		Text   textual            `json:"text"`
		Number int64              `json:"number,string"`
		Size   uint               `json:"size"`
		Own    marshaled          `json:"own"`
		Tree   node               `json:"tree"`
		Plan   string             `json:"plan" openapi:"enum=free|team,example=free,description=What is paid, and what is not."`
		Sites  []string           `json:"sites" openapi:"notnull,format=uri"`
		Gone   *string            `json:"gone,omitempty"`
		Hidden string             `json:"-"`
	}
	types := map[reflect.Type]*jsonschema.Schema{reflect.TypeFor[marshaled](): {Type: "integer"}}
	_, d := made(t, openapi.Options{Types: types},
		core.Group{endpoint("x:all", "GET", "/all", func(e *core.Endpoint) { e.Doc.Answer = all{} })})
	d.want("components.schemas.All.required", `["deep","name","when","raw","any","bytes","pair","counts","text","number","size","own","tree","plan","sites"]`)
	for name, want := range map[string]string{
		"deep": `{"type":"string"}`, "name": `{"type":"string"}`, "when": `{"format":"date-time","type":"string"}`,
		"raw": `{"description":"Any JSON value."}`, "any": `{"description":"Any JSON value."}`,
		"bytes":  `{"anyOf":[{"contentEncoding":"base64","type":"string"},{"type":"null"}]}`,
		"pair":   `{"items":{"type":"integer"},"maxItems":2,"minItems":2,"type":"array"}`,
		"counts": `{"anyOf":[{"additionalProperties":{"type":"number"},"type":"object"},{"type":"null"}]}`,
		"text":   `{"type":"string"}`, "number": `{"type":"string"}`, "size": `{"minimum":0,"type":"integer"}`,
		"own": `{"type":"integer"}`, "tree": `{"$ref":"#/components/schemas/Node"}`,
		"plan":  `{"description":"What is paid, and what is not.","enum":["free","team"],"examples":["free"],"type":"string"}`,
		"sites": `{"items":{"format":"uri","type":"string"},"type":"array"}`, "gone": `{"type":"string"}`, "Hidden": `null`,
	} {
		d.want("components.schemas.All.properties."+name, want)
	}
	d.want("components.schemas.Node.properties.next", `{"anyOf":[{"$ref":"#/components/schemas/Node"},{"type":"null"}]}`)
}

type textual [16]byte

func (textual) MarshalText() ([]byte, error) { return []byte("text"), nil }

type marshaled struct{}

func (marshaled) MarshalJSON() ([]byte, error) { return []byte("7"), nil }
