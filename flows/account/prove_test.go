package account_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

type prover struct{ latchkey.User }

// proving is an application with Ada, and its handler.
func proving(t *testing.T, o latchkey.Options[prover]) (*authtest.App[prover], *prover, http.Handler) {
	t.Helper()
	app := authtest.New(t, o)
	ada := authtest.User[prover]()
	if err := app.Manager().Create(t.Context(), ada, "analytical engine"); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", app.API())
	mux.Handle("GET /safe", httpauth.Require(app.Auth, latchkey.Fresh(10*time.Minute))(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) {})))
	return app, ada, mux
}

func TestProvePassword(t *testing.T) {
	t.Parallel()
	for backend, status := range map[string]int{"web": 204, "api": 200} {
		t.Run(backend, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, ada, h := proving(t, latchkey.Options[prover]{})
				client := authtest.As(t, app.Auth, backend, ada)
				want := func(method, path, body string, status int, part string) string {
					t.Helper()
					w := client.Do(h, method, path, body)
					if w.Code != status || !strings.Contains(w.Body.String(), part) {
						t.Fatalf("%s %s: %d %s, want %d with %q", method, path, w.Code, w.Body, status, part)
					}
					return w.Body.String()
				}
				prove := "/auth/" + backend + "/prove/password"
				want("GET", "/safe", "", 200, "")
				time.Sleep(11 * time.Minute)
				want("GET", "/safe", "", 403, core.CodeProofRequired)
				want("POST", prove, `{"password": "difference engine"}`, 400, core.CodeLoginBadCredentials)
				want("POST", prove, `{}`, 422, "missing")
				want("GET", "/safe", "", 403, core.CodeProofRequired)
				answer := want("POST", prove, `{"password": "analytical engine"}`, status, "")
				if _, token, ok := strings.Cut(answer, `"access_token":"`); ok {
					token, _, _ = strings.Cut(token, `"`)
					client.Header.Set("Authorization", "Bearer "+token)
				}
				want("GET", "/safe", "", 200, "")
			})
		})
	}
}

// A stolen session is no way around the limit of wrong passwords.
func TestProvePasswordCountsAsALogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, ada, h := proving(t, latchkey.Options[prover]{Limiter: memstore.NewLimiter(memstore.LimiterOptions{})})
		client, thief := authtest.As(t, app.Auth, "web", ada), authtest.NewClient(t)
		for _, c := range client.Request("GET", "/", "").Cookies() {
			if !strings.HasSuffix(c.Name, "-known") {
				thief.Header.Add("Cookie", c.String())
			}
		}
		for i := range 6 {
			status := 400
			if i == 5 {
				status = 429
			}
			if w := thief.Do(h, "POST", "/auth/web/prove/password", `{"password": "wrong"}`); w.Code != status {
				t.Errorf("attempt %d: %d %s, want %d", i+1, w.Code, w.Body, status)
			}
		}
		in := `{"email": "` + ada.Email + `", "password": "analytical engine"}`
		w := authtest.NewClient(t).Do(h, "POST", "/auth/web/login", in)
		if w.Code != 429 {
			t.Errorf("a login: %d %s", w.Code, w.Body)
		}
		for i := range 11 { // a known browser has its own
			status := 400
			if i == 10 {
				status = 429
			}
			if w := client.Do(h, "POST", "/auth/web/prove/password", `{"password": "wrong"}`); w.Code != status {
				t.Errorf("attempt %d in a known browser: %d %s, want %d", i+1, w.Code, w.Body, status)
			}
		}
		time.Sleep(15 * time.Minute)
		if w := client.Do(h, "POST", "/auth/web/prove/password", `{"password": "analytical engine"}`); w.Code != 204 {
			t.Errorf("the twin: %d %s", w.Code, w.Body)
		}
	})
}

// A login that waits for nothing is no pending one.
func TestPendingOfNobody(t *testing.T) {
	t.Parallel()
	_, _, h := proving(t, latchkey.Options[prover]{})
	for body, want := range map[string]struct {
		status int
		part   string
	}{
		`{}`:               {400, core.CodeLoginBadCredentials},
		`{"pending": "x"}`: {400, core.CodeLoginBadCredentials},
		`{"pending": 1}`:   {422, "string_type"},
		`[]`:               {422, "model_attributes_type"},
	} {
		w := authtest.NewClient(t).Do(h, "POST", "/auth/web/login/pending", body)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.part) {
			t.Errorf("%s: %d %s, want %d %s", body, w.Code, w.Body, want.status, want.part)
		}
	}
}
