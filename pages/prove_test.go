package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/internal/testclock"
)

// stale is a browser whose login is too old for what is sensitive.
func stale(t *testing.T, edit func(*pagewalk.Options)) (*pagewalk.App, *pagewalk.Browser, *testclock.Clock) {
	t.Helper()
	clock := testclock.New(time.Now())
	a := pagewalk.New(t, "", func(o *pagewalk.Options) {
		o.Now = clock.Now
		if edit != nil {
			edit(o)
		}
	})
	a.Add(t, "ada@example.org", nil)
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	clock.Advance(11 * time.Minute)
	return a, b, clock
}

// What a login that is too old may not do asks for one more proof, and goes on.
func TestProveByPassword(t *testing.T) {
	t.Parallel()
	_, b, _ := stale(t, nil)
	before := b.Cookie("-latchkey")
	page := b.Get("/account").Want(200)
	page.Submit("password", "password", "difference engine", "current_password",
		pagewalk.Password).WantRedirect("/account")
	const prove = "/prove?next=%2Faccount%23password&repeat=1"
	b.Post("/account/password", "password", "another engine").WantRedirect(prove)
	page = b.Get(prove).Want(200, "Confirm that it is you", `id="password-password"`, `type="password"`, "!Authenticator",
		"Code by e-mail", "Log in again instead")
	page.Submit("password", "password", pagewalk.Password).
		Want(400, "This is not your current password.", `aria-describedby="password-password-error"`, "!"+pagewalk.Password)
	page.Submit("password", "method", "pages", "password", "difference engine").WantRedirect(prove)
	page.Submit("password", "password", "difference engine").WantRedirect("/account#password")
	if now := b.Cookie("-latchkey"); now == before {
		t.Error("the login has its old token")
	}
	b.Get("/account").Want(200, "repeat now what you were about to do")
	b.Post("/account/password", "password", "another engine").WantRedirect("/account")

	// A page that was opened is opened again, and nothing is repeated.
	b.Get("/prove?next=%2Faccount").Want(200).Submit("password", "password", "another engine").WantRedirect("/account")
	b.Get("/account").Want(200, "!repeat now")
	b.Get("/prove?next=%2F%2Fevil.example").Submit("password", "password", "another engine").WantRedirect("/account")
	b.Post("/logout").WantRedirect("/login")
	b.Get("/prove?next=%2Faccount%3Fx").WantRedirect("/login?next=" + url.QueryEscape("/account?x"))
	b.Post("/prove", "method", "password", "password", "another engine").WantRedirect("/login")
}

