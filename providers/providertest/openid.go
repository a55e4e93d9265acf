package providertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Signer signs ID tokens with ES256, for fakes.
type Signer struct {
	id      string
	private *ecdsa.PrivateKey
}

// NewSigner returns a signer with a new key. It panics if the system has no
// randomness, as crypto/rand does.
func NewSigner(kid string) *Signer {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return &Signer{kid, private}
}

// Sign returns a JWT of claims.
func (k *Signer) Sign(claims map[string]any) string {
	return k.sign(map[string]any{"alg": "ES256", "kid": k.id}, claims)
}

// JWKS returns the key set with the public key.
func (k *Signer) JWKS() string { return string(encode(keySetOf([]*Signer{k}))) }

func keySetOf(keys []*Signer) map[string]any {
	set := []any{}
	for _, k := range keys {
		point, err := k.private.PublicKey.Bytes()
		if err != nil {
			continue
		}
		set = append(set, map[string]any{
			"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": k.id, "x": base64url(point[1:33]), "y": base64url(point[33:]),
		})
	}
	return map[string]any{"keys": set}
}

// jwks returns the key set, with a symmetric key in it if a case adds one.
func (s *service) jwks() map[string]any {
	set := keySetOf(s.keys)
	if s.shared != nil {
		set["keys"] = append(set["keys"].([]any), map[string]any{"kty": "oct", "kid": "shared", "k": base64url(s.shared)})
	}
	return set
}

func (s *service) openIDMetadata() map[string]any {
	m := map[string]any{
		"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token?canary=1",
		"jwks_uri": issuer + "/jwks?canary=1", "userinfo_endpoint": issuer + "/userinfo?canary=1", "id_token_signing_alg_values_supported": []string{"RS256", "ES256", "HS256", "none"},
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
	}
	edit(s.metadata, m)
	return m
}

// newIDToken returns an ID token for a grant, as a case changes it.
func (s *service) newIDToken(g grant) string {
	now := time.Now()
	claims := map[string]any{
		"iss": issuer, "sub": g.subject, "aud": clientID, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": g.nonce,
	}
	edit(s.claims, claims)
	if s.idToken != nil {
		return s.idToken(claims)
	}
	return s.keys[0].Sign(claims)
}

func (k *Signer) sign(header, claims map[string]any) string {
	return k.signText(string(encode(header)), string(encode(claims)))
}

func (k *Signer) signText(header, claims string) string {
	signed := base64url([]byte(header)) + "." + base64url([]byte(claims))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, digest[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64url(signature)
}

// signHMAC signs with HS256 and a text that is not a secret of the issuer.
func signHMAC(secret []byte, claims map[string]any) string {
	signed := base64url([]byte(`{"alg":"HS256"}`)) + "." + base64url(encode(claims))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64url(mac.Sum(nil))
}

func unsigned(claims map[string]any) string {
	return base64url([]byte(`{"alg":"none"}`)) + "." + base64url(encode(claims)) + "."
}

// twice returns claims as JSON with a second sub.
func twice(claims map[string]any) string {
	return `{"sub":"another",` + string(encode(claims)[1:])
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
