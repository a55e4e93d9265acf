package browser_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/latchkey-go/latchkey/openapi/viewer"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// reader is a user with a column of the application's own.
type reader struct {
	latchkey.User
	Shelf string `json:"favourite_shelf" auth:"register,update"`
}

// serveViewer serves an application with its document and the page to read it
// on, below a prefix that the application does not have.
func serveViewer(t *testing.T) string {
	t.Helper()
	cookies, err := cookie.New(cookie.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[reader](), latchkey.Options[reader]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := slices.Concat(auth.Login("web").At("/auth/web"), auth.Register().At("/auth"), auth.Users().At("/users"))
	doc, err := openapi.New(openapi.Options{Title: "Library"}, api)
	if err != nil {
		t.Fatal(err)
	}
	mux, outer := http.NewServeMux(), http.NewServeMux()
	httpauth.Mount(mux, "", api, doc.Group())
	httpauth.Mount(mux, "/docs", viewer.Group("openapi.json", viewer.Options{Title: "Library"}))
	outer.Handle("/v1/", http.StripPrefix("/v1", mux))
	server := httptest.NewServer(outer)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/v1"
}

// complaints are what a browser says that it would not do, and the hosts that
// it was sent to.
type complaints struct {
	mu    sync.Mutex
	lines []string
	hosts map[string]bool
}

func (c *complaints) listen(ctx context.Context) {
	chromedp.ListenTarget(ctx, func(event any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded: // the status of an answer is one too, and no complaint
			if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
				c.lines = append(c.lines, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			c.lines = append(c.lines, e.ExceptionDetails.Error())
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" {
				c.hosts[u.Hostname()] = true
			}
		}
	})
}

// The page needs no exception of its policy and no other host, shows the
// application's column, and sends requests to where the API is.
func TestViewer(t *testing.T) {
	at, ctx := serveViewer(t), newBrowser(t)
	said := &complaints{hosts: map[string]bool{}}
	said.listen(ctx)
	const register, me = "/register/register_register_auth_register_post", "/users/users_current_user_users_me_get"
	var shown string
	run(t, ctx, log.Enable(), runtime.Enable(), network.Enable(),
		chromedp.EmulateViewport(1280, 1600), chromedp.Navigate(at+"/docs#"+register),
		chromedp.WaitVisible(`//h1[contains(., "Library")]`, chromedp.BySearch),
		chromedp.WaitVisible(`.opblock-body pre`, chromedp.ByQuery),
		chromedp.Text(".opblock-body", &shown, chromedp.ByQuery))
	if !strings.Contains(shown, `"favourite_shelf"`) || !strings.Contains(shown, "REGISTER_INVALID_PASSWORD") {
		t.Errorf("the operation shows\n%s", shown)
	}
	run(t, ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(at+"/docs#"+me),
		chromedp.Click(`.try-out__btn`, chromedp.ByQuery), chromedp.Click(`.execute`, chromedp.ByQuery),
		chromedp.WaitVisible(`//tr[contains(@class, "response")]//*[contains(., "Unauthorized")]`, chromedp.BySearch),
		chromedp.Text(".request-url", &shown, chromedp.ByQuery))
	if !strings.Contains(shown, at+"/users/me") {
		t.Errorf("it sends the request to %s, want %s/users/me", shown, at)
	}
	said.mu.Lock()
	defer said.mu.Unlock()
	if len(said.lines) > 0 || len(said.hosts) != 1 || !said.hosts["localhost"] {
		t.Errorf("the browser complains %q, and was sent to %v", said.lines, said.hosts)
	}
}
