package latchkey_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
)

// An approval ends with a login that is renewed, whichever of its tokens ends
// it: an access token says less exactly when the login began than its store.
func TestAttackD11RenewedLogins(t *testing.T) {
	for name, end := range map[string]func(a *renewing, mine pair){
		"nothing, the twin": nil,
		"revoked": func(a *renewing, mine pair) {
			a.wants("revoke", a.send("POST", "/auth/mobile/revoke", "token="+mine.Refresh), 200, "")
		},
		"logged out": func(a *renewing, mine pair) {
			a.wants("log out", a.send("POST", "/auth/mobile/logout", "", "Authorization", "Bearer "+mine.Access), 204, "")
		},
		"ended by an administrator": func(a *renewing, _ pair) {
			a.t.Helper()
			u, err := a.users.Find(a.t.Context(), core.ByEmail("ada@example.org"))
			if err != nil {
				a.t.Fatal(err)
			}
			living, err := a.Manager().Sessions(a.t.Context(), u.ID)
			if err != nil || len(living) != 1 {
				a.t.Fatalf("%d sessions, %v", len(living), err)
			}
			if err := a.Manager().EndSession(a.t.Context(), u.ID, living[0].ID); err != nil {
				a.t.Fatal(err)
			}
		},
		"its refresh token came again": func(a *renewing, mine pair) {
			a.pair(a.renew(mine.Refresh))
			a.clock.Advance(time.Minute)
			a.wants("again", a.renew(mine.Refresh), 401, "")
		},
	} {
		for _, stateless := range []bool{false, true} {
			a := newRenewing(t, stateless, func(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, devicegrant.Flow{}) })
			a.clock.Advance(123456 * time.Microsecond)
			device := func(path, body string, status int) *httptest.ResponseRecorder {
				t.Helper()
				w := a.send("POST", "/auth/mobile/device/"+path, body)
				a.wants(name+": "+path, w, status, "")
				return w
			}
			var codes struct {
				Device string `json:"device_code"`
				User   string `json:"user_code"`
			}
			if err := json.Unmarshal(device("authorize", "{}", 200).Body.Bytes(), &codes); err != nil {
				t.Fatal(err)
			}
			mine := a.pair(a.login("mobile"))
			for _, step := range []struct {
				path   string
				status int
			}{{"claim", 200}, {"approve", 204}} {
				a.wants(step.path, a.send("POST", "/auth/mobile/device/"+step.path, `{"user_code": "`+codes.User+`"}`,
					"Authorization", "Bearer "+mine.Access), step.status, "")
			}
			want := 200
			if end != nil {
				want = 400
				end(a, mine)
			}
			device("token", "device_code="+codes.Device, want)
		}
	}
}
