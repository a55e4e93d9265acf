package authtest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
)

func superuser(m *Member) { m.IsSuperuser = true }

func TestActing(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{})
	who := httpauth.Require(app)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := latchkey.CurrentUser[Member](r.Context())
		actor, _ := latchkey.Actor(r.Context())
		_, _ = fmt.Fprintf(w, "%s by %s", user.ID, actor)
	}))
	personal := httpauth.Require(app, latchkey.InPerson)(who)
	for _, backend := range []string{"web", "api"} {
		root, ada := authtest.User(superuser), authtest.User[Member]()
		client := authtest.Acting(t, app.Auth, backend, root, ada)
		if w := client.Do(who, "GET", "/", ""); w.Code != 200 || w.Body.String() != ada.ID+" by "+root.ID {
			t.Errorf("%s: got %d %s", backend, w.Code, w.Body)
		}
		if w := client.Do(personal, "GET", "/", ""); w.Code != 403 {
			t.Errorf("%s: in person: got %d %s", backend, w.Code, w.Body)
		}
		if w := authtest.As(t, app.Auth, backend, ada).Do(personal, "GET", "/", ""); w.Code != 200 {
			t.Errorf("%s: the user: got %d %s", backend, w.Code, w.Body)
		}
		// Who is dismissed acts no more.
		no := false
		if _, err := app.Manager().Update(t.Context(), root.ID, latchkey.Changes[Member]{IsSuperuser: &no}); err != nil {
			t.Fatal(err)
		}
		if w := client.Do(who, "GET", "/", ""); w.Code != 401 {
			t.Errorf("%s: after the dismissal: got %d %s", backend, w.Code, w.Body)
		}
	}
}

func TestActingThatCannotBe(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{})
	root := authtest.User(superuser)
	for name, c := range map[string]struct {
		admin, user *Member
		want        string
	}{
		"no superuser":    {authtest.User[Member](), authtest.User[Member](), "must have IsSuperuser"},
		"as oneself":      {root, root, "cannot act as"},
		"as a superuser":  {authtest.User(superuser), authtest.User(superuser), "cannot act as"},
		"as the inactive": {authtest.User(superuser), authtest.User(func(m *Member) { m.IsActive = false }), "cannot act as"},
		"nobody":          {nil, authtest.User[Member](), "the user is nil"},
		"as nobody":       {authtest.User(superuser), nil, "the user is nil"},
		"who is inactive": {authtest.User(superuser, func(m *Member) { m.IsActive = false }), authtest.User[Member](), "cannot be logged in"},
	} {
		t.Run(name, func(t *testing.T) {
			wantSentence(t, saying(t, func(tb testing.TB) { authtest.Acting(tb, app.Auth, "web", c.admin, c.user) }), c.want)
		})
	}
}
