package pages

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// UserList is the Data of the page admin_users.
type UserList struct {
	// Filter is the form by which the list is narrowed and sorted, with
	// GET.
	Filter *Filter
	Users  []ListedUser
	// More is the URL of the next page, First that of the first one; ""
	// where there is none, or it is this one.
	More, First string
}

// ListedUser is a user in a list.
type ListedUser struct {
	ID       string `json:"id"`
	Email    string `json:"email"`
	Username string `json:"username"`
	Active   bool   `json:"is_active"`
	Admin    bool   `json:"is_superuser"`
	Verified bool   `json:"is_verified"`
	// Suspended reports that they are for now, or for good.
	Suspended bool `json:"-"`
	// URL is that of the user's page.
	URL string `json:"-"`
}

// Title is what the user is called by: the address, the name or the ID.
func (u ListedUser) Title() string { return cmp.Or(u.Email, u.Username, u.ID) }

// UserDetail is the Data of the pages admin_user and admin_delete.
type UserDetail struct {
	ListedUser
	// Delete is the URL of the page that asks whether to delete the user.
	Delete string
	// Suspension says until when and why the user is suspended, "" for one
	// who is not. Reinstate ends it, and Suspend begins one; nil where
	// there is no such thing to do.
	Suspension         string
	Reinstate, Suspend *Form
	// Reset makes the password unusable and mails a link; nil where no mail
	// can be sent.
	Reset *Form
	// Act begins to act as the user; nil where nobody may.
	Act *Form
	// Sessions are their logins, and EndSessions ends all of them.
	Sessions    []Login
	EndSessions *Form
}

// userFilter is the form of the list of users.
func (v *visit) userFilter() filtering {
	return v.filter("/admin/users",
		Input{Name: "email", Type: "search", Label: v.texts.say("admin.search")},
		v.choice("sort", "admin.sort", "", "admin.unsorted", "created", "admin.oldest", "-created", "admin.newest",
			"email", "admin.a_to_z", "-email", "admin.z_to_a"),
		v.whether("active", "field.is_active"), v.whether("verified", "field.is_verified"),
		v.whether("superuser", "field.is_superuser"), v.whether("suspended", "admin.is_suspended"),
		Input{Name: "created_after", Type: "date", Label: v.texts.say("admin.created_after")},
		Input{Name: "created_before", Type: "date", Label: v.texts.say("admin.created_before")},
	)
}

// adminUsers lists users page by page. The API decides who may see it.
func (s *site) adminUsers(ctx context.Context, v *visit) (*core.Response, error) {
	f, view := v.userFilter(), v.view(ctx, "admin_users")
	list := &UserList{Filter: f.Filter}
	view.Data = list
	answer, wrong, err := f.list(ctx, "users:list_users")
	switch {
	case err != nil:
		return nil, err
	case wrong != nil:
		view.Status = wrong.Status
		return v.show(ctx, view)
	case refusal(answer) != nil:
		return v.refused(ctx, answer)
	}
	if list.Users, err = listed(answer); err != nil {
		return nil, err
	}
	if search := f.value("email"); len(f.given()) == 1 && search != "" && f.cursor == "" {
		if err := v.addNamed(ctx, list, search); err != nil {
			return nil, err
		}
	}
	for i, u := range list.Users {
		list.Users[i].URL = v.userAt(u.ID, "")
	}
	list.First, list.More = f.pages(answer)
	return v.show(ctx, view)
}

// listed reads users of the API's list.
func listed(answer *core.Response) ([]ListedUser, error) {
	var all []struct {
		ListedUser
		Until json.RawMessage `json:"suspended_until"`
	}
	err := json.Unmarshal(answer.Body, &all)
	users := make([]ListedUser, len(all))
	for i, u := range all {
		var until time.Time
		users[i] = u.ListedUser // a column of the application's own may have the name
		users[i].Suspended = json.Unmarshal(u.Until, &until) == nil && !until.IsZero()
	}
	return users, err
}

// addNamed puts the user in front who has the name that is looked for.
func (v *visit) addNamed(ctx context.Context, list *UserList, search string) error {
	if !v.withNames() {
		return nil
	}
	answer, err := v.ask(ctx, question{route: "users:list_users", query: url.Values{"username": {search}}})
	if err != nil || refusal(answer) != nil {
		return err
	}
	found, err := listed(answer)
	if err != nil {
		return err
	}
	list.Users = slices.DeleteFunc(list.Users, func(u ListedUser) bool { return len(found) > 0 && u.ID == found[0].ID })
	list.Users = append(found, list.Users...)
	return nil
}

// userAt is the page of a user, or one below it.
func (v *visit) userAt(id, below string) string {
	return v.at("/admin/users/") + url.PathEscape(id) + below
}

