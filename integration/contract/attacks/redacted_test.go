package attacks_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// redactedCanary is in every secret of what is printed.
const redactedCanary = "canary-q7Zp2xW9vTk4LrB8-Nh6yJc3sDf1g"

// printed is how people print a value by accident.
func printed(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		out[verb] = fmt.Sprintf(verb, v)
		out[verb+" in a list"] = fmt.Sprintf(verb, []any{v})
		out[verb+" in a struct"] = fmt.Sprintf(verb, struct{ V any }{v})
	}
	for name, v := range map[string]any{"": v, " in a struct": struct{ V any }{v}} {
		if text, err := json.Marshal(v); err == nil {
			out["JSON"+name] = string(text)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("", "v", v)
		out["slog"+name] = log.String()
	}
	return out
}

// leaks reports whether text has the canary, in one of the forms in which Go
// prints text and bytes.
func leaks(text string) bool {
	part := redactedCanary[:12]
	for _, form := range []string{
		part, hex.EncodeToString([]byte(part)), base64.StdEncoding.EncodeToString([]byte(part)),
		strings.Trim(fmt.Sprint([]byte(part)), "[]"),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(part)), "[]byte{"), "}"),
	} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

func TestAttackL11OAuthOptions(t *testing.T) {
	t.Parallel()
	key := core.VaultKey{ID: "k1", Secret: []byte(redactedCanary)}
	issuer := providers.OIDCOptions{Name: "acme", Issuer: "https://id.example", ClientID: "us",
		ClientSecret: redactedCanary}
	service := providers.OAuth2Options{
		Name: "acme", AuthorizeURL: "https://id.example/a", TokenURL: "https://id.example/t",
		ProfileURL: "https://id.example/p",
		ClientID:   "us", ClientSecret: redactedCanary, Fields: providers.Fields{Subject: "{id}"},
	}
	oidc, err := providers.OIDC(issuer)
	if err != nil {
		t.Fatal(err)
	}
	settings := oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Tickets: memstore.NewTickets(nil), Secret: []byte(redactedCanary),
		Vault:     []oauth.Key{key},
		Providers: []oauth.Provider{{Provider: oidc}},
	}
	social, err := oauth.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{
		"core.VaultKey": key, "*core.VaultKey": &key, "a list of keys": settings.Vault, "oauth.Options": settings, "*oauth.Options": &settings,
		"oauth.OAuth": social, "oauth's flows": social.Flows(), "oauth.Provider": settings.Providers[0],
		"core.OAuthTokens":        core.OAuthTokens{Access: redactedCanary, Refresh: redactedCanary},
		"core.OAuthAccount":       core.OAuthAccount{ID: "1", AccessToken: redactedCanary, RefreshToken: redactedCanary},
		"*core.OAuthAccount":      &core.OAuthAccount{ID: "1", AccessToken: redactedCanary, RefreshToken: redactedCanary},
		"core.OAuthBegin":         core.OAuthBegin{State: redactedCanary, Nonce: redactedCanary},
		"core.OAuthFinish":        core.OAuthFinish{Code: redactedCanary, Verifier: redactedCanary, Form: url.Values{"code": {redactedCanary}}},
		"providers.OIDCOptions":   issuer,
		"*providers.OIDCOptions":  &issuer,
		"providers.OAuth2Options": service,
		"providers.AppleKey":      providers.AppleKey{TeamID: "team", KeyID: "key", PEM: []byte(redactedCanary)},
		"providers.Provider":      oidc,
		"a preset":                providers.Google("us", redactedCanary),
	} {
		t.Run("L11 "+name, func(t *testing.T) {
			for how, text := range printed(v) {
				if text == "" || leaks(text) {
					t.Errorf("%s prints %s", how, text)
				}
			}
		})
	}
	t.Run("twin: the test finds a secret in what is not kept", func(t *testing.T) {
		for how, text := range printed(struct{ Secret []byte }{[]byte(redactedCanary)}) {
			if !leaks(text) {
				t.Errorf("not in %s: %s", how, text)
			}
		}
	})
	if got := fmt.Sprint(key); got != `[key "k1"]` {
		t.Errorf("a key prints as %s", got)
	}
}
