package latchkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// front is a flow of pages whose errors become pages too.
type front struct{ svc *core.Services }

func (*front) Name() string     { return "front" }
func (*front) PerBackend() bool { return true }

func (f *front) Routes(svc *core.Services) ([]core.Route, error) {
	f.svc = svc
	fail := func(_ context.Context, r *core.Request, resp *core.Response) *core.Response {
		switch r.Param("how") {
		case "leave":
			return nil
		case "fall":
			panic("in Fail")
		}
		return core.HTML(resp.Status, []byte("<p>"+resp.Err.Error()))
	}
	return []core.Route{
		{Name: "front:open", Method: http.MethodGet, Pattern: "/open/{how}", Public: true, Fail: fail, Doc: core.Doc{Hidden: true},
			Handle: func(_ context.Context, r *core.Request) (*core.Response, error) {
				switch r.Param("how") {
				case "panic":
					panic("in the handler")
				case "late":
					return nil, core.RateLimited(1e9)
				case "fine":
					return core.HTML(http.StatusOK, []byte("<p>fine")), nil
				}
				return nil, core.Refuse("NO_PAGE")
			}},
		{Name: "front:closed", Method: http.MethodGet, Pattern: "/closed", Fail: fail, Guards: []core.Guard{core.Via("web")},
			Doc:    core.Doc{Status: http.StatusOK},
			Handle: func(context.Context, *core.Request) (*core.Response, error) { return core.Empty(204), nil }},
	}, nil
}

func TestFailTurnsErrorsIntoPages(t *testing.T) {
	t.Parallel()
	f := &front{}
	o := options[Member]()
	o.Flows, o.Log = []latchkey.Flow{f}, slog.New(slog.DiscardHandler)
	auth, err := latchkey.New(memstore.NewUsers[Member](), o)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(name, how string) *core.Response {
		e, ok := auth.Services().Pages.Route(name)
		if !ok {
			t.Fatalf("there is no route %q", name)
		}
		return e.Serve(t.Context(), &core.Request{Head: blank{}, Body: strings.NewReader(""),
			Param: func(string) string { return how }})
	}
	const html = "text/html; charset=utf-8"
	for _, c := range []struct {
		name, how    string
		status       int
		media, body  string
		header, line string
		isError      bool
	}{
		{"front:open", "fine", 200, html, "<p>fine", "", "", false},
		{"front:open", "refuse", 400, html, "<p>NO_PAGE", "", "", false},
		{"front:open", "late", 429, html, "<p>RATE_LIMITED", "Retry-After", "1", false},
		{"front:open", "panic", 500, html, "<p>Internal Server Error", "", "", false},
		{"front:open", "leave", 400, "application/json", `{"detail":"NO_PAGE"}`, "", "", true},
		{"front:open", "fall", 500, "application/json", `{"detail":"Internal Server Error"}`, "", "", true},
		{"front:closed", "", 401, html, "<p>Unauthorized", "", "", false},
	} {
		got := serve(c.name, c.how)
		if got.Status != c.status || got.Header.Get("Content-Type") != c.media ||
			!strings.HasPrefix(string(got.Body), c.body) ||
			c.header != "" && got.Header.Get(c.header) != c.line || (got.Err != nil) != c.isError ||
			got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d %v %s (%v)", c.name, c.how, got.Status, got.Header, got.Body, got.Err)
		}
	}
}

// blank is the head of a request with nothing in it.
type blank struct{}

func (blank) Method() string        { return http.MethodGet }
func (blank) Host() string          { return "app.example.org" }
func (blank) Lines(string) []string { return nil }

