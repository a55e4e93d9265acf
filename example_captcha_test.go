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
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// turnstile checks the token of a widget where its maker says, as those of
// Turnstile, hCaptcha and reCAPTCHA are checked.
type turnstile struct {
	client         *http.Client // with a Timeout
	verify, secret string
}

func (t turnstile) Check(ctx context.Context, _ *core.Request, answer string) (bool, error) {
	form := url.Values{"secret": {t.secret}, "response": {answer}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.verify, strings.NewReader(form))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := t.client.Do(r)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	var verdict struct{ Success bool }
	err = json.NewDecoder(resp.Body).Decode(&verdict)
	return verdict.Success, err
}

// Where too many passwords of a stranger were wrong, the next one needs the
// answer to a riddle.
func ExampleCaptcha() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"success": %t}`, r.FormValue("response") == "solved")
	}))
	defer service.Close()
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(),
		Captcha: turnstile{&http.Client{Timeout: 3 * time.Second}, service.URL, "the secret of the site"},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"))
	for range 5 {
		exchange(mux, "POST /auth/login", "", `{"email": "ada@example.org", "password": "a guess"}`)
	}
	for _, answer := range []string{"", "wrong", "solved"} {
		fmt.Println(exchange(mux, "POST /auth/login", "",
			`{"email": "ada@example.org", "password": "a guess", "captcha": "`+answer+`"}`))
	}
	// Output:
	// 400 {"detail":"CAPTCHA_REQUIRED"}
	// 400 {"detail":"CAPTCHA_REQUIRED"}
	// 400 {"detail":"LOGIN_BAD_CREDENTIALS"}
}
