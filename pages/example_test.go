package pages_test

import (
	"context"
	"embed"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/pages"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// customer is an application's user type.
type customer struct {
	latchkey.User
	FullName string `json:"full_name" auth:"register,required,update"`
}

// withPages is an application with the pages of the backend "web".
func withPages(web latchkey.Backend, box latchkey.Sender) (*latchkey.Auth[customer], error) {
	site, err := pages.New(pages.Options{App: "Acme"})
	if err != nil {
		return nil, err
	}
	return latchkey.New(memstore.NewUsers[customer](), latchkey.Options[customer]{
		Backends: []latchkey.Backend{web},
		Flows:    append(pages.Links("", verify.Flow{OnRegister: true}, reset.Flow{}), site),
		Tickets:  memstore.NewTickets(nil),
		Sender:   box,
		BaseURL:  "https://app.example.org",
	})
}

func Example() {
	cookies, err := cookie.New(cookie.Options{})
	check(err)
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	check(err)
	box, err := outbox.New(outbox.Options{App: "Acme"})
	check(err)
	auth, err := withPages(latchkey.Backend{Name: "web", Transport: cookies, Strategy: sessions}, box)
	check(err)
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.Pages("web"))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/account", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/register", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "Full name"))
	// Output:
	// 303 /login?next=%2Faccount
	// 200 true
}

//go:embed testdata
var files embed.FS

// branded are pages with templates, texts and styles of the application's own.
func branded() pages.Options {
	return pages.Options{
		App:         "Acme",
		Logo:        "/static/logo.svg",
		Stylesheets: []string{"/static/brand.css"},
		Templates:   sub("testdata/templates"), // layout.html
		Locales:     sub("testdata/locales"),   // en.json, fr.json
		Languages:   []string{"en", "fr"},
		Fields: map[string]pages.Field{
			"full_name": {Help: "As it stands on your invoices.", Autocomplete: "name"},
			"plan":      {Choices: []pages.Choice{{Value: "free", Label: "Free"}, {Value: "gold", Label: "Gold"}}},
		},
	}
}

func ExampleOptions() {
	_, err := pages.New(branded())
	fmt.Println(err)
	// Output: <nil>
}

// rendered are pages that another library of templates makes.
func rendered() pages.Options {
	return pages.Options{Render: func(_ context.Context, v pages.View) ([]byte, error) {
		return fmt.Appendf(nil, "<!doctype html><title>%s</title>", html.EscapeString(v.Title)), nil
	}}
}

func ExampleOptions_render() {
	_, err := pages.New(rendered())
	fmt.Println(err)
	// Output: <nil>
}

func sub(dir string) fs.FS {
	below, err := fs.Sub(files, dir)
	check(err)
	return below
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
