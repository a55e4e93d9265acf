package latchkey_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
)

func withSecondFactor(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, secondFactor{}) }

func TestAFactorTurnsALoginIntoAPendingTicket(t *testing.T) {
	a := newApp(t, withSecondFactor)
	a.register("ada@example.org")

	first := a.login("ada@example.org", password)
	pending := detail(t, first)["pending"].(string)
	if first.status != 403 || detail(t, first)["code"] != core.CodeLoginFactorRequired || len(pending) != core.SecretLen {
		t.Fatalf("got %d %s, want 403 with a pending ticket", first.status, first.body)
	}
	a.want("GET", "/active", pending, "", 401, "Unauthorized") // S16: a ticket is no session
	a.want("POST", "/auth/verify", "", `{"token": "`+pending+`"}`, 400, core.CodeVerifyBadToken)
	a.want("POST", "/auth/web/second", "", `{"pending": "no such ticket", "code": "123456"}`, 400,
		core.CodeLoginBadCredentials)
	a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "000000"}`, 400, "WRONG_CODE")
	a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "store down"}`, 503, "SERVICE_UNAVAILABLE")
	token := a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "123456"}`, 200,
		"token").member("token")
	a.want("GET", "/active", token, "", 200, "ada@example.org")
	a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "123456"}`, 400,
		core.CodeLoginBadCredentials)
}

func TestAPendingTicketDiesWithTheFifthFailure(t *testing.T) {
	a := newApp(t, withSecondFactor)
	a.register("ada@example.org")
	pending := detail(t, a.login("ada@example.org", password))["pending"].(string)
	for range 5 {
		a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "000000"}`, 400, "WRONG_CODE")
	}
	a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "123456"}`, 400,
		core.CodeLoginBadCredentials)
}

func TestConcurrentGuessesStayWithinTheLimit(t *testing.T) {
	a := newApp(t, func(o *latchkey.Options[Member]) {
		withSecondFactor(o)
		o.Limits.FactorAttempts = latchkey.Limit{Events: 100, Window: time.Minute}
	})
	a.register("ada@example.org")
	pending := detail(t, a.login("ada@example.org", password))["pending"].(string)
	var wg sync.WaitGroup
	var mu sync.Mutex
	guessed := 0
	for range 64 {
		wg.Go(func() {
			got := a.do("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "000000"}`)
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(got.body, "WRONG_CODE") {
				guessed++
			}
		})
	}
	wg.Wait()
	if guessed > 5 {
		t.Errorf("%d of 64 concurrent guesses were tried against one ticket, want at most 5", guessed)
	}
	a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "123456"}`, 400,
		core.CodeLoginBadCredentials)
}

func TestAPendingTicketDiesWithTheEpochAndTheUser(t *testing.T) {
	for name, end := range map[string]func(*app, string){
		"epoch raised": func(a *app, id string) { a.edit(id, func(m *Member) { m.TokenEpoch++ }) },
		"deactivated":  func(a *app, id string) { a.edit(id, func(m *Member) { m.IsActive = false }) },
		"deleted": func(a *app, id string) {
			if err := a.Manager().Delete(t.Context(), id); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, withSecondFactor)
			id := a.register("ada@example.org").member("id")
			pending := detail(t, a.login("ada@example.org", password))["pending"].(string)
			end(a, id)
			a.want("POST", "/auth/web/second", "", `{"pending": "`+pending+`", "code": "123456"}`, 400,
				core.CodeLoginBadCredentials)
		})
	}
}

func TestTheGateAsksForAVerifiedAddress(t *testing.T) {
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.RequireVerified = true
		o.Flows = []latchkey.Flow{verify.Flow{OnRegister: true}, reset.Flow{}}
	})
	a.register("ada@example.org")
	if got := a.login("ada@example.org", password); got.status != 400 ||
		!strings.Contains(got.body, core.CodeLoginUserNotVerified) {
		t.Errorf("unverified, right password: got %d %s, want LOGIN_USER_NOT_VERIFIED", got.status, got.body)
	}
	if got := a.login("ada@example.org", "wrong"); got.status != 400 ||
		!strings.Contains(got.body, core.CodeLoginBadCredentials) {
		t.Errorf("unverified, wrong password: got %d %s, want LOGIN_BAD_CREDENTIALS", got.status, got.body)
	}
	m := a.lastMail("verify")
	a.want("POST", "/auth/verify", "", `{"token": "`+m.Token+`"}`, 200, `"is_verified":true`)
	token := a.login("ada@example.org", password).member("token")
	a.want("GET", "/users/me", token, "", 200, "ada@example.org")
	a.want("PATCH", "/users/me", token, `{"email": "ada@example.com"}`, 200, `"is_verified":false`)
	a.want("GET", "/users/me", token, "", 403, "Forbidden")
}

// detail returns the object under "detail".
func detail(t *testing.T, a answer) map[string]any {
	t.Helper()
	var body struct{ Detail map[string]any }
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return body.Detail
}
