package pages_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// Users see what happened to their account, and not who else acted from where.
func TestRecentActivity(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	ada := a.Add(t, "ada@example.org", nil)
	a.Add(t, "root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	serve := served(a)
	thief := pagewalk.NewBrowser(t, serve, "")
	thief.Agent = "curl/8.5.0"
	thief.Post("/login", "username", "ada@example.org", "password", "a wrong guess")
	root := pagewalk.NewBrowser(t, serve, "")
	root.Agent = "PostmanRuntime/7"
	root.Post("/login", "username", "root@example.org", "password", pagewalk.Password).WantRedirect("/account")
	root.Post("/admin/users/"+ada.ID, "fields", "full_name", "email", "ada@example.org", "full_name", "Ada L")

	b := pagewalk.NewBrowser(t, serve, "")
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	page := b.Get("/account").Want(200, "Recent activity", "A login failed", "curl", "Logged in",
		"The profile was changed", "by an administrator or the application", "!Postman", "!a wrong guess")
	if strings.Index(page.Body, "Logged in<") > strings.Index(page.Body, "A login failed") {
		t.Error("the newest is not the first")
	}
	b.Get("/admin/audit").Want(403, "Not allowed")
	pagewalk.NewBrowser(t, serve, "").Get("/admin/audit").WantRedirect("/login?next=%2Fadmin%2Faudit")
	b.Do("GET", "/account", "", "", "Accept-Language", "de").Want(200, "Letzte Ereignisse", "Eine Anmeldung schlug fehl")
	for range 12 {
		b.Post("/account/sessions/none")
		thief.Post("/login", "username", "ada@example.org", "password", "a wrong guess")
	}
	if n := strings.Count(b.Get("/account").Body, "A login failed"); n == 0 || n > 10 {
		t.Errorf("%d of at most 10 events", n)
	}
}

func TestAuditPages(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "/nested", nil)
	ada := a.Add(t, "ada@example.org", nil)
	boss := a.Add(t, "root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	serve := served(a)
	root := pagewalk.NewBrowser(t, serve, "/nested")
	root.Post("/login", "username", "root@example.org", "password", pagewalk.Password).WantRedirect("/account")
	for i := range 60 {
		who := pagewalk.NewBrowser(t, serve, "/nested")
		who.Agent = fmt.Sprintf("<script>%d", i)
		who.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	}
	root.Post("/admin/users/"+ada.ID, "fields", "full_name", "email", "ada@example.org", "full_name", "Ada L")
	root.Get("/account").Want(200, `href="/nested/admin/audit"`)
	page := root.Get("/admin/audit").Want(200, "What happened", "user.updated", "full_name", "!<script>0", "Older records",
		"!Back to the beginning", ada.ID, boss.ID)
	if !slices.Contains(page.Links(), "/nested/admin/users/"+boss.ID) {
		t.Error("who acted has no link")
	}
	var more string
	for _, link := range page.Links() {
		if strings.Contains(link, "cursor=") {
			more = strings.TrimPrefix(link, "/nested")
		}
	}
	root.Get(more).Want(200, "Logged in", "!full_name", "!Older records", "Back to the beginning")
	query := url.Values{"user": {boss.ID}, "action": {"login"}}.Encode()
	root.Get("/admin/audit?"+query).Want(200, `value="`+boss.ID, `value="login"`, "!Older", "!"+ada.ID)
	root.Get("/admin/audit?by="+boss.ID).Want(200, "user.updated", ada.ID, "<details open", "!Older")
	root.Get("/admin/audit?by="+ada.ID+"&action=user.updated").Want(200, "Nothing is recorded.")
	if by := "/nested/admin/audit?by=" + boss.ID; !slices.Contains(page.Links(), by) {
		t.Errorf("%s is not among %v", by, page.Links())
	}
	root.Get("/admin/audit?from=2020-01-01&to=9999-01-01&action=user.updated").Want(200, "full_name", `value="2020-01-01"`)
	root.Get("/admin/audit?to=2020-01-01").Want(200, "Nothing is recorded.")
	root.Get("/admin/audit?from=2020-01-01T00:00:00Z&action=user.updated").Want(200, "full_name")
	root.Get("/admin/audit?from=yesterday").Want(422, "This value is not accepted.", "!Nothing is recorded")
	root.Get("/admin/audit?action=no.such").Want(200, "Nothing is recorded.")
	root.Get("/admin/audit?cursor=x").Want(422)
	without := pagewalk.New(t, "", func(o *pagewalk.Options) { o.Without = []string{"audit"} })
	without.Add(t, "root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	b := pagewalk.NewBrowser(t, served(without), "")
	b.Post("/login", "username", "root@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/account").Want(200, "!Recent activity", "!/admin/audit")
	b.Get("/admin/audit").Want(404)
}
