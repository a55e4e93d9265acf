package main

import (
	"io"
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
	b := over(t, mux)
	b.register()

	must(0, auth.Wait(t.Context()))
	link := strings.TrimPrefix(mails.Mails()[0].Link, "http://localhost:8080")
	b.open("GET", link, nil, http.StatusOK, "", "<form")
	_, token, _ := strings.Cut(link, "?token=")
	b.open("POST", "/verify", url.Values{"token": {token}}, http.StatusSeeOther, "/account", "")
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

// browser keeps the session's cookie.
type browser struct {
	t            *testing.T
	url, session string
}

// over returns a browser of a handler's server.
func over(t *testing.T, h http.Handler) *browser {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &browser{t: t, url: server.URL}
}

// register creates Ada's account by the pages, where its owner was sent.
func (b *browser) register() {
	b.t.Helper()
	b.open("GET", "/", nil, http.StatusSeeOther, "/login?next=%2F", "")
	b.open("GET", "/login?next=%2F", nil, http.StatusOK, "", "/register?next=%2F")
	b.open("POST", "/register?next=%2F", url.Values{
		"email": {"ada@example.org"}, "password": {"correct horse 17 battery"}, "name": {"Ada"}, "fields": {"name"},
	}, http.StatusSeeOther, "/", "")
	b.open("GET", "/", nil, http.StatusOK, "", "Hello Ada!")
}

// open fails unless the answer has the status, goes to the address, and has
// the part in its body.
func (b *browser) open(method, target string, form url.Values, status int, to, part string) {
	b.t.Helper()
	r := must(http.NewRequestWithContext(b.t.Context(), method, b.url+target, strings.NewReader(form.Encode())))
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", b.session)
	resp, err := http.DefaultTransport.RoundTrip(r) // follows no redirect
	if err != nil {
		b.t.Fatal(err)
	}
	body := must(io.ReadAll(resp.Body))
	_ = resp.Body.Close()
	if resp.StatusCode != status || resp.Header.Get("Location") != to || !strings.Contains(string(body), part) {
		b.t.Fatalf("%s %s: %d to %q, want %d to %q with %q\n%s", method, target, resp.StatusCode,
			resp.Header.Get("Location"), status, to, part, body)
	}
	for _, c := range resp.Cookies() {
		if c.Name == "__Host-latchkey" {
			b.session = c.Name + "=" + c.Value
		}
	}
}
