package pages_test

import (
	"net/http/httptest"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// A login ends what the browser was logged in with before, whatever it is by:
// who has a copy of the old cookie must not stay in.
func TestALoginEndsTheOneBefore(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(b *pagewalk.Browser){
		"by a password": func(b *pagewalk.Browser) {
			b.Post("/login?again=1", "username", "bea@example.org", "password", pagewalk.Password).WantRedirect("/account")
		},
		"at a provider": func(b *pagewalk.Browser) { b.AtAcme("/login/acme", "7", "fay@example.org").WantRedirect("/account") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := pagewalk.New(t, "", nil)
			a.Add(t, "ada@example.org", nil)
			a.Add(t, "bea@example.org", nil)
			b := pagewalk.NewBrowser(t, served(a), "")
			b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
			old := b.Cookie("__Host-latchkey")
			b.Get("/account").Want(200, "ada@example.org")
			again(b)
			b.Get("/account").Want(200, "!ada@example.org")
			thief := pagewalk.NewBrowser(t, served(a), "")
			thief.Do("GET", "/account", "", "", "Cookie", "__Host-latchkey="+old).WantRedirect("/login?next=%2Faccount")
		})
	}
}

// A router that lets pages be mounted below a parameter may hand over a path
// that a browser would take for another host.
func TestABaseThatIsAnotherHost(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	for path, want := range map[string]string{
		"//evil.example/account":     "/login?next=%2Faccount",
		`/\evil.example/account`:     "/login?next=%2Faccount",
		"/a/../../evil/account":      "/login?next=%2Faccount",
		"/tenant/account":            "/tenant/login?next=%2Ftenant%2Faccount",
		"/gr\u00fcn/deep/er/account": "/gr%C3%BCn/deep/er/login?next=%2Fgr%25C3%25BCn%2Fdeep%2Fer%2Faccount",
	} {
		for _, e := range a.Pages("web") {
			if e.Pattern != "/account" {
				continue
			}
			r := httpauth.Request(httptest.NewRequest("GET", pagewalk.Origin+"/account", nil))
			r.Path = path
			resp := e.Serve(t.Context(), r)
			if got := resp.Header.Get("Location"); resp.Status != 303 || got != want {
				t.Errorf("%s: %d to %q, want %q", path, resp.Status, got, want)
			}
		}
	}
}

// A form that was opened before somebody else took a right away does not give
// it back.
func TestAFormOfAnAdministratorThatIsOld(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	a.Add(t, "root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	eve := a.Add(t, "eve@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Post("/login", "username", "root@example.org", "password", pagewalk.Password).WantRedirect("/account")
	page := "/admin/users/" + eve.ID
	old := b.Get(page).Want(200)
	b.Get(page).Submit("user", "is_superuser", "").WantRedirect(page)
	wrong := old.Submit("user", "nick", "E", "is_verified", "", "email", "nobody").Want(422)
	wrong.Submit("user", "email", "eve@example.org").WantRedirect(page)
	if u := a.Of(t, "eve@example.org"); u.IsSuperuser || u.IsVerified || u.Nick == nil {
		t.Errorf("after the old form: superuser %v, verified %v", u.IsSuperuser, u.IsVerified)
	}
	b.Get(page).Submit("user", "is_superuser", "on").WantRedirect(page)
	if !a.Of(t, "eve@example.org").IsSuperuser {
		t.Error("a new form does not give the right back")
	}
}

// The code of a provider is a secret: it goes into no further URL, where it
// could be of use to whoever logs in next.
func TestAProvidersCodeIsNoPageToComeBackTo(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Get("/login/acme/link/callback?state=x&code=SECRET").WantRedirect("/login?next=%2Faccount")
	b.Get("/admin/users?email=x").WantRedirect("/login?next=%2Fadmin%2Fusers%3Femail%3Dx")
}
