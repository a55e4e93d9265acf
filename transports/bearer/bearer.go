// Package bearer carries tokens in the Authorization header (RFC 6750), for
// clients that store their token themselves: programs, mobile applications,
// front ends on another origin.
//
//	transport := bearer.New(bearer.Options{LoginURL: "auth/api/login"})
//	backend := core.Backend{
//		Name: "api", Transport: transport, Strategy: strategy,
//	}
//
// Security notes. A browser never attaches such a token by itself, so there is
// nothing to protect from cross-site requests. A script that stores the token
// where other scripts of the page can read it loses it to the first injected
// one: for browsers, prefer package cookie. The response to a login forbids
// caching. The token is never read from a form or a URL (RFC 6750, section
// 5.3).
package bearer

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Options configures a bearer transport.
type Options struct {
	// LoginURL is the token URL in the OpenAPI document: the path of the
	// backend's login route, relative to the document's server
	// ("auth/api/login"). Default: none, and the document describes a plain
	// bearer scheme without a login.
	LoginURL string
	// RefreshURL is, in the same form, the path at which the backend's
	// tokens are renewed ("auth/api/refresh"). It is for a strategy that
	// issues refresh tokens, and of no use without a LoginURL. Default:
	// none.
	RefreshURL string
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
}

// Transport is a core.Transport.
type Transport struct {
	scheme json.RawMessage
	now    func() time.Time
}

// answer is the body of a login's response, the access token response of RFC
// 6749, section 5.1.
type answer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in,omitempty"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
}

// New returns a bearer transport. It is safe for concurrent use.
func New(o Options) *Transport {
	scheme := map[string]any{"type": "http", "scheme": "bearer"}
	if o.LoginURL != "" {
		password := map[string]any{"tokenUrl": o.LoginURL, "scopes": map[string]string{}}
		if o.RefreshURL != "" {
			password["refreshUrl"] = o.RefreshURL
		}
		scheme = map[string]any{"type": "oauth2", "flows": map[string]any{"password": password}}
	}
	encoded, _ := json.Marshal(scheme) // maps of strings always marshal
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Transport{encoded, o.Now}
}

// Extract returns the token of the Authorization line. Its errors are those of
// [core.BearerToken].
func (t *Transport) Extract(h core.Head) (string, error) { return core.BearerToken(h) }

// Protect returns nil: there is nothing to refuse.
func (t *Transport) Protect(core.Head) error { return nil }

// Attach sets a 200 with the token, and forbids caching (RFC 6749, section
// 5.1). If there is a refresh token, the body has it too, and in how many
// seconds the access token expires.
func (t *Transport) Attach(resp *core.Response, token core.Token) {
	resp.Status = http.StatusOK
	resp.Header.Set("Cache-Control", "no-store")
	resp.Header.Set("Pragma", "no-cache")
	body := answer{AccessToken: token.Raw, TokenType: "bearer", RefreshToken: token.Refresh}
	if token.Refresh != "" && !token.Expires.IsZero() {
		body.ExpiresIn = max(int64(token.Expires.Sub(t.now())/time.Second), 1)
	}
	resp.Body, _ = json.Marshal(body) // strings and numbers can always be encoded
	resp.Type = "application/json"
}

// Clear does nothing: the client has to delete its token itself.
func (t *Transport) Clear(*core.Response) {}

// Challenge returns the WWW-Authenticate value of a 401 (RFC 6750, section 3).
// It names no cause beyond "there was a token and it is not valid".
func (t *Transport) Challenge(presented bool) string {
	if presented {
		return `Bearer error="invalid_token"`
	}
	return "Bearer"
}

// ChallengeProof returns the WWW-Authenticate value of a 403 PROOF_REQUIRED
// (RFC 9470, section 3). acr_values are the methods, without those that a
// quoted string of RFC 9110 cannot hold; max_age is in whole seconds. An age of
// 0, and no methods, leave their parameter out.
func (t *Transport) ChallengeProof(age time.Duration, methods []string) string {
	challenge := `Bearer error="insufficient_user_authentication"`
	plain := slices.DeleteFunc(slices.Clone(methods), func(m string) bool {
		return m == "" || strings.ContainsFunc(m, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })
	})
	if len(plain) > 0 {
		challenge += `, acr_values="` + strings.Join(plain, " ") + `"`
	}
	if age > 0 {
		challenge += ", max_age=" + strconv.FormatInt(int64((age+time.Second-1)/time.Second), 10)
	}
	return challenge
}

// Scheme returns OpenAPI's oauth2 scheme with the password flow, or http bearer
// without a LoginURL. The caller must not change it.
func (t *Transport) Scheme() json.RawMessage { return t.scheme }
