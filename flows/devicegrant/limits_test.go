package devicegrant_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
)

// The server keeps the interval.
func TestD07Interval(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, limited)
		d, other := a.device(), a.device()
		for range 3 {
			d.waits()
			at(5 * time.Second)
		}
		d.waits()
		for range 3 {
			at(time.Second)
			d.wants("DEVICE_SLOW_DOWN", "slow_down")
		}
		other.waits()                    // which has a count of its own
		at(time.Second + time.Second/10) // a little less than 5 seconds, as networks are
		a.ada().lets(d)
		d.polls(200, "access_token")
		d.wants("DEVICE_SLOW_DOWN", "slow_down")
		at(5 * time.Second)
		d.isBad()
	})
}

func TestLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		few := core.Limit{Events: 3, Window: time.Minute}
		a := newApp(t, devicegrant.Flow{RequestLimit: few, PollLimit: few}, limited)
		var d device
		for range 3 {
			d = a.device()
		}
		again := a.Client("api")
		again.Ask("/device/authorize", `{}`, 429, core.CodeRateLimited)
		for range 3 {
			again.Ask("/device/token", poll("x"), 400, core.CodeDeviceBadCode)
		}
		w := again.Do(a, "POST", "/auth/api/device/token", poll("x"))
		if want := `{"detail":"DEVICE_SLOW_DOWN","error":"slow_down"}`; w.Code != http.StatusTooManyRequests ||
			w.Body.String() != want || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
		}
		at(time.Minute)
		d.waits()
		a.device()
	})
}

// User codes cannot be guessed.
func TestD07Guesses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		few := core.Limit{Events: 2, Window: time.Minute}
		a := newApp(t, devicegrant.Flow{GuessLimit: few}, limited)
		a.User("eve@example.org")
		ada, eve := a.ada(), a.person("web", "eve@example.org")
		for range 4 { // right ones are no guesses
			ada.does("claim", a.device().user, 200, "")
		}
		for range 2 {
			eve.does("claim", "BBBB-BBBB", 400, core.CodeDeviceBadCode)
		}
		d := a.device()
		eve.does("claim", d.user, 429, core.CodeRateLimited)
		a.person("web", "eve@example.org").does("claim", d.user, 429, core.CodeRateLimited) // in another login
		ada.does("claim", d.user, 200, "")

		// 12 of a network: 5 of ada's, and 4 of eve's.
		for i := range 3 {
			user := fmt.Sprint(i, "@example.org")
			a.User(user)
			a.person("web", user).does("claim", "BBBB-BBBB", 400, core.CodeDeviceBadCode)
		}
		ada.does("claim", a.device().user, 429, core.CodeRateLimited)
		at(time.Minute)
		ada.does("claim", a.device().user, 200, "")
	})
}

// User codes are of their alphabet, and each letter is about as frequent.
func TestUserCodes(t *testing.T) {
	t.Parallel()
	a := newApp(t, devicegrant.Flow{}, nil)
	counts, seen := map[rune]int{}, map[string]bool{}
	const n = 1000
	c := a.Client("api")
	for range n {
		code := c.Ask("/device/authorize", `{}`, 200, "")["user_code"].(string)
		if seen[code] || len(code) != 9 {
			t.Fatalf("the code %s", code)
		}
		seen[code] = true
		for _, letter := range code {
			counts[letter]++
		}
	}
	delete(counts, '-')
	if len(counts) != 20 {
		t.Errorf("%d letters: %v", len(counts), counts)
	}
	for letter, times := range counts { // 400 each, with a deviation of 19.5
		if times < 260 || times > 540 || letter == 'A' || letter == 'I' {
			t.Errorf("%c comes %d times", letter, times)
		}
	}
}
