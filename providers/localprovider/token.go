package localprovider

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	accessLifetime  = time.Hour
	refreshLifetime = 24 * time.Hour
)

// grant is what a code or a token stands for.
type grant struct {
	person
	redirectURI, challenge, nonce string // of a code
	ends                          time.Time
}

// issue makes a code or a token, and deletes those that have expired.
func (p *Provider) issue(kind string, lifetime time.Duration, g grant) string {
	secret, now := rand.Text(), time.Now()
	g.ends = now.Add(lifetime)
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.grants, func(_ string, old grant) bool { return now.After(old.ends) })
	p.grants[kind+" "+secret] = g
	return secret
}

func (p *Provider) look(kind, secret string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.grants[kind+" "+secret]
	return g, ok && time.Now().Before(g.ends)
}

// take is like look, for what works once.
func (p *Provider) take(kind, secret string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.grants[kind+" "+secret]
	delete(p.grants, kind+" "+secret)
	return g, ok && time.Now().Before(g.ends)
}

// token exchanges a code, or a refresh token, for tokens (RFC 6749, sections
// 4.1.3 and 6).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if !p.isClient(r) {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	var g grant
	var ok bool
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		g, ok = p.take("code", r.PostFormValue("code"))
		ok = ok && g.redirectURI == r.PostFormValue("redirect_uri") && g.challenge == s256(r.PostFormValue("code_verifier"))
	case "refresh_token":
		g, ok = p.take("refresh", r.PostFormValue("refresh_token"))
	default:
		answer(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	}
	if !ok {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	idToken, err := p.idToken(g)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	again := grant{person: g.person}
	answer(w, http.StatusOK, map[string]any{
		"token_type":    "Bearer",
		"expires_in":    int(accessLifetime / time.Second),
		"access_token":  p.issue("access", accessLifetime, again),
		"refresh_token": p.issue("refresh", refreshLifetime, again),
		"id_token":      idToken,
	})
}

// isClient checks the client's secret, in the Authorization header or in the
// form (RFC 6749, section 2.3.1).
func (p *Provider) isClient(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	return id == p.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(p.ClientSecret)) == 1
}

// s256 returns the challenge of a PKCE verifier (RFC 7636, section 4.2).
func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (p *Provider) idToken(g grant) (string, error) {
	now := time.Now()
	registered := jwt.Claims{
		Issuer: p.Issuer, Audience: jwt.Audience{p.ClientID}, IssuedAt: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(now.Add(5 * time.Minute)),
	}
	nonce := struct {
		Nonce string `json:"nonce,omitempty"`
	}{g.nonce}
	return jwt.Signed(p.signer).Claims(registered).Claims(g.person).Claims(nonce).Serialize()
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, ok := p.look("access", token)
	if !ok {
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	answer(w, http.StatusOK, g.person)
}
