package pages_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/pages"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestWhatIsWrongWithOptions(t *testing.T) {
	t.Parallel()
	for why, o := range map[string]pages.Options{
		"": {App: "Acme", After: "/dashboard?a=b", Logo: "/logo.svg",
			Stylesheets: []string{"/a.css", "https://cdn.example.org/a.css"}},
		"Options.After":           {After: "https://evil.example"},
		"Options.Logo":            {Logo: "http://example.org/logo.svg"},
		"Options.Stylesheets":     {Stylesheets: []string{"https://a.example; script-src *"}},
		"must be one of":          {Fields: map[string]pages.Field{"full_name": {Type: "file"}}},
		"no catalogue fr.json":    {Languages: []string{"en", "fr"}},
		"Languages is empty":      {Languages: []string{}},
		"de.json":                 {Locales: fstest.MapFS{"de.json": file("{")}},
		"templates: login.html":   {Templates: fstest.MapFS{"login.html": file("{{if}}")}},
		"templates: template: ex": {Templates: fstest.MapFS{"extra.html": file("{{end}}")}},
		"exclude each other": {Templates: fstest.MapFS{}, Render: func(context.Context, pages.View) ([]byte, error) {
			return nil, nil
		}},
	} {
		_, err := pages.New(o)
		if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("want %q: %v", why, err)
		}
	}
	_, err := pages.New(pages.Options{After: "x", Logo: "x", Locales: fstest.MapFS{"de.json": file("[]")}})
	for _, part := range []string{"After", "Logo", "de.json"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
}

// What depends on the application is an error of latchkey.New.
func TestWhatIsWrongInAnApplication(t *testing.T) {
	t.Parallel()
	for why, o := range map[string]pages.Options{
		"": {
			Templates: fstest.MapFS{"account.html": file(`{{.User.FullName}}{{template "mine"}}`),
				"mine.html": file("mine")},
			Fields: map[string]pages.Field{"full_name": {Label: "Name"}},
		},
		"page account":  {Templates: fstest.MapFS{"account.html": file("{{.User.Nobody}}")}},
		"page login":    {Templates: fstest.MapFS{"login.html": file(`<a href="{{.Title}}>`)}},
		"page register": {Templates: fstest.MapFS{"layout.html": file(`{{if .Is "register"}}{{.Nothing}}{{end}}`)}},
		"page forgot":   {Templates: fstest.MapFS{"forgot.html": file("{{.User.Email}}")}},
		// nobody may be logged in
		`names "nothing"`:          {Fields: map[string]pages.Field{"nothing": {}}},
		`"full_name" is required`:  {Fields: map[string]pages.Field{"full_name": {Hidden: true}}},
		`cannot be called "factor`: {App: "factor"},
	} {
		site, err := pages.New(o)
		if err != nil {
			t.Fatal(err)
		}
		cookies, err1 := cookie.New(cookie.Options{})
		sessions, err2 := session.New(memstore.NewSessions(nil), session.Options{})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		flows := []latchkey.Flow{site}
		if o.App != "" {
			flows = append(flows, offering{})
		}
		_, err = latchkey.New(memstore.NewUsers[pagewalk.Account](), latchkey.Options[pagewalk.Account]{
			Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}}, Flows: flows,
			Hashers: []core.Hasher{pagewalk.Unhashed{}},
		})
		if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("want %q: %v", why, err)
		}
	}
}

// Awkward is a user type with columns that a form cannot have beside its own
// fields.
type Awkward struct {
	latchkey.User
	Fields string `json:"fields" auth:"update"`
	Two    string `json:"two words" auth:"register"`
	Fine   string `json:"fields2" auth:"register,update"`
}

func TestColumnsThatNoFormCanHave(t *testing.T) {
	t.Parallel()
	hidden := pages.Field{Hidden: true}
	for why, fields := range map[string]map[string]pages.Field{
		`the column "fields"`:    {"two words": hidden},
		`the column "two words"`: {"fields": hidden},
		"":                       {"two words": hidden, "fields": hidden},
	} {
		site, err1 := pages.New(pages.Options{Fields: fields})
		cookies, err2 := cookie.New(cookie.Options{})
		sessions, err3 := session.New(memstore.NewSessions(nil), session.Options{})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		_, err := latchkey.New(memstore.NewUsers[Awkward](), latchkey.Options[Awkward]{
			Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
			Flows:    []latchkey.Flow{site}, Hashers: []core.Hasher{pagewalk.Unhashed{}},
		})
		if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("want %q: %v", why, err)
		}
	}
}

// offering offers a provider of a page's name.
type offering struct{ pagewalk.Acme }

func (offering) Name() string                                { return "factor" }
func (offering) PerBackend() bool                            { return false }
func (offering) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (o offering) Provider() core.Provider                   { return named(o) }
func (named) Name() string                                   { return "factor" }

