package oidc_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestLoginWorksAfterTheProviderHasRotatedItsKeys(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		a := newApp(t, s)
		a.browser().login(byCookie, "", ada).expect(t, 204, "")
		for range 2 {
			a.provider.rotate()
			b := a.browser()
			b.login(byCookie, "", ada).expect(t, 204, "")
			b.me("").expect(t, 200, adaEmail)
		}
		a.wantUsers(1)
	})
}

// expire makes the kept access token of a user's only account expire.
func (a *app) expire(userID string) {
	a.t.Helper()
	links, err := a.kept.accounts.List(a.t.Context(), userID)
	if err != nil || len(links) != 1 {
		a.t.Fatalf("the user has %d accounts (%v)", len(links), err)
	}
	_, err = a.kept.accounts.Update(a.t.Context(), links[0].ID, func(l *core.OAuthAccount) error {
		l.Expires = time.Now().Add(-time.Minute)
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// tokens returns what 8 simultaneous callers receive.
func (a *app) tokens(userID string) map[string]bool {
	a.t.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		found = map[string]bool{}
	)
	for range 8 {
		wg.Go(func() {
			token, err := a.social.Token(a.t.Context(), userID, "zitadel")
			if err != nil {
				a.t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[token] = true
		})
	}
	wg.Wait()
	return found
}

// The provider accepts a refresh token once and returns another one: a second
// refresh works only if that one was kept.
func TestTokenIsRenewedOnceAndItsRotatedRefreshTokenIsKept(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		a := newApp(t, s)
		b := a.browser()
		b.login(byCookie, "", ada).expect(t, 204, "")
		id := b.me("").member("id")
		seen := a.tokens(id)
		for renewals := 1; renewals <= 3; renewals++ {
			a.expire(id)
			for token := range a.tokens(id) {
				if seen[token] || !a.provider.accepts(t, token) {
					t.Errorf("renewal %d returned an old or useless token", renewals)
				}
				seen[token] = true
			}
			if len(seen) != 1+renewals {
				t.Errorf("%d tokens after %d renewals, want one each", len(seen), renewals)
			}
		}
	})
}

func TestRefreshTokenThatTheProviderHasEndedIsAnError(t *testing.T) {
	a := newApp(t, settings{})
	b := a.browser()
	b.login(byCookie, "", ada).expect(t, 204, "")
	id := b.me("").member("id")
	if err := a.provider.storage.TerminateSession(t.Context(), "id1", webClient); err != nil {
		t.Fatal(err)
	}
	a.expire(id)
	if token, err := a.social.Token(t.Context(), id, "zitadel"); err == nil || token != "" {
		t.Errorf("got %q, %v for an account that was ended at the provider", token, err)
	}
	b.login(byCookie, "", ada).expect(t, 204, "")
	if token, err := a.social.Token(t.Context(), id, "zitadel"); err != nil || !a.provider.accepts(t, token) {
		t.Errorf("after another login: %v", err)
	}
}

// wantRefusedInTime checks that an unreachable provider is reported in time.
func wantRefusedInTime(t *testing.T, ask func() answer) {
	t.Helper()
	start := time.Now()
	ask().expect(t, 502, core.CodeOAuthProviderError)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the answer took %v", took)
	}
}

func TestProviderThatIsDownAtTheFirstLoginIsDiscoveredLater(t *testing.T) {
	a := newApp(t, settings{})
	b := a.browser()
	a.provider.stop()
	wantRefusedInTime(t, func() answer { return b.get(a.server.URL + byCookie + "/authorize") })
	a.provider.start(t)
	b.login(byCookie, "", ada).expect(t, 204, "")
}

func TestProviderThatStopsDuringALoginIsUsedAgainAfterItsReturn(t *testing.T) {
	everywhere(t, func(t *testing.T, s settings) {
		s.start = nil // which can be stopped
		a := newApp(t, s)
		b := a.browser()
		callback := b.signIn(b.begin(byCookie, ""), ada)
		inPage := b.signIn(b.begin(byCookie, "?redirect_to=/app"), ada)
		a.provider.stop()
		wantRefusedInTime(t, func() answer { return b.get(callback.String()) })
		b.get(inPage.String()).expectPage(t, "/app?error="+core.CodeOAuthProviderError)
		if log := a.log.String(); strings.Count(log, "the token endpoint") != 2 ||
			strings.Contains(log, callback.Query().Get("code")) {
			t.Errorf("the log must have both causes and no code:\n%s", log)
		}
		b.me("").expect(t, 401, "Unauthorized")
		a.wantUsers(0)
		a.provider.start(t)
		b.get(callback.String()).expect(t, 400, core.CodeOAuthInvalidState) // a state works once
		b.login(byCookie, "", ada).expect(t, 204, "")
		b.me("").expect(t, 200, adaEmail)
	})
}
