package pages_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/pages"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// RequireVerified sends who must confirm an address to the page for it.
func TestUnverified(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) {
		o.RequireVerified, o.Without = true, []string{"email-change"} // so that an address counts at once
	})
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Get("/register").Submit("register", "email", "ada@example.org", "password", pagewalk.Password, "full_name", "Ada").
		WantRedirect("/verify")
	b.Get("/verify").Want(200, "Please confirm your address before you log in")
	page := b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).
		Want(400, "Please confirm your address", `formaction="/verify"`)
	if page.Header.Get("Location") != "" {
		t.Error("an error redirects")
	}
	b.Post("/verify", "from", "login", "username", "ada@example.org").Want(200, `value="ada@example.org"`)
	b.Get(a.Mail(t, core.MailVerify)).Submit("verify").WantRedirect("/login")
	b.Get("/login").Want(200, "Your address is confirmed.").
		Submit("login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/account").Submit("email", "email", "ada2@example.org", "current_password",
		pagewalk.Password).WantRedirect("/account")
	b.Get("/account").WantRedirect("/verify")
	b.Get("/verify").Want(200, "Your address is changed.", `value="ada2@example.org"`)
}

// Two sessions' cookies, and a store that is down, have pages.
func TestPagesOfErrors(t *testing.T) {
	t.Parallel()
	down := &switchable{Limiter: memstore.NewLimiter(memstore.LimiterOptions{})}
	a := pagewalk.New(t, "", func(o *pagewalk.Options) { o.Limiter = down })
	b := pagewalk.NewBrowser(t, served(a), "")
	got := b.Do("GET", "/account", "", "", "Cookie", "__Host-latchkey=a; __Host-latchkey=b").Want(400,
		"two logins at once")
	if !strings.Contains(strings.Join(got.Header["Set-Cookie"], "\n"), "__Host-latchkey=;") {
		t.Errorf("the cookies stay: %v", got.Header["Set-Cookie"])
	}
	down.down = true
	got = b.Post("/register", "email", "ada@example.org", "password", pagewalk.Password, "full_name", "Ada",
		"fields", "full_name")
	got.Want(503, "cannot be reached", `value="ada@example.org"`)
	if got.Header.Get("Retry-After") == "" {
		t.Error("the page does not say when to come again")
	}
	b.Get("/login").Want(200, "!cannot be reached")
}

// The list of users goes on where a page ends, with the search that it has.
func TestAdministrationPageByPage(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	a.Add(t, "root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	for i := range 60 {
		a.Add(t, fmt.Sprintf("user%02d@example.org", i), nil)
	}
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Post("/login", "username", "root@example.org", "password", pagewalk.Password).WantRedirect("/account")
	page := b.Get("/admin/users?email=user").Want(200, "user00@", "!root@", "!user59@", "More users",
		"!Back to the beginning")
	var more string
	for _, link := range page.Links() {
		if strings.Contains(link, "cursor=") {
			more = link
		}
	}
	page = b.Get(more).Want(200, "user59@", "!user00@", "!root@", "!More users", "Back to the beginning")
	if !slices.Contains(page.Links(), "/admin/users?email=user") {
		t.Errorf("the way back is not among %v", page.Links())
	}
}

// The filters of the list of users are those of the API, and stay from page to
// page. A form that is wrong says so.
func TestAdministrationFilters(t *testing.T) {
	t.Parallel()
	clock := testclock.New(time.Now())
	a := pagewalk.New(t, "/nested", func(o *pagewalk.Options) { o.Now = clock.Now })
	add := func(address string, edit func(*pagewalk.Account)) {
		a.Add(t, address, func(u *pagewalk.Account) {
			u.CreatedAt = clock.Now()
			edit(u)
		})
	}
	add("root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	for i := range 60 {
		add(fmt.Sprintf("user%02d@example.org", i), func(u *pagewalk.Account) { u.IsVerified = i%10 != 0 })
	}
	add("idle@example.org", func(u *pagewalk.Account) { u.IsActive = false })
	add("stopped@example.org", func(u *pagewalk.Account) { u.SuspendedUntil, u.SuspendedFor = core.ForGood(), "why" })
	b := pagewalk.NewBrowser(t, served(a), "/nested")
	b.Post("/login", "username", "root@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/admin/users").Want(200, "More filters", "!<details open", "root@", "user00@")
	for query, want := range map[string][]string{
		"active=false":              {"idle@", "!user01@", "!stopped@", "<details open", `<option value="false" selected>no`},
		"suspended=true":            {"stopped@", "!idle@", "!user01@"},
		"superuser=true":            {"root@", "!idle@", "!user01@"},
		"verified=false":            {"user10@", "user50@", "!user11@", "!root@"},
		"email=user&sort=-email":    {"user59@", "!user00@", `value="user"`, `<option value="-email" selected>`},
		"created_after=9999-01-01":  {"Nobody was found.", `value="9999-01-01"`},
		"created_before=2000-01-01": {"Nobody was found."},
		"created_after=2000-01-01&created_before=9999-01-01&superuser=true": {"root@", "!user00@"},
		"active=&verified=&sort=":  {"root@", "!<details open"},
		"verified=false&unknown=x": {"user10@", "!user11@"},
	} {
		b.Get("/admin/users?"+query).Want(200, want...)
	}
	for query, want := range map[string][]string{
		"email=u&sort=created":    {"in the order of their addresses", `value="u"`, "<details open", "!Nobody"},
		"active=perhaps":          {"This value is not accepted.", "!Nobody"},
		"created_after=yesterday": {"This value is not accepted."},
		"sort=id%3Bdrop":          {"in the order"},
		"cursor=x":                {"!<form class=\"lk-form lk-search"},
	} {
		b.Get("/admin/users?"+query).Want(422, want...)
	}
	page := b.Get("/admin/users").Submit("find", "verified", "true", "sort", "-created").Want(200, "!user10@")
	var more string
	for _, link := range page.Links() {
		if strings.Contains(link, "cursor=") {
			more = strings.TrimPrefix(link, "/nested")
		}
	}
	page = b.Get(more).Want(200, "!user10@", `<option value="true" selected>`, "Back to the beginning", "!More users")
	if !slices.Contains(page.Links(), "/nested/admin/users?sort=-created&verified=true") {
		t.Errorf("the way back is not among %v", page.Links())
	}
	b.Do("GET", "/admin/users?active=true", "", "", "Accept-Language", "de").Want(200, "Weitere Filter", "beliebig")
}

