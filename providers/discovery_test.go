package providers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
)

func TestO14IssuersThatDoNotNamePKCE(t *testing.T) {
	for methods, warnings := range map[string]int{`["plain","S256"]`: 0, `["plain"]`: 1, `"S256"`: 1, `null`: 1} {
		server := httptest.NewServer(nil)
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answer := map[string]any{"issuer": server.URL, "code_challenge_methods_supported": json.RawMessage(methods)}
			for _, endpoint := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
				answer[endpoint] = server.URL + "/" + endpoint
			}
			_ = json.NewEncoder(w).Encode(answer)
		})
		var log bytes.Buffer
		p, err := providers.OIDC(providers.OIDCOptions{
			Name: "acme", Issuer: server.URL, ClientID: "the-client", InsecureLoopback: true,
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := p.Begin(context.Background(),
				core.OAuthBegin{State: "s", Nonce: "n", Challenge: "c", RedirectURI: "https://app.example"}); err != nil {
				t.Error(err)
			}
		}
		if got := strings.Count(log.String(), "level=WARN"); got != warnings ||
			strings.Count(log.String(), "S256") != warnings {
			t.Errorf("%s: %d warnings, want %d:\n%s", methods, got, warnings, &log)
		}
		server.Close()
	}
}