func TestEndpointsSayHowTheyAreReachedAndAnswer(t *testing.T) {
	t.Parallel()
	transport, err := cookie.New(cookie.Options{InsecureHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	o := options[Member]()
	o.Flows = []latchkey.Flow{&front{}}
	o.Backends = append(o.Backends, latchkey.Backend{Name: "browser", Transport: transport, Strategy: static{}})
	if got := faults(t, o); !strings.Contains(got, `the flow "front" has a route named "front:open", and so has another`) {
		t.Errorf("two routes of one name: New's error is %q", got)
	}
	o.Flows = []latchkey.Flow{single{&front{}}}
	auth, err := latchkey.New(memstore.NewUsers[Member](), o)
	if err != nil {
		t.Fatal(err)
	}
	route := func(name string) core.Endpoint {
		e, _ := auth.Services().Pages.Route(name)
		return e
	}
	if _, found := auth.Services().Pages.Route("reset:reset_password"); found {
		t.Error("a flow that the application does not have has a route")
	}
	bearer, browser := route("auth:web.login"), route("auth:browser.login")
	example, _ := bearer.Doc.Answer.(json.RawMessage)
	if bearer.Doc.Status != 200 || !strings.Contains(string(example), "token") || bearer.Access != nil {
		t.Errorf("the login of a transport with a body: %+v, %v", bearer.Doc, bearer.Access)
	}
	if browser.Doc.Status != 204 || browser.Doc.Answer != nil {
		t.Errorf("the login of a cookie: %+v", browser.Doc)
	}
	if me := route("users:current_user"); len(me.Access) != 2 || me.Access[0].Backend != "web" ||
		string(me.Access[1].Scheme) != string(transport.Scheme()) {
		t.Errorf("access to the own account: %v", me.Access)
	}
	if closed := route("front:closed"); len(closed.Access) != 1 || closed.Access[0].Backend != "web" {
		t.Errorf("access to a route with Via: %v", closed.Access)
	}
	if got := columns(route("register:register").Doc.Own); got != "nick" {
		t.Errorf("one registers with %q", got)
	}
	patch := route("users:patch_current_user").Doc
	members, _ := json.Marshal(patch.Body)
	if got := columns(patch.Own); got != "nick" || strings.Contains(string(members), "is_") {
		t.Errorf("one changes %s and %q", members, got)
	}
	shown := reflect.TypeOf(patch.Answer).Elem().NumField() // and what administrators see besides
	if listed := route("users:list_users").Doc; reflect.TypeOf(listed.Query).NumField() != 10 ||
		reflect.TypeOf(listed.Answer).Elem().NumField() != shown+3 {
		t.Errorf("the list takes %+v and answers %T", listed.Query, listed.Answer)
	}
	below := slices.Concat(auth.Users().At("/users").At("/v1"), auth.Login("web").At("/auth"))
	if below[0].Prefix != "/v1/users" || below[len(below)-1].Prefix != "/auth" || auth.Users()[0].Prefix != "" {
		t.Errorf("prefixes %q and %q", below[0].Prefix, below[len(below)-1].Prefix)
	}
}

// single is made once for all backends.
type single struct{ *front }

func (single) PerBackend() bool { return false }

func columns(own []core.Column) string {
	var names []string
	for _, c := range own {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// branded is a provider with a brand.
type branded struct{ *acme }

func (branded) Brand() core.Brand { return core.Brand{Title: "Acme"} }

func TestPagesHaveProvidersAndTexts(t *testing.T) {
	t.Parallel()
	social, err := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: branded{&acme{name: "first"}}}, {Provider: &acme{name: "second"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := options[Member]()
	o.Flows, o.Tickets, o.BaseURL = social.Flows(), memstore.NewTickets(nil), "https://app.example.org"
	o.Localize = func(ctx context.Context, key string, _ map[string]any) string {
		if key == "HELLO" && core.Language(ctx) == "de" {
			return "Hallo"
		}
		return ""
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), o)
	if err != nil {
		t.Fatal(err)
	}
	pages := auth.Services().Pages
	var titles []string
	for _, p := range pages.Providers() {
		brand, _ := core.As[core.Branded](p)
		title := p.Name()
		if brand != nil {
			title = brand.Brand().Title
		}
		titles = append(titles, title)
	}
	if strings.Join(titles, " ") != "Acme second" {
		t.Errorf("the providers are %v", titles)
	}
	german := core.WithLanguage(t.Context(), "de")
	if got := pages.Localize(german, "HELLO", "Hello", nil) +
		pages.Localize(t.Context(), "HELLO", " Hello", nil); got != "Hallo Hello" {
		t.Errorf("the texts are %q", got)
	}
}

func TestMailsAreInTheLanguageOfTheirRequest(t *testing.T) {
	t.Parallel()
	box := &letters{}
	o := options[Member]()
	o.Flows = []latchkey.Flow{reset.Flow{}, verify.Flow{OnRegister: true}}
	o.Tickets, o.Sender, o.BaseURL = memstore.NewTickets(nil), box, "https://app.example.org"
	auth, err := latchkey.New(memstore.NewUsers[Member](), o)
	if err != nil {
		t.Fatal(err)
	}
	post := func(tag, route, body string) {
		e, _ := auth.Services().Pages.Route(route)
		resp := e.Serve(core.WithLanguage(t.Context(), tag), &core.Request{Head: posting{}, Body: strings.NewReader(body)})
		if resp.Status >= 300 {
			t.Fatalf("%s: %d %s", route, resp.Status, resp.Body)
		}
		if err := auth.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	post("de", "register:register", `{"email": "ada@example.org", "password": "analytical engine"}`)
	post("pt-BR", "reset:forgot_password", `{"email": "ada@example.org"}`)
	post("", "reset:forgot_password", `{"email": "ada@example.org"}`)
	var got []string
	for _, m := range box.mails {
		got = append(got, m.Kind+" "+m.Lang)
	}
	if strings.Join(got, ", ") != "verify de, reset pt-BR, reset " {
		t.Errorf("the mails are %q", got)
	}
}

// posting is the head of a client's request with JSON.
type posting struct{ blank }

func (posting) Method() string { return http.MethodPost }
func (posting) Lines(name string) []string {
	if name == "Content-Type" {
		return []string{"application/json"}
	}
	return nil
}

// asker is a flow of pages that asks for the current user's account.
type asker struct{}

func (*asker) Name() string     { return "asker" }
func (*asker) PerBackend() bool { return true }
func (*asker) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "asker:" + svc.Backend.Name, Method: http.MethodGet, Pattern: "/ask", Public: true, Optional: true,
		Guards: []core.Guard{core.Via(svc.Backend.Name)},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			if core.CurrentFrom(ctx) == nil {
				return nil, core.Forbidden()
			}
			open, _ := svc.Pages.Route("open:" + svc.Backend.Name)
			asked := *r
			if resp := open.Serve(ctx, &asked); resp.Status != http.StatusNoContent {
				return resp, nil
			}
			e, _ := svc.Pages.Route("users:current_user")
			asked = *r
			return e.Serve(ctx, &asked), nil
		},
	}, {
		Name: "open:" + svc.Backend.Name, Method: http.MethodGet, Pattern: "/open", Public: true,
		Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
			if core.CurrentFrom(ctx) != nil {
				return nil, errors.New("a public route has the user of the page that asks")
			}
			return core.Empty(http.StatusNoContent), nil
		},
	}}, nil
}

