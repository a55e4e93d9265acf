package pages_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/pages"
)

// visited is a browser at an application with other pages.
func visited(
	t *testing.T, edit func(*pages.Options), more ...func(*pagewalk.Options),
) (*pagewalk.App, *pagewalk.Browser) {
	t.Helper()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) {
		edit(&o.Pages)
		for _, m := range more {
			m(o)
		}
	})
	return a, pagewalk.NewBrowser(t, served(a), "")
}

// A layout, or a form, of the application's own that leaves a field out resets
// no column.
func TestAFormWithoutAFieldResetsNothing(t *testing.T) {
	t.Parallel()
	a, b := visited(t, func(o *pages.Options) {
		o.Templates = fstest.MapFS{
			"layout.html": file(`<!doctype html><title>{{.Title}}</title>{{template "content" .}}`),
			"account.html": file(`<form id="mine" method="post" action="{{.Base}}/account/profile">
				<input type="hidden" name="fields" value="full_name is_superuser internal">
				<input name="full_name" value="{{.User.FullName}}"><input name="is_superuser" value="on"><button>Save</button></form>
				<form id="none" method="post" action="{{.Base}}/account/profile"><input name="full_name" value=""></form>
				<form id="flags" method="post" action="{{.Base}}/admin/users/{{.User.ID}}"><input name="x" value=""></form>`),
		}
	})
	age := 30
	a.Add(t, "ada@example.org", func(u *pagewalk.Account) {
		u.Newsletter, u.Tags, u.Plan, u.Age = true, []string{"a"}, "gold", &age
	})
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/account").Want(200).Submit("mine", "full_name", "Lovelace").WantRedirect("/account")
	b.Get("/account").Submit("none").WantRedirect("/account")
	u := a.Of(t, "ada@example.org")
	if u.FullName != "Lovelace" || !u.Newsletter || len(u.Tags) != 1 || u.Plan != "gold" || *u.Age != 30 || u.IsSuperuser {
		t.Errorf("the user is %+v", *u)
	}
	a.Add(t, "root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	b.Post("/logout")
	b.Post("/login", "username", "root@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/account").Submit("flags").Follow().Want(200)
	if u := a.Of(t, "root@example.org"); !u.IsSuperuser || !u.IsActive || !u.IsVerified {
		t.Errorf("a form without flags has changed them")
	}
}

func TestTextsAndFieldsOfTheApplication(t *testing.T) {
	t.Parallel()
	_, b := visited(t, func(o *pages.Options) {
		o.Locales = fstest.MapFS{
			"en.json": file(`{"title.login": "Welcome back"}`),
			"de.json": file(`{"field.full_name": "Vor- und Nachname"}`),
			"ar.json": file(`{"title.login": "تسجيل الدخول", "language": "العربية"}`),
		}
		o.Fields["full_name"] = pages.Field{Label: "Your name", Help: "As friends call you", Autocomplete: "name"}
		o.Fields["newsletter"] = pages.Field{Hidden: true}
		o.Stylesheets, o.Logo = []string{"/brand.css", "https://cdn.example.org/a.css"}, "https://img.example.org/logo.svg"
	})
	page := b.Get("/login").Want(200, "Welcome back", `href="/brand.css"`,
		`src="https://img.example.org/logo.svg"`, "العربية")
	for _, part := range []string{
		"style-src 'self' https://cdn.example.org;", "font-src 'self' https://cdn.example.org;",
		"img-src 'self' https://img.example.org;", "script-src 'self';", "form-action 'self'",
	} {
		if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, part) {
			t.Errorf("the policy %q lacks %q", policy, part)
		}
	}
	b.Get("/register").Want(200, "Your name", "As friends call you", `autocomplete="name"`, "!Newsletter")
	b.Language = "de"
	b.Get("/register").Want(200, "Vor- und Nachname")
	b.Language = "ar"
	b.Get("/login").Want(200, `<html lang="ar" dir="rtl">`, "تسجيل الدخول", "Password")
	b.Language = "fr, tlh;q=0.2"
	b.Get("/login").Want(200, `<html lang="en" dir="ltr">`)
}

func TestLanguagesThatAreOffered(t *testing.T) {
	t.Parallel()
	_, b := visited(t, func(o *pages.Options) { o.Languages = []string{"de"} })
	b.Language = "en"
	b.Get("/login").Want(200, `<html lang="de"`, "!English", "!/language")
}

