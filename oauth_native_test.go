package latchkey_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// The functions of a native application in docs/guides/single-page.md.

// beginSignIn returns what to open in the system's browser, and what to keep.
func beginSignIn(api string) (open, verifier string) {
	verifier = rand.Text() + rand.Text() // 52 characters, 260 random bits
	digest := sha256.Sum256([]byte(verifier))
	return api + "/auth/app/google/authorize?" + url.Values{
		"redirect_to":    {"com.example.app:/signed-in"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])},
	}.Encode(), verifier
}

// finishSignIn takes the URL with which the system opened the application.
func finishSignIn(ctx context.Context, client *http.Client, api, opened, verifier string) (token string, err error) {
	at, err := url.Parse(opened)
	if err != nil {
		return "", err
	}
	if code := at.Query().Get("error"); code != "" {
		return "", errors.New(code) // access_denied: the person has cancelled
	}
	body, err := json.Marshal(map[string]string{"code": at.Query().Get("code"), "code_verifier": verifier})
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/auth/app/exchange", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Token  string          `json:"access_token"`
		Detail json.RawMessage `json:"detail"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, answer.Detail)
	}
	return answer.Token, nil
}

// serveNative serves the API of a native application, and returns its client.
func serveNative(t *testing.T) (api string, client *http.Client) {
	t.Helper()
	google := &acme{name: "google", begun: map[string]core.OAuthBegin{}}
	social, err1 := nativeApplication(memstore.NewOAuthAccounts(), []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"), google)
	sessions, err2 := session.New(memstore.NewSessions(nil), session.Options{})
	check(t, errors.Join(err1, err2), nil)
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "app", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    social.Flows(), Tickets: memstore.NewTickets(nil), BaseURL: server.URL,
	})
	check(t, err, nil)
	t.Cleanup(func() { check(t, auth.Close(context.WithoutCancel(t.Context())), nil) })
	httpauth.Mount(mux, "/auth/app/google", auth.OAuth("google", "app"))
	httpauth.Mount(mux, "/auth/app", auth.Exchange("app"))
	httpauth.Mount(mux, "/users", auth.Users())
	return server.URL, server.Client()
}

func TestTheGuidesNativeApplication(t *testing.T) {
	api, client := serveNative(t)
	jar, err := cookiejar.New(nil)
	check(t, err, nil)
	browser := &http.Client{Transport: client.Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	// visit returns where the system's browser is sent.
	visit := func(target string) *url.URL {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		check(t, err, nil)
		resp, err := browser.Do(r)
		check(t, err, nil)
		_ = resp.Body.Close()
		to, err := resp.Location()
		if err != nil {
			t.Fatalf("%s is answered %s (%v)", target, resp.Status, err)
		}
		return to
	}
	// signIn goes through the provider's pages, and returns the URL with
	// which the application is opened.
	signIn := func(open, answer string) string {
		t.Helper()
		state := visit(open).Query().Get("state")
		opened := visit(api + "/auth/app/google/callback?state=" + url.QueryEscape(state) + "&" + answer).String()
		if !strings.HasPrefix(opened, "com.example.app:/signed-in?") {
			t.Errorf("the browser is sent to %s", opened)
		}
		return opened
	}

	ada, err := json.Marshal(identity("id-1", "ada@example.org"))
	check(t, err, nil)
	open, verifier := beginSignIn(api)
	opened := signIn(open, url.Values{"code": {string(ada)}}.Encode())
	if _, err := finishSignIn(t.Context(), client, api, opened, "another application's"); err == nil {
		t.Error("another application has exchanged the code")
	}
	token, err := finishSignIn(t.Context(), client, api, opened, verifier)
	check(t, err, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api+"/users/me", nil)
	check(t, err, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(r)
	check(t, err, nil)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("with the token: %s", resp.Status)
	}

	open, verifier = beginSignIn(api)
	opened = signIn(open, "error=access_denied")
	if _, err := finishSignIn(t.Context(), client, api, opened, verifier); err == nil || err.Error() != "access_denied" {
		t.Errorf("after the person has cancelled: %v", err)
	}
}
