package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
)

// The test binary acts as the program where it is run with arguments.
func TestMain(m *testing.M) {
	if os.Getenv("BE_START") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestTheREADME does what the README shows, in its order: somebody registers by
// the page, confirms the address by the mail's link, and becomes an
// administrator by a command.
func TestTheREADME(t *testing.T) {
	t.Chdir(t.TempDir())
	auth, mails := open()
	mux := routes(auth)
	httpauth.Mount(mux, "", auth.Pages("web"))
	var session string
	browse := func(method, target string, form url.Values, status int, to, part string) {
		t.Helper()
		r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", session)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != status || w.Header().Get("Location") != to || !strings.Contains(w.Body.String(), part) {
			t.Fatalf("%s %s: %d to %q, want %d to %q with %q\n%s", method, target, w.Code, w.Header().Get("Location"),
				status, to, part, w.Body)
		}
		for _, c := range w.Result().Cookies() {
			if c.Name == "__Host-latchkey" {
				session = c.Name + "=" + c.Value
			}
		}
	}
	browse("GET", "/", nil, http.StatusSeeOther, "/login?next=%2F", "")
	browse("GET", "/login?next=%2F", nil, http.StatusOK, "", "/register?next=%2F")
	browse("POST", "/register?next=%2F", url.Values{
		"email": {"ada@example.org"}, "password": {"correct horse 17 battery"}, "name": {"Ada"}, "fields": {"name"},
	}, http.StatusSeeOther, "/", "")
	browse("GET", "/", nil, http.StatusOK, "", "Hello Ada!")

	must(0, auth.Wait(t.Context()))
	link := strings.TrimPrefix(mails.Mails()[0].Link, "http://localhost:8080")
	browse("GET", link, nil, http.StatusOK, "", "<form")
	_, token, _ := strings.Cut(link, "?token=")
	browse("POST", "/verify", url.Values{"token": {token}}, http.StatusSeeOther, "/account", "")
	must(0, auth.Close(t.Context()))

	exe := must(os.Executable())
	cmd := exec.CommandContext(t.Context(), exe, "users", "superuser", "ada@example.org")
	cmd.Env = append(os.Environ(), "BE_START=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ada := must(auth.Manager().FindByEmail(t.Context(), "ada@example.org"))
	if !ada.IsVerified || !ada.IsSuperuser {
		t.Errorf("ada is %+v", ada)
	}
}