// adminUser shows a user, with the form that changes them.
func (s *site) adminUser(ctx context.Context, v *visit) (*core.Response, error) {
	u, answer, err := v.managed(ctx)
	if err != nil || answer != nil {
		return answer, err
	}
	return v.adminPage(ctx, http.StatusOK, u, nil)
}

// toUser sends a browser that opens the address of a form to its page.
func (s *site) toUser(_ context.Context, v *visit) (*core.Response, error) {
	return redirect(v.userAt(v.r.Param("id"), "")), nil
}

// managed asks for the user of the path. The response is the page of a refusal.
func (v *visit) managed(ctx context.Context) (map[string]json.RawMessage, *core.Response, error) {
	answer, err := v.ask(ctx, question{route: "users:user", param: map[string]string{"id": v.r.Param("id")}})
	if err != nil {
		return nil, nil, err
	}
	if refusal(answer) != nil {
		resp, err := v.refused(ctx, answer)
		return nil, resp, err
	}
	var u map[string]json.RawMessage
	err = json.Unmarshal(answer.Body, &u)
	return u, nil, err
}

// adminPage shows a user, with wrong in place of the form of its ID.
func (v *visit) adminPage(
	ctx context.Context, status int, u map[string]json.RawMessage, wrong *Form,
) (*core.Response, error) {
	view := v.view(ctx, "admin_user")
	detail, err := v.detail(u)
	if err != nil {
		return nil, err
	}
	if err := v.addActs(ctx, detail); err != nil {
		return nil, err
	}
	view.Title, view.Status, view.Form, view.Data = detail.Title(), status, v.adminForm(u), detail
	view.Links = []Button{{Text: v.texts.say("link.users"), Action: v.at("/admin/users")}}
	if wrong == nil {
		return v.show(ctx, view)
	}
	placed := false
	for _, f := range []**Form{&view.Form, &detail.Suspend, &detail.Act} {
		if *f != nil && (*f).ID == wrong.ID {
			*f, placed = wrong, true
		}
	}
	if placed {
		return v.show(ctx, view)
	}
	view.Notice = &Notice{Text: wrong.Error, Bad: true}
	resp, err := v.show(ctx, view)
	if err == nil {
		resp.Header.Del("Set-Cookie") // the notice that waits is another
	}
	return resp, err
}

// addActs adds what there is to do about a user beside changing them.
func (v *visit) addActs(ctx context.Context, d *UserDetail) error {
	u, err := v.standing(ctx, d.ID)
	if err != nil {
		return err
	}
	v.addSuspension(d, u)
	d.Act = v.actForm(u)
	if v.has("users:reset_password") {
		d.Reset = v.form("reset-password", v.userAt(d.ID, "/reset-password"), "submit.force_reset")
	}
	return v.addTheirSessions(ctx, d)
}

func (v *visit) detail(u map[string]json.RawMessage) (*UserDetail, error) {
	raw, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	d := &UserDetail{}
	if err := json.Unmarshal(raw, &d.ListedUser); err != nil {
		return nil, err
	}
	d.URL = v.userAt(d.ID, "")
	if v.has("users:delete_user") {
		d.Delete = v.userAt(d.ID, "/delete")
	}
	return d, nil
}

// adminDeleteForm asks, since a deletion cannot be undone.
func (s *site) adminDeleteForm(ctx context.Context, v *visit) (*core.Response, error) {
	u, answer, err := v.managed(ctx)
	if err != nil || answer != nil {
		return answer, err
	}
	return v.deletePage(ctx, http.StatusOK, u, nil)
}

func (v *visit) deletePage(
	ctx context.Context, status int, u map[string]json.RawMessage, e *core.Error,
) (*core.Response, error) {
	detail, err := v.detail(u)
	if err != nil {
		return nil, err
	}
	if detail.Delete == "" {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "admin_delete")
	f := v.form("delete", detail.Delete, "submit.delete")
	f.Danger = true
	view.Title, view.Status, view.Data = v.texts.say("title.admin_delete", "email", detail.Title()), status, detail
	view.Form = v.blame(ctx, f, e)
	view.Links = []Button{{Text: v.texts.say("link.cancel"), Action: detail.URL}}
	return v.show(ctx, view)
}

func (s *site) adminDelete(ctx context.Context, v *visit) (*core.Response, error) {
	id := map[string]string{"id": v.r.Param("id")}
	answer, err := v.ask(ctx, question{route: "users:delete_user", param: id})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.at("/admin/users")), "notice.user_deleted"), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.userAt(v.r.Param("id"), "/delete")), nil
	case e.Status != http.StatusConflict:
		return v.refused(ctx, answer)
	}
	u, page, err := v.managed(ctx)
	if err != nil || page != nil {
		return page, err
	}
	return v.deletePage(ctx, e.Status, u, e)
}
