package latchkey_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// slowEnds are sessions of which a user's others end a while after the new
// password is committed.
type slowEnds struct {
	*memstore.Sessions
	pause time.Duration
}

func (s slowEnds) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	time.Sleep(s.pause)
	return s.Sessions.DeleteAll(ctx, userID, epoch, except)
}

// A new password keeps the session in which it was set, also for requests that
// come before the store has carried it over. No other session is kept, however
// long the store takes.
func TestRequestsBesideANewPassword(t *testing.T) {
	t.Parallel()
	for name, guard := range map[string][]latchkey.Guard{
		"with the user": nil, "the session alone": {latchkey.SessionOnly},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { besideANewPassword(t, guard...) })
		})
	}
}

func besideANewPassword(t *testing.T, guard ...latchkey.Guard) {
	sessions, err := session.New(slowEnds{memstore.NewSessions(nil), 100 * time.Millisecond}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.NewUsers[Member]()
	auth, err := latchkey.New(store, latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: sessions}},
		Hashers:  []core.Hasher{fast("new")}, InsecureNoLimits: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API())
	fine := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux.Handle("GET /own", httpauth.Require(auth, guard...)(fine))
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := auth.Manager().Create(t.Context(), ada, "analytical engine"); err != nil {
		t.Fatal(err)
	}
	send := func(method, path, token, body string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("X-Token", token)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code
	}
	logIn := func() string {
		admission, err := auth.Manager().Login(t.Context(), ada.ID, "web", nil, core.Proof{Method: core.MethodPassword})
		if err != nil {
			t.Fatal(err)
		}
		return admission.Token.Raw
	}
	mine, other := logIn(), logIn()
	changed := make(chan int, 1)
	go func() { changed <- send("PATCH", "/users/me", mine, `{"password": "difference engine"}`) }()
	synctest.Wait() // it has committed, and the store takes its time
	if got := send("GET", "/own", mine, ""); got != http.StatusOK {
		t.Errorf("in the session that is kept: %d", got)
	}
	if got := send("GET", "/own", other, ""); got != http.StatusUnauthorized {
		t.Errorf("in another session: %d", got)
	}
	if got := <-changed; got != http.StatusOK {
		t.Errorf("the change: %d", got)
	}
	for token, want := range map[string]int{mine: http.StatusOK, other: http.StatusUnauthorized} {
		if got := send("GET", "/own", token, ""); got != want {
			t.Errorf("afterwards: %d, want %d", got, want)
		}
	}
	// Of an epoch that was raised by far nothing is being carried over.
	raise := func(m *Member) error { m.TokenEpoch += 1_000_000; return nil }
	if _, err := store.Update(t.Context(), ada.ID, raise); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if got := send("GET", "/own", mine, ""); got != http.StatusUnauthorized || time.Since(began) > 0 {
		t.Errorf("after the end of everything: %d, in %v", got, time.Since(began))
	}
	if err := auth.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
