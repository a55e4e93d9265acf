package pages_test

import (
	"testing"

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
