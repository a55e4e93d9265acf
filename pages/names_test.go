package pages_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/pages"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// handled is a user with a name.
type handled struct {
	latchkey.User
	latchkey.Named
	FullName string `json:"full_name" auth:"register,update"`
}

// ofNames is an application whose users have names, and need no address.
func ofNames(t *testing.T, optional bool) (pagewalk.Serve, *latchkey.Auth[handled]) {
	t.Helper()
	site, err1 := pages.New(pages.Options{App: "Acme", Admin: true})
	box, err2 := outbox.New(outbox.Options{App: "Acme"})
	cookies, err3 := cookie.New(cookie.Options{})
	sessions, err4 := session.New(memstore.NewSessions(nil), session.Options{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[handled](), latchkey.Options[handled]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
		Flows:    pages.Links("", site, verify.Flow{}, reset.Flow{}),
		Tickets:  memstore.NewTickets(nil), Sender: box, BaseURL: pagewalk.Origin, MailDelay: -1,
		Hashers: []core.Hasher{pagewalk.Unhashed{}}, Log: slog.New(slog.DiscardHandler), InsecureNoLimits: true,
		EmailOptional: optional,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close(context.WithoutCancel(t.Context())) })
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.Pages("web"))
	return pagewalk.Handler(mux), auth
}

func TestPagesOfNames(t *testing.T) {
	t.Parallel()
	serve, auth := ofNames(t, true)
	b := pagewalk.NewBrowser(t, serve, "")
	b.Get("/login").Want(200, "E-mail address or user name", `type="text" id="login-username"`, `autocomplete="username"`)
	b.Get("/forgot").Want(200, "E-mail address or user name")
	b.Get("/register").Want(200, `id="register-username"`, "User name", `type="email" id="register-email"`,
		`autocomplete="email"`)
	fields := []string{"fields", "username full_name", "full_name", "", "password", pagewalk.Password, "email", ""}
	b.Post("/register", append(fields, "username", "a@b")...).Want(422, "A user name has 3 to 64")
	b.Post("/register", append(fields, "username", "")...).Want(422, "register-username-error")
	leads(t, b.Post("/register", append(fields, "username", "Ada")...), "/account")
	b.Get("/account").Want(200, "Ada", "!account.verified", `id="username-username"`, "!Please confirm",
		`id="profile-full_name"`, "!profile-username")
	other := pagewalk.NewBrowser(t, serve, "")
	other.Post("/register", append(fields, "username", "ADA")...).Want(400,
		"There is an account with this user name already.")
	b.Post("/account/username", "username", "no", "current_password", pagewalk.Password).Want(422,
		"username-username-error")
	b.Post("/account/username", "current_password", pagewalk.Password).Want(422, "username-username-error")
	b.Post("/account/username", "username", "Countess", "current_password", "wrong").Want(400,
		"username-current_password-error")
	leads(t, b.Post("/account/username", "username", "Countess", "current_password", pagewalk.Password), "/account")
	b.Get("/account").Want(200, "Your user name is changed.", "Countess")
	other.Post("/login", "username", "ada", "password", pagewalk.Password).
		Want(400, "The name, the address or the password is not right.")
	leads(t, other.Post("/login", "username", "COUNTESS", "password", pagewalk.Password), "/account")

	ada, err := auth.Manager().FindByUsername(t.Context(), "countess")
	if err != nil {
		t.Fatal(err)
	}
	boss := &handled{User: latchkey.User{Email: "boss@example.org", IsActive: true, IsSuperuser: true}}
	if err := auth.Manager().Create(t.Context(), boss, pagewalk.Password); err != nil {
		t.Fatal(err)
	}
	admin := pagewalk.NewBrowser(t, serve, "")
	leads(t, admin.Post("/login", "username", "boss@example.org", "password", pagewalk.Password), "/account")
	admin.Get("/admin/users?email=Countess").Want(200, ">Countess</a>", "!boss@")
	admin.Get("/admin/users?email=b").Want(200, "boss@", "!Countess")
	at := "/admin/users/" + url.PathEscape(ada.ID)
	admin.Get(at).Want(200, "Countess", `id="user-username"`)
	leads(t, admin.Post(at, "fields", "username full_name", "username", "Lovelace", "email", "", "full_name", "Ada L"), at)
	admin.Get(at).Want(200, "Lovelace", "Ada L")
	admin.Get(at+"/delete").Want(200, "Lovelace")
}

func TestPagesOfNamesInGerman(t *testing.T) {
	t.Parallel()
	serve, _ := ofNames(t, false)
	b := pagewalk.NewBrowser(t, serve, "")
	b.Language = "de"
	b.Get("/login").Want(200, "E-Mail-Adresse oder Benutzername")
	b.Get("/register").Want(200, "Benutzername", "Groß- und Kleinschreibung")
	fields := []string{"fields", "username full_name", "full_name", "", "password", pagewalk.Password}
	leads(t, b.Post("/register", append(fields, "email", "ada@example.org", "username", "")...),
		"/account") // it is optional
	b.Get("/account").Want(200, "ada@example.org", "Benutzernamen ändern")
	leads(t, b.Post("/account/username", "username", "Ada", "current_password", pagewalk.Password), "/account")
	b.Get("/account").Want(200, "Ada", "ada@example.org", "Ihr Benutzername ist geändert.")
}

// leads checks that an answer leads to a page.
func leads(t *testing.T, p pagewalk.Page, to string) {
	t.Helper()
	if at := p.Header.Get("Location"); p.Status != http.StatusSeeOther || at != to {
		t.Fatalf("%d to %q, want a redirect to %q\n%s", p.Status, at, to, p.Body)
	}
}