// So do leaving, and what administrators do to others.
func TestProveToLeaveAndToAdminister(t *testing.T) {
	t.Parallel()
	a, b, _ := stale(t, nil)
	hal := "/admin/users/" + a.Add(t, "hal@example.org", nil).ID
	a.Edit(t, "ada@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	prove := func(next string) string { return "/prove?next=" + url.QueryEscape(next) + "&repeat=1" }
	b.Post("/account/delete").WantRedirect(prove("/account/delete"))
	b.Post(hal, "email", "hal2@example.org").WantRedirect(prove(hal))
	b.Post(hal + "/delete").WantRedirect(prove(hal + "/delete"))
	b.Get(prove(hal)).Submit("password", "password", pagewalk.Password).WantRedirect(hal)
	b.Post(hal, "email", "hal2@example.org").WantRedirect(hal)
	b.Post(hal + "/delete").WantRedirect("/admin/users")
}

// So does an account at a provider, which then goes on by itself.
func TestProveToLink(t *testing.T) {
	t.Parallel()
	_, b, _ := stale(t, nil)
	const prove = "/prove?next=%2Flogin%2Facme%2Flink"
	b.Get("/login/acme/link").WantRedirect(prove)
	b.Get(prove).Submit("password", "password", pagewalk.Password).WantRedirect("/login/acme/link")
	if to := b.Get("/login/acme/link").Header.Get("Location"); !strings.HasPrefix(to, "https://acme.example/") {
		t.Errorf("the way to the provider leads to %q", to)
	}
}

// The way that the refusal names will do, and no other.
func TestProveByAnApp(t *testing.T) {
	t.Parallel()
	_, b, clock := stale(t, nil)
	b.Post("/account/totp").WantRedirect("/prove?next=%2Faccount%23factors&repeat=1")
	b.Get("/prove?methods=totp").WantRedirect("/login?again=1&next=%2Faccount") // there is none yet
	b.Get("/prove").Submit("password", "password", pagewalk.Password).WantRedirect("/account")
	page := b.Get("/account").Submit("add-totp").Want(200)
	secret := page.Secret()
	code := func() string {
		text, err := totp.Code(secret, clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	page.Submit("totp", "code", code()).WantRedirect("/account/recovery-codes")
	clock.Advance(11 * time.Minute)
	b.Post("/account/recovery-codes").WantRedirect("/prove?next=%2Faccount%2Frecovery-codes&repeat=1")
	page = b.Get("/prove?next=%2Faccount%2Frecovery-codes&repeat=1").
		Want(200, `id="password-password"`, "Code of the app", `inputmode="numeric"`)
	page.Submit("totp", "code", "000000").Want(400, "That code is not right")
	page.Submit("totp", "code", code()).WantRedirect("/account/recovery-codes")
	b.Get("/account/recovery-codes").Want(200, "repeat now").Submit("codes").Want(200, "not shown again")
	b.Get("/prove?methods=totp+totp+nothing").Want(200, "Code of the app", "!password-password")
}

func TestProveByMail(t *testing.T) {
	t.Parallel()
	a, b, _ := stale(t, nil)
	page := b.Get("/prove?methods=email").Want(200, "Code by e-mail", "Send me a code", "!password-password")
	page.Submit("email", "code", "00000000").Want(400, "This does not work, or no more")
	b.Post("/prove?methods=email", "method", "email", "send", "1").WantRedirect("/prove?methods=email")
	page = b.Get("/prove?methods=email").Want(200, "A code is on its way")
	page.Submit("email", "code", a.Code(t)).WantRedirect("/account")
	b.Post("/account/totp").Want(200, "Scan this picture")
	a.Edit(t, "ada@example.org", func(u *pagewalk.Account) { u.HashedPassword = "" })
	b.Get("/prove").Want(200, "Code by e-mail", "!password-password")
}

// A factor that has a route for it gets its form without a line in pages.
func TestProveByAnotherFactor(t *testing.T) {
	t.Parallel()
	a, b, clock := stale(t, nil)
	a.Add(t, "gil@example.org", func(u *pagewalk.Account) { u.Pin = "2468" })
	b.Post("/login?again=1", "username", "gil@example.org", "password", pagewalk.Password).WantRedirect("/login/factor")
	b.Get("/login/factor").Submit("pin", "pin", "2468", "digits", "4").WantRedirect("/account")
	clock.Advance(11 * time.Minute)
	b.Get("/prove").Submit("password", "password", pagewalk.Password).WantRedirect("/account")
	const prove = "/prove?methods=pin&next=%2Faccount%23factors&repeat=1"
	b.Post("/account/totp").WantRedirect(prove)
	page := b.Get(prove).Want(200, ">Pin</h2>", ">Digits", "!Trust", "!password-password")
	page.Submit("pin", "pin", "1357", "digits", "4").Want(400, "PIN_WRONG")
	page.Submit("pin", "pin", "2468", "digits", "4").WantRedirect("/account#factors")
	b.Post("/account/totp").Want(200, "Scan this picture")
}

// Without another way, the person logs in once more.
func TestProveByNothing(t *testing.T) {
	t.Parallel()
	a, b, _ := stale(t, func(o *pagewalk.Options) { o.Without = []string{"factors"} })
	a.Edit(t, "ada@example.org", func(u *pagewalk.Account) { u.HashedPassword = "" })
	b.Post("/account/password", "password", "another engine").WantRedirect("/prove?next=%2Faccount%23password&repeat=1")
	const again = "/login?again=1&next=%2Faccount%23password"
	b.Get("/prove?next=%2Faccount%23password&repeat=1").WantRedirect(again)
	b.Get(again).Want(200, "Confirm that it is you", "Please log in once more", `value="ada@example.org"`)
	a.Edit(t, "ada@example.org", func(u *pagewalk.Account) {
		u.HashedPassword, _ = pagewalk.Unhashed{}.Hash(pagewalk.Password)
	})
	b.Get(again).Submit("login", "username", "ada@example.org", "password", pagewalk.Password).
		WantRedirect("/account#password")
	b.Post("/account/password", "password", "another engine").WantRedirect("/account")
}