// What stands below every page needs no other template to be replaced.
func TestBelowEveryPage(t *testing.T) {
	t.Parallel()
	_, b := visited(t, func(o *pages.Options) {
		o.Templates = fstest.MapFS{"below.html": file(`<aside>below {{.Page}}</aside>`)}
	})
	b.Get("/login").Want(200, "<aside>below login</aside>", "lk-footer")
	b.Get("/register").Want(200, "<aside>below register</aside>")
}

// A provider is visited whatever the client says that it accepts.
func TestWhatAClientAccepts(t *testing.T) {
	t.Parallel()
	_, b := visited(t, func(*pages.Options) {})
	for _, accepted := range []string{"text/html", "*/*", "application/json"} {
		got := b.Do("GET", "/login/acme", "", "", "Accept", accepted)
		if got.Status != 303 || !strings.HasPrefix(got.Header.Get("Location"), "https://acme.example/") {
			t.Errorf("%s: %d to %q", accepted, got.Status, got.Header.Get("Location"))
		}
	}
}

// Marks of providers are files of the application's.
func TestMarks(t *testing.T) {
	t.Parallel()
	const mark = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	_, b := visited(t, func(o *pages.Options) { o.Marks = fstest.MapFS{"acme.svg": file(mark), "secret.txt": file("x")} })
	for _, link := range b.Get("/login").Want(200, `src="/latchkey/mark-acme.svg?v=`).Links() {
		if !strings.Contains(link, "mark-acme") {
			continue
		}
		got := b.Get(link)
		if got.Status != 200 || got.Body != mark || got.Header.Get("Content-Type") != "image/svg+xml" ||
			!strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %d %v", link, got.Status, got.Header)
		}
	}
	b.Get("/latchkey/mark-secret.txt").Want(404)
	b.Get("/latchkey/secret.txt").Want(404)
}

func TestRenderOfTheApplication(t *testing.T) {
	t.Parallel()
	a, b := visited(t, func(o *pages.Options) {
		o.Render = func(ctx context.Context, v pages.View) ([]byte, error) {
			if v.Page == "forgot" {
				return nil, errors.New("broken")
			}
			text := fmt.Sprintf("<p>%s %d %s %s %v", v.Page, v.Status, core.Language(ctx),
				v.T("submit.login"), v.Has("register"))
			if v.Form != nil {
				text += " " + v.Form.Error
			}
			return []byte(text), nil
		}
	})
	a.Add(t, "ada@example.org", nil)
	b.Get("/login").Want(200, "<p>login 200 en Log in true")
	b.Post("/login", "username", "ada@example.org", "password", "wrong").Want(400, "login 400", "is not right")
	b.Get("/forgot").Want(500, "<p>error 500")
}

// The application's own Localize and language win.
func TestLocalizeOfTheApplication(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) {
		o.Localize = func(ctx context.Context, key string, args map[string]any) string {
			switch key {
			case core.CodeLoginBadCredentials:
				return "No. (" + core.Language(ctx) + ")"
			case "PASSWORD_TOO_SHORT":
				return fmt.Sprint("At least ", args["min"], ", please.")
			}
			return ""
		}
	})
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Language = "de"
	b.Post("/login", "username", "ada@example.org", "password", "wrong").Want(400, "No. (de)")
	b.Post("/register", "email", "ada@example.org", "password", "short", "full_name", "Ada", "fields", "full_name").
		Want(400, "At least 8, please.")
}

// Mails are in the language of the page where somebody wanted them, or in the
// application's.
func TestMailsAreInTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	var languages mailLanguages
	a := pagewalk.New(t, "", func(o *pagewalk.Options) { o.Sender = &languages })
	a.Add(t, "ada@example.org", nil)
	inner := served(a)
	application := ""
	b := pagewalk.NewBrowser(t, func(r *http.Request) (*http.Response, error) {
		return inner(r.WithContext(core.WithLanguage(r.Context(), application)))
	}, "")
	b.Language = "de"
	b.Post("/forgot", "email", "ada@example.org").WantRedirect("/login")
	application = "pt-BR" // which has no pages
	b.Post("/forgot", "email", "ada@example.org").WantRedirect("/login")
	b.Get("/login").Want(200, `lang="de"`, "!/language")
	if err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(languages.tags)
	if got := strings.Join(languages.tags, " "); got != "de pt-BR" {
		t.Errorf("the mails are in %q", got)
	}
}

// mailLanguages are those of the mails that were sent.
type mailLanguages struct {
	mu   sync.Mutex
	tags []string
}

func (l *mailLanguages) Send(_ context.Context, m core.Mail) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tags = append(l.tags, m.Lang)
	return nil
}