// A moment is shown in UTC to the second, and kept as it is by a form that
// changes something else.
func TestMomentsAndDevices(t *testing.T) {
	t.Parallel()
	clock := testclock.New(time.Now())
	a := pagewalk.New(t, "", func(o *pagewalk.Options) { o.Now, o.Pages.Fields["born"] = clock.Now, pages.Field{} })
	born := time.Date(1990, 5, 4, 12, 30, 15, 123456000, time.UTC)
	a.Add(t, "ada@example.org", func(u *pagewalk.Account) { u.Born = born })
	serve := served(a)
	b := pagewalk.NewBrowser(t, serve, "")
	for _, agent := range []string{"curl/8.5.0", "nothing that anybody has heard of"} {
		who := pagewalk.NewBrowser(t, serve, "")
		who.Agent = agent
		who.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	}
	clock.Advance(90 * time.Minute)
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	page := b.Get("/account").Want(200, `value="1990-05-04T12:30:15"`, ">curl<", ">Unknown device<",
		"logged in 1 h ago", "active just now")
	page.Submit("profile", "full_name", "Lovelace").WantRedirect("/account")
	if u := a.Of(t, "ada@example.org"); !u.Born.Equal(born) || u.FullName != "Lovelace" {
		t.Errorf("the user is %s, born at %v", u.FullName, u.Born)
	}
	page.Submit("profile", "born", "1990-05-05T08:00").WantRedirect("/account")
	if u := a.Of(t, "ada@example.org"); !u.Born.Equal(time.Date(1990, 5, 5, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("born at %v", u.Born)
	}
	page.Submit("profile", "born", "in May").Want(422, `value="in May"`)
	clock.Advance(26 * time.Hour)
	b.Get("/account").Want(200, "logged in "+clock.Now().Add(-26*time.Hour).UTC().Format("2006-01-02"))
}

// switchable is a limiter that can be down.
type switchable struct {
	core.Limiter
	down bool
}

func (l *switchable) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	if l.down {
		return 0, errors.New("down")
	}
	return l.Limiter.Allow(ctx, key, limits...)
}

// staff is a second backend whose token browsers send by themselves.
func staff(t *testing.T) latchkey.Backend {
	t.Helper()
	cookies, err1 := cookie.New(cookie.Options{Name: "__Host-staff"})
	sessions, err2 := session.New(memstore.NewSessions(nil), session.Options{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return latchkey.Backend{Name: "staff", Transport: cookies, Strategy: sessions}
}

// greedy is a second factor whose name makes its route one of the pages'.
type greedy struct{}

func (greedy) Name() string                                                   { return "greedy" }
func (greedy) PerBackend() bool                                               { return true }
func (greedy) Method() string                                                 { return "pages" }
func (greedy) Routes(*core.Services) ([]core.Route, error)                    { return nil, nil }
func (greedy) Asks(context.Context, core.AnyUser, []core.Proof) (bool, error) { return true, nil }

// No page asks a page, so that none asks itself for ever.
func TestNoPageAsksAPage(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) { o.Flows = append(o.Flows, greedy{}) })
	a.Add(t, "ada@example.org", nil)
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/login/factor")
	b.Get("/login/factor").Want(200, "cannot be taken on this page")
	b.Post("/login/factor", "method", "pages", "username", "ada@example.org", "password", pagewalk.Password).Want(404)
}
