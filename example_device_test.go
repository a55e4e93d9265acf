package latchkey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// The functions of this file are blocks of docs/guides/device.md.

func withDevices(o latchkey.Options[Member]) latchkey.Options[Member] {
	o.Flows = append(o.Flows, devicegrant.Flow{Interval: time.Second})
	o.BaseURL = "https://app.example.com" // the page is at https://app.example.com/device
	return o
}

func mountDevices(mux *http.ServeMux, auth *latchkey.Auth[Member]) {
	httpauth.Mount(mux, "/auth", auth.Login("web"), auth.Device("web"))     // where people decide
	httpauth.Mount(mux, "/auth/cli", auth.Login("cli"), auth.Device("cli")) // where devices log in
}

// polled is the answer to a poll.
type polled struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"` // of a backend with refresh tokens
	Error        string `json:"error"`
}

// logInDevice logs the person at a terminal in. api is where the routes of the
// backend are: "https://app.example.com/auth/cli".
func logInDevice(ctx context.Context, api string, show func(page, code string)) (polled, error) {
	var begun struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
		Interval        int    `json:"interval"`
	}
	if err := post(ctx, api+"/device/authorize", url.Values{"label": {"acme-cli"}}, &begun); err != nil {
		return polled{}, err
	}
	show(begun.VerificationURI, begun.UserCode)
	interval := time.Duration(begun.Interval) * time.Second
	for {
		select {
		case <-ctx.Done():
			return polled{}, ctx.Err()
		case <-time.After(interval):
		}
		var got polled
		err := post(ctx, api+"/device/token", url.Values{"device_code": {begun.DeviceCode}}, &got)
		switch {
		case err == nil && got.AccessToken != "":
			return got, nil
		case err == nil && got.Error == "authorization_pending":
		case err != nil || got.Error == "slow_down": // the network, or the server, wants a longer pause
			interval += 5 * time.Second
		default: // access_denied, expired_token
			return polled{}, fmt.Errorf("the login was not allowed: %s", got.Error)
		}
	}
}

// post sends a form, and reads the answer. Its error may be of a moment.
func post(ctx context.Context, to string, form url.Values, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// A command shows a code, and its person lets it in where they are logged in.
func ExampleAuth_Device() {
	cli := webBackend()
	cli.Name, cli.Transport = "cli", bearer.New(bearer.Options{})
	auth, err := latchkey.New(memstore.NewUsers[Member](), withDevices(latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend(), cli}, Tickets: memstore.NewTickets(nil), Hashers: cheap(),
	}))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mountDevices(mux, auth)
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}
	server := httptest.NewServer(mux)
	defer server.Close()

	got, err := logInDevice(context.Background(), server.URL+"/auth/cli", func(page, code string) {
		fmt.Println("open", page)
		browser := logIn(mux, "ada@example.org", "analytical engine")
		typed := fmt.Sprintf(`{"user_code": %q}`, strings.ToLower(code))
		asks := exchange(mux, "POST /auth/device/claim", browser, typed)
		fmt.Println("it calls itself acme-cli:", strings.Contains(asks, `"label":"acme-cli"`))
		fmt.Println(exchange(mux, "POST /auth/device/approve", browser, typed))
	})
	fmt.Println("logged in:", got.AccessToken != "", err)
	// Output:
	// open https://app.example.com/device
	// it calls itself acme-cli: true
	// 204
	// logged in: true <nil>
}