type named struct{ pagewalk.Acme }

// A page cannot log in to a backend whose token no browser sends, nor to one
// whose token it would have to renew.
func TestBackendsWithoutPages(t *testing.T) {
	t.Parallel()
	store := memstore.NewSessions(nil)
	sessions, err1 := session.New(store, session.Options{})
	key, err2 := jwt.HS256("", []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"))
	access, err3 := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
	renewed, err4 := refresh.New(store, access, refresh.Options{})
	cookies, err5 := cookie.New(cookie.Options{Name: "__Host-spa", RefreshPath: "/api/spa"})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	a := pagewalk.New(t, "", func(o *pagewalk.Options) {
		o.Backends = append(o.Backends,
			latchkey.Backend{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
			latchkey.Backend{Name: "spa", Transport: cookies, Strategy: renewed})
	})
	for _, backend := range []string{"api", "spa"} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, `no flow "pages" for backend "`+backend) {
					t.Errorf("pages at the backend %s: %s", backend, said)
				}
			}()
			a.Pages(backend)
		}()
	}
	if len(a.Pages("web")) == 0 {
		t.Error("a cookie of sessions has no pages")
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	other := offering{}
	flows := pages.Links("/user", verify.Flow{OnRegister: true}, reset.Flow{}, other)
	v, isVerify := flows[0].(verify.Flow)
	r, isReset := flows[1].(reset.Flow)
	if !isVerify || !isReset || v.Link != "/user/verify?token={token}" || r.Link != "/user/reset?token={token}" ||
		!v.OnRegister ||
		flows[2] != core.Flow(other) {
		t.Errorf("the flows are %+v", flows)
	}
}

func catalogue(t *testing.T, tag string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("locales/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

func TestCataloguesHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	english, german := catalogue(t, "en"), catalogue(t, "de")
	for key := range english {
		want, got := placeholder.FindAllString(english[key], -1), placeholder.FindAllString(german[key], -1)
		slices.Sort(want)
		slices.Sort(got)
		if german[key] == "" || english[key] == "" || !slices.Equal(want, got) {
			t.Errorf("%s: %q and %q", key, english[key], german[key])
		}
	}
	if len(german) != len(english) {
		t.Errorf("%d texts in English, %d in German", len(english), len(german))
	}
}

// Every code of the contract, and every reason and type of a problem, has a
// sentence.
func TestEveryCodeHasASentence(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/codes.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile("(?m)^\\| `([A-Z_]+)`").FindAllStringSubmatch(string(raw), -1)
	if len(codes) < 30 {
		t.Fatalf("only %d codes are found", len(codes))
	}
	_, rest, _ := strings.Cut(string(raw), "Reasons of the default password policy")
	words := regexp.MustCompile("`([A-Z]{3,}_[A-Z_]+|[a-z]+_[a-z_]+|missing)`").FindAllStringSubmatch(rest, -1)
	english := catalogue(t, "en")
	for _, match := range append(codes, words...) {
		if code := match[1]; english[code] == "" && code != "value_error" && code != "problem."+code {
			t.Errorf("%s has no sentence", code)
		}
	}
}

// Every text that a template or the code asks for is there, and no other.
func TestEveryTextIsThereAndUsed(t *testing.T) {
	t.Parallel()
	english := catalogue(t, "en")
	used := map[string]bool{}
	templates, err := os.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`\.T "([^"]+)"`)
	for _, entry := range templates {
		raw, err := os.ReadFile("templates/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range asked.FindAllStringSubmatch(string(raw), -1) {
			used[match[1]] = true
			if english[match[1]] == "" {
				t.Errorf("%s asks for %s", entry.Name(), match[1])
			}
		}
	}
	sources, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, entry := range sources {
		if strings.HasSuffix(entry.Name(), ".go") && !strings.HasSuffix(entry.Name(), "_test.go") {
			raw, err := os.ReadFile(entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			code.Write(raw)
		}
	}
	for _, match := range regexp.MustCompile(`"((?:title|submit|leave|leaving|link|notice|account|admin|acting|device|time|wait|help|form|factors?|keys|error|login|mail|email|passkey|audit)\.[a-z_.]+[a-z])"`).
		FindAllStringSubmatch(code.String(), -1) {
		used[match[1]] = true
		if english[match[1]] == "" && match[1] != "title.error" && match[1] != "passkey.js" && match[1] != "account.json" {
			t.Errorf("the code asks for %s", match[1])
		}
	}
	made := regexp.MustCompile(`^(title|field|factor|problem|error|help|activity)\.|^[a-z_]+$|^[A-Z_]+$`)
	for _, key := range slices.Sorted(maps.Keys(english)) {
		if !used[key] && !made.MatchString(key) {
			t.Errorf("nothing asks for %s", key)
		}
	}
}