// policies counts how often the client was looked for.
type policies struct{ asked int }

func (p *policies) Client(core.Head, netip.Addr) netip.Addr {
	p.asked++
	return netip.AddrFrom4([4]byte{192, 0, 2, byte(p.asked)})
}

// A page of one backend asks as whoever is logged in there, and as the client
// that its own request has.
func TestAPageAsksAsItsOwnRequest(t *testing.T) {
	t.Parallel()
	users := memstore.NewUsers[Member]()
	for id, address := range map[string]string{"1": "ada@example.org", "2": "eve@example.org"} {
		u := &Member{User: latchkey.User{ID: id, Email: address, EmailKey: address, IsActive: true}}
		if err := users.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	o, policy := options[Member](), &policies{}
	o.Backends, o.Flows, o.ClientIP, o.Log = nil, []latchkey.Flow{&asker{}}, policy, slog.New(slog.DiscardHandler)
	for name, id := range map[string]string{"first": "1", "second": "2"} {
		transport, err := cookie.New(cookie.Options{Name: "__Host-" + name})
		if err != nil {
			t.Fatal(err)
		}
		o.Backends = append(o.Backends, latchkey.Backend{Name: name, Transport: transport, Strategy: always{id, name}})
	}
	auth, err := latchkey.New(users, o)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"first": "ada@", "second": "eve@"} {
		r := &core.Request{Head: withCookies("__Host-first=a; __Host-second=b")}
		if got := auth.Flow("asker", name)[0].Serve(t.Context(), r); !strings.Contains(string(got.Body), want) {
			t.Errorf("at %s: %d %s", name, got.Status, got.Body)
		}
	}
	if policy.asked != 2 {
		t.Errorf("the client of 2 requests was looked for %d times", policy.asked)
	}
}

// always accepts every token, as a login of one user.
type always struct{ userID, backend string }

func (a always) Issue(context.Context, core.Login) (core.Token, error) { return core.Token{}, nil }
func (a always) Revoke(context.Context, *core.Session) error           { return nil }
func (a always) Verify(context.Context, string) (core.Found, error) {
	return core.Found{Session: &core.Session{UserID: a.userID, Backend: a.backend}}, nil
}

// withCookies is the head of a browser's GET.
type withCookies string

func (withCookies) Method() string { return http.MethodGet }
func (withCookies) Host() string   { return "app.example.org" }
func (c withCookies) Lines(name string) []string {
	if name == "Cookie" {
		return []string{string(c)}
	}
	return nil
}
