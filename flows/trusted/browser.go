package trusted

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/flowcookie"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// browser are the browsers of a backend, which keep a secret in a cookie.
type browser struct{ core.BackendInfo }

// cookie is named after the backend's: "__Host-latchkey-trusted".
func (b browser) cookie() http.Cookie { return flowcookie.Of(b.BackendInfo, kind) }

// keep makes the browser keep a secret.
func (b browser) keep(resp *core.Response, secret string, age time.Duration) {
	c := b.cookie()
	c.Value, c.MaxAge = secret, int(age/time.Second)
	resp.Header.Add("Set-Cookie", c.String())
}

// find returns the credential of the secret that a request brings, whoever's it
// is; nil where there is none, or one of another backend.
func (b browser) find(ctx context.Context, svc *core.Services, h core.Head) (*core.Credential, error) {
	secret, err := core.CookieValue(h, b.cookie().Name)
	if err != nil || len(secret) != core.SecretLen {
		return nil, nil //nolint:nilerr // two cookies of the name are as good as none
	}
	c, err := svc.Credentials.Find(ctx, kind, keyOf(core.Digest(secret)))
	switch {
	case errors.Is(err, core.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case backendOf(c) != b.Name:
		return nil, nil
	}
	return c, nil
}

// keyOf is the Key of a credential.
func keyOf(digest [32]byte) string { return hex.EncodeToString(digest[:]) }

// device names the program and the system that a request says it comes from,
// "" where neither is known.
func device(h core.Head) string {
	browser, system := useragent.Device(core.Line(h, "User-Agent"))
	if browser != "" && system != "" {
		return browser + " on " + system
	}
	return browser + system
}
