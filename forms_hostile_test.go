package latchkey_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Touchy is a column type of an application that panics on some texts.
type Touchy string

func (t *Touchy) UnmarshalText(text []byte) error {
	*t = Touchy(strings.ToUpper(string(text)[:2]))
	return nil
}

func (t Touchy) MarshalText() ([]byte, error) { return []byte(t), nil }

// Traveller is a user type with such a column.
type Traveller struct {
	latchkey.User
	Country Touchy `json:"country" auth:"register"`
}

// cookieBackend is a backend "web" with a cookie.
func cookieBackend(t *testing.T) []latchkey.Backend {
	t.Helper()
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	check(t, err, nil)
	cookies, err := cookie.New(cookie.Options{})
	check(t, err, nil)
	return []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}}
}

// What of the application panics while a form is read is a 500, as it is for
// JSON: some frameworks end the process otherwise.
func TestAFormWhoseColumnPanics(t *testing.T) {
	auth, err := latchkey.New(memstore.NewUsers[Traveller](), latchkey.Options[Traveller]{
		Backends: cookieBackend(t), Hashers: []core.Hasher{fast("new")}, InsecureNoLimits: true,
	})
	check(t, err, nil)
	t.Cleanup(func() { check(t, auth.Close(context.Background()), nil) })
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API())
	v := (&site{t: t, Handler: mux}).visitor()
	answers(t, "JSON", v.send("POST", "/auth/register", "application/json",
		`{"email": "ada@example.org", "password": "`+password+`", "country": "x"}`), 500, "")
	answers(t, "a form", v.post("/auth/register", "email", "ada@example.org", "password", password, "country", "x"),
		500, "")
	lands(t, "its twin", v.post("/auth/register", "email", "ada@example.org", "password", password, "country", "xy",
		"redirect_to", "/in"), "/in")
}

// A problem of the application's own may be of no field.
func TestAFormWithAProblemOfNoField(t *testing.T) {
	var problem core.Problem
	s := newSite(t, func(o *latchkey.Options[Reader]) {
		o.Hooks.BeforeRegister = func(context.Context, *core.EventOf[Reader]) error { return core.Invalid(problem) }
	})
	v := s.visitor()
	post := func() (status int, to string) {
		w := v.post("/auth/register", "email", "ada@example.org", "password", password, "redirect_to", "/r")
		return w.Code, w.Header().Get("Location")
	}
	if status, to := post(); status != 303 || to != "/r?error=VALIDATION_ERROR" {
		t.Errorf("without a place: %d to %q", status, to)
	}
	problem.Loc = []any{"body", "name"}
	if status, to := post(); status != 303 || to != "/r?error=VALIDATION_ERROR&field=name" {
		t.Errorf("with one: %d to %q", status, to)
	}
}

// Who may not send a form at all learns nothing of what is wrong with it.
func TestOrderOfChecksOfForms(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	answers(t, "nobody's logout", v.post("/auth/web/logout", "redirect_to", "//evil.example"), 401, "")
	v.header = http.Header{"Origin": {"https://evil.example"}}
	answers(t, "a field twice, of another site", v.post("/auth/register", "email", "a", "email", "b",
		"redirect_to", "/in"), 403, core.CodeCrossOriginRefused)
	answers(t, "a redirect elsewhere, of another site", v.post("/auth/register", "redirect_to", "//evil.example"),
		403, core.CodeCrossOriginRefused)
	v = s.visitor()
	lands(t, "a field twice", v.post("/auth/register", "email", "a", "email", "b", "password", password,
		"redirect_to", "/in"), "/in?error=VALIDATION_ERROR&field=email")
	answers(t, "a redirect elsewhere", v.post("/auth/register", "redirect_to", "//evil.example"), 422, "redirect_to")
}

// Guest is a user type with a column that is called like a form's own field.
type Guest struct {
	latchkey.User
	RedirectTo string `json:"redirect_to" auth:"register"`
}

// A column is a column: what is written into it sends nobody anywhere, and need
// be no path.
func TestAColumnCalledLikeAFieldOfForms(t *testing.T) {
	auth, err := latchkey.New(memstore.NewUsers[Guest](), latchkey.Options[Guest]{
		Backends: cookieBackend(t), Hashers: []core.Hasher{fast("new")}, InsecureNoLimits: true,
	})
	check(t, err, nil)
	t.Cleanup(func() { check(t, auth.Close(context.Background()), nil) })
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API())
	v := (&site{t: t, Handler: mux}).visitor()
	answers(t, "a URL", v.post("/auth/register", "email", "ada@example.org", "password", password, "redirect_to",
		"https://ada.example"), 201, `"redirect_to":"https://ada.example"`)
	answers(t, "a path", v.post("/auth/register", "email", "bea@example.org", "password", password, "redirect_to", "/bea"),
		201, `"redirect_to":"/bea"`)
	lands(t, "a route without columns", v.post("/auth/web/login", "username", "ada@example.org", "password", password,
		"redirect_to", "/in"), "/in")
}
