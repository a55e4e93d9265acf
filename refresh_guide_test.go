package latchkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// This is the code of docs/guides/refresh-tokens.md.

func mobileBackend(sessions core.SessionStore, secret []byte) (latchkey.Backend, error) {
	key, err := jwt.HS256("2026-05", secret) // 32 random bytes
	if err != nil {
		return latchkey.Backend{}, err
	}
	access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute})
	if err != nil {
		return latchkey.Backend{}, err
	}
	strategy, err := refresh.New(sessions, access, refresh.Options{})
	return latchkey.Backend{Name: "mobile", Transport: bearer.New(bearer.Options{}), Strategy: strategy}, err
}

func pageBackend(strategy core.Strategy) (latchkey.Backend, error) {
	cookies, err := cookie.New(cookie.Options{RefreshPath: "/auth/page"}) // where Login("page") is mounted
	return latchkey.Backend{Name: "page", Transport: cookies, Strategy: strategy}, err
}

// Tokens keeps a login. All of an application's requests share one.
type Tokens struct {
	API    string
	Client *http.Client
	Keep   func(refresh string) error // in the system's keychain

	mu              sync.Mutex
	access, refresh string
	until           time.Time
}

// ErrLoggedOut: the login has ended.
var ErrLoggedOut = errors.New("logged out")

// Access returns the access token, a new one shortly before it expires. An
// answer may get lost: the same refresh token gets the same successor then, for
// some seconds.
func (t *Tokens) Access(ctx context.Context) (string, error) {
	t.mu.Lock() // one renewal, whoever else waits for it
	defer t.mu.Unlock()
	for pause := 250 * time.Millisecond; time.Now().After(t.until); pause *= 2 {
		err := t.renew(ctx)
		if err == nil {
			break
		}
		if errors.Is(err, ErrLoggedOut) || pause > 4*time.Second {
			return "", err // in the second case the login still stands: ask again later
		}
		time.Sleep(pause)
	}
	return t.access, nil
}

func (t *Tokens) renew(ctx context.Context) error {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.refresh}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.API+"/refresh", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := t.Client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return t.take(resp.Body)
	case http.StatusUnauthorized:
		return ErrLoggedOut
	}
	return fmt.Errorf("renewing the login: %s", resp.Status)
}

// take keeps what a login, or a renewal, was answered with.
func (t *Tokens) take(body io.Reader) error {
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return err
	}
	if err := t.Keep(answer.Refresh); err != nil {
		return err
	}
	t.access, t.refresh = answer.Access, answer.Refresh
	t.until = time.Now().Add(time.Duration(answer.Expires)*time.Second - 30*time.Second)
	return nil
}

// badNetwork is a network over which of four requests the first never arrives,
// and the answers to the second and the third get lost.
type badNetwork struct {
	http.Handler
	mu      sync.Mutex
	n, lost int
}

func (l *badNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	if l.n%4 == 1 {
		l.lost++
		return nil, errors.New("no route to host")
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	if l.n%4 != 0 {
		l.lost++
		return nil, errors.New("connection reset by peer")
	}
	return w.Result(), nil
}

// newMobile is an application with the guide's backends, in a bubble, and Ada's
// first tokens.
func newMobile(t *testing.T) (*latchkey.Auth[Member], *badNetwork, *Tokens) {
	t.Helper()
	sessions := memstore.NewSessions(nil)
	mobile, err := mobileBackend(sessions, []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := pageBackend(mobile.Strategy)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{mobile, page}, Hashers: cheap(),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/mobile", auth.Login("mobile"))
	httpauth.Mount(mux, "/auth/page", auth.Login("page"))
	httpauth.Mount(mux, "/users", auth.Users())
	ada := &Member{}
	ada.Email, ada.IsActive = "ada@example.org", true
	if err := auth.Manager().Create(t.Context(), ada, password); err != nil {
		t.Fatal(err)
	}
	network := &badNetwork{Handler: mux}
	tokens := &Tokens{
		API: "https://app.example.org/auth/mobile", Client: &http.Client{Transport: network},
		Keep: func(string) error { return nil },
	}
	w := httptest.NewRecorder()
	form := url.Values{"username": {"ada@example.org"}, "password": {password}}
	r := httptest.NewRequest("POST", "/auth/mobile/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	mux.ServeHTTP(w, r)
	if err := tokens.take(w.Body); err != nil || w.Code != 200 {
		t.Fatal(w.Code, err)
	}
	return auth, network, tokens
}

// The client goes on for 30 days over a network that loses three of four.
func TestTokensSurviveLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth, network, tokens := newMobile(t)
		for range 60 {
			time.Sleep(12 * time.Hour)
			access, err := tokens.Access(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if status := getMe(network.Handler, access); status != 200 {
				t.Fatalf("GET /users/me: %d", status)
			}
		}
		if network.lost < 100 {
			t.Errorf("only %d requests or answers got lost", network.lost)
		}
		if err := auth.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func getMe(h http.Handler, access string) int {
	r := httptest.NewRequest("GET", "/users/me", nil)
	r.Header.Set("Authorization", "Bearer "+access)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// A copy of the tokens ends both: the client learns that it is logged out.
func TestTokensAreCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth, _, tokens := newMobile(t)
		thief := &Tokens{API: tokens.API, Client: tokens.Client, Keep: tokens.Keep, refresh: tokens.refresh}
		if _, err := thief.Access(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := tokens.Access(t.Context()); !errors.Is(err, ErrLoggedOut) {
			t.Errorf("the owner: %v", err)
		}
		time.Sleep(time.Hour)
		if _, err := thief.Access(t.Context()); !errors.Is(err, ErrLoggedOut) {
			t.Errorf("the thief: %v", err)
		}
		if err := auth.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
