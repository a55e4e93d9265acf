package jwt

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// PublicKeys returns the keys with which others can verify this strategy's
// tokens, as JWKs with kid, alg and use (RFC 7517). HS256 keys have no public
// half and are left out, and so is Legacy's key.
func (s *Strategy) PublicKeys() []json.RawMessage { return slices.Clone(s.public) }

func publicKeys(keys []Key) ([]json.RawMessage, error) {
	public := []json.RawMessage{}
	for _, k := range keys {
		if k.algorithm == jose.HS256 {
			continue
		}
		encoded, err := jose.JSONWebKey{Key: k.public(), KeyID: k.id, Algorithm: string(k.algorithm),
			Use: "sig"}.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("jwt: public key %q: %w", k.id, err)
		}
		public = append(public, encoded)
	}
	return public, nil
}

func newSigner(k Key) (func([]byte) (*jose.JSONWebSignature, error), error) {
	header := (&jose.SignerOptions{}).WithType("JWT")
	if k.id != "" {
		header = header.WithHeader("kid", k.id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.algorithm, Key: k.private()}, header)
	if err != nil {
		return nil, fmt.Errorf("jwt: signing key %q: %w", k.id, err)
	}
	return signer.Sign, nil
}
