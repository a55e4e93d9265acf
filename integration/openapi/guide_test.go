package openapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/latchkey-go/latchkey/openapi/viewer"
)

// The functions of this file are the code of docs/guides/api.md.

func mountAPI(mux *http.ServeMux, auth *latchkey.Auth[Account]) error {
	api := slices.Concat(
		auth.Login("web").At("/auth/web"), auth.Login("api").At("/auth/api"),
		auth.Register().At("/auth"), auth.Users().At("/users"),
	)
	doc, err := openapi.New(openapi.Options{Title: "Shop", Version: "1.4.0"}, api)
	if err != nil {
		return err
	}
	httpauth.Mount(mux, "", api, doc.Group()) // GET /openapi.json
	httpauth.Mount(mux, "/docs", viewer.Group("openapi.json", viewer.Options{Title: "Shop"}))
	return nil
}

func checkedServer(t *testing.T, doc *openapi.Document, app http.Handler) *httptest.Server {
	t.Helper()
	checker := doc.Checker()
	server := httptest.NewServer(checker.Handler(app, func(err error) { t.Error(err) }))
	t.Cleanup(func() {
		server.Close()
		for _, line := range checker.Missing() {
			t.Log("no test drives", line)
		}
	})
	return server
}

func TestTheGuideMountsTheAPI(t *testing.T) {
	a, mux := newApp(t, openapi.Options{}), http.NewServeMux()
	if err := mountAPI(mux, a.auth); err != nil {
		t.Fatal(err)
	}
	server := checkedServer(t, a.doc, mux)
	for path, want := range map[string]string{
		"/openapi.json": "200 application/json", "/docs": "200 text/html; charset=utf-8", "/docs/": "200 text/html; charset=utf-8",
		"/docs/swagger-ui.css": "200 text/css; charset=utf-8", "/docs/boot.js": "200 text/javascript; charset=utf-8",
		"/users/me": "401 application/json",
	} {
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Content-Type")); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
