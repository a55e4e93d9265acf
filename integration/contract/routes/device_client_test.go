package routes_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// byOAuth2 logs a device in by golang.org/x/oauth2. api is where the routes of
// the backend are.
func byOAuth2(ctx context.Context, api string, show func(page, code string)) (*oauth2.Token, error) {
	config := oauth2.Config{ClientID: "acme-cli", Endpoint: oauth2.Endpoint{
		DeviceAuthURL: api + "/device/authorize", TokenURL: api + "/device/token", AuthStyle: oauth2.AuthStyleInParams,
	}}
	begun, err := config.DeviceAuth(ctx)
	if err != nil {
		return nil, err
	}
	show(begun.VerificationURI, begun.UserCode)
	return config.DeviceAccessToken(ctx, begun)
}

// TestDeviceByAClientOfOAuth has a client that was not written for Latchkey
// wait for the approval, and renew its login.
func TestDeviceByAClientOfOAuth(t *testing.T) {
	unlimited := func(a *harness.App, o *harness.Options) {
		harness.Renewing(a, o)
		o.Limiter, o.InsecureNoLimits = nil, true
		for i, f := range o.Flows {
			if f.Name() == "device" {
				o.Flows[i] = devicegrant.Flow{Interval: time.Second}
			}
		}
	}
	harness.OnOneAdapter(t, unlimited, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for _, decision := range []string{"approve", "deny"} {
			var typed harness.Device
			waits := &waiting{decide: func() {
				mine := a.LogIn(t, "cookie", u)
				a.Want(t, "POST /auth/cookie/device/claim 200", mine, typed.Typed())
				a.Want(t, "POST /auth/cookie/device/"+decision+" 204", mine, typed.Typed())
			}}
			ctx := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: waits})
			token, err := byOAuth2(ctx, a.URL+"/auth/mobile", func(page, code string) {
				if page != harness.BaseURL+"/device" {
					t.Errorf("the page is %s", page)
				}
				typed.User = code
			})
			switch {
			case waits.decide != nil:
				t.Errorf("the client has not polled before the decision: %v", err)
			case decision == "deny" && (err == nil || !strings.Contains(err.Error(), "access_denied")):
				t.Errorf("the client, refused, says %v", err)
			case decision == "approve" && (err != nil || token.RefreshToken == "" || token.Expiry.IsZero()):
				t.Errorf("the client, let in, has %+v, %v", token, err)
			case decision == "approve":
				a.Want(t, "GET /users/me 200", harness.Bearer(token.AccessToken)).WantUser(t, u)
			}
		}
	})
}

// waiting is a transport after whose first poll that has to wait the person
// decides.
type waiting struct{ decide func() }

// RoundTrip implements http.RoundTripper.
func (w *waiting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusBadRequest || w.decide == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	if strings.Contains(string(body), "authorization_pending") {
		w.decide()
		w.decide = nil
	}
	return resp, err
}
