package providers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/url"
	"time"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// AppleKey is a key for Sign in with Apple, as the developer portal shows it.
type AppleKey struct {
	TeamID, KeyID string
	PEM           []byte // the .p8 file
}

// Apple returns a provider for Sign in with Apple. Apple requires a short-lived
// client secret signed with the key, and posts its response (form_post). It
// sends the name once, at a user's first login. serviceID is the client ID.
func Apple(serviceID string, key AppleKey, opts ...Option) *Provider {
	private, err := key.parse()
	row := apple
	row.clientSecret = func(now time.Time) (string, error) { return key.secret(private, serviceID, now) }
	row.faults = []error{err}
	return row.with(serviceID, opts)
}

func (k AppleKey) parse() (*ecdsa.PrivateKey, error) {
	if k.TeamID == "" || k.KeyID == "" {
		return nil, errors.New("TeamID or KeyID is empty")
	}
	block, _ := pem.Decode(k.PEM)
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || private.Curve != elliptic.P256() {
		return nil, errors.New("the key is not an EC P-256 key")
	}
	return private, nil
}

// secret returns a client secret for one call: a JWT signed with ES256 (RFC
// 7518, section 3.4).
func (k AppleKey) secret(private *ecdsa.PrivateKey, clientID string, now time.Time) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": "ES256", "kid": k.KeyID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": k.TeamID, "sub": clientID, "aud": "https://appleid.apple.com", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// addPostedName adds the name that Apple posts along with the code. It came
// through the browser and is not signed: nothing but the name is read from it.
func addPostedName(claims map[string]any, form url.Values) {
	user, err := outbound.ParseObject([]byte(form.Get("user")))
	if err != nil {
		return
	}
	if name := fillSome("{name.firstName} {name.lastName}", user); name != "" {
		claims["name"] = name
	}
}
