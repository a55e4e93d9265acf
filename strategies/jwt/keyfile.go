package jwt

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// maxKeyFile bounds what is read of a file of keys.
const maxKeyFile = 1 << 20

// stored is a key in a file: a JWK, RFC 7517, with its place in a rotation.
type stored struct {
	jose.JSONWebKey
	// next marks a key that will sign after the following rotation.
	next bool
}

// ParseKeys returns the keys of a JSON Web Key Set (RFC 7517), in its order:
// the first signs. It is the file that NewKeys makes, RotateKeys rotates, and
// the command "key" keeps; anything else that writes private JWKs with alg and
// kid will do. Weak keys are refused, as the constructors do. The error joins
// every problem, and holds nothing of a key.
func ParseKeys(file []byte) ([]Key, error) {
	all, err := parseStored(file)
	if err != nil {
		return nil, err
	}
	keys, errs := make([]Key, len(all)), []error(nil)
	for i, s := range all {
		k, err := s.key()
		if err != nil {
			errs = append(errs, fmt.Errorf("jwt: key %d of the file: %w", i+1, err))
		}
		keys[i] = k
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return keys, nil
}

// NewKeys returns a file with one new key, for ParseKeys: of the algorithm
// HS256, ES256 or EdDSA. It holds the private key: whoever reads it can log in
// as everybody.
func NewKeys(algorithm, id string) ([]byte, error) {
	s, err := newStored(algorithm, id)
	if err != nil {
		return nil, err
	}
	return formatStored([]stored{s})
}

// RotateKeys returns the file after one step of a rotation, in which no process
// of the application meets a token of a key that it lacks, if each has read the
// file between two steps. A step adds a new key, with the algorithm of the
// first, that only verifies for now. It makes the one that was added by the
// step before sign, and keeps at most old of those that have signed before, the
// latest first, for as long as tokens of theirs live.
func RotateKeys(file []byte, id string, old int) ([]byte, error) {
	all, err := parseStored(file)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("jwt: the file has no key to rotate")
	}
	if slices.ContainsFunc(all, func(s stored) bool { return s.KeyID == id }) {
		return nil, fmt.Errorf("jwt: the file has a key with the ID %q already", id)
	}
	next, err := newStored(all[0].Algorithm, id)
	if err != nil {
		return nil, err
	}
	next.next = true
	signer, retired := all[0], all[1:]
	if i := slices.IndexFunc(all, func(s stored) bool { return s.next }); i >= 0 {
		signer = all[i]
		signer.next = false
		retired = slices.Delete(slices.Clone(all), i, i+1)
	}
	retired = slices.Clone(retired[:min(len(retired), max(old, 0))])
	for i := range retired {
		if !retired[i].IsPublic() && retired[i].Algorithm != string(jose.HS256) {
			retired[i].JSONWebKey = retired[i].Public() // it signs no more
		}
	}
	return formatStored(append([]stored{signer, next}, retired...))
}

func newStored(algorithm, id string) (s stored, err error) {
	s.KeyID, s.Algorithm, s.Use = id, algorithm, "sig"
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.HS256:
		secret := make([]byte, 32)
		_, err = rand.Read(secret)
		s.Key = secret
	case jose.ES256:
		s.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, s.Key, err = ed25519.GenerateKey(rand.Reader)
	default:
		return s, fmt.Errorf("jwt: the algorithm %q is none of HS256, ES256, EdDSA", algorithm)
	}
	if err == nil {
		_, err = s.key() // which checks the ID
	}
	return s, err
}

// key is the Key of a stored one, by the constructor of its algorithm.
func (s stored) key() (Key, error) {
	switch key := s.Key.(type) {
	case []byte:
		if s.Algorithm == string(jose.HS256) {
			return HS256(s.KeyID, key)
		}
	case *rsa.PrivateKey:
		if s.Algorithm == string(jose.RS256) {
			return RS256(s.KeyID, key)
		}
	case *rsa.PublicKey:
		if s.Algorithm == string(jose.RS256) {
			return RS256Public(s.KeyID, key)
		}
	case *ecdsa.PrivateKey:
		if s.Algorithm == string(jose.ES256) {
			return ES256(s.KeyID, key)
		}
	case *ecdsa.PublicKey:
		if s.Algorithm == string(jose.ES256) {
			return ES256Public(s.KeyID, key)
		}
	case ed25519.PrivateKey:
		if s.Algorithm == string(jose.EdDSA) {
			return EdDSA(s.KeyID, key)
		}
	case ed25519.PublicKey:
		if s.Algorithm == string(jose.EdDSA) {
			return EdDSAPublic(s.KeyID, key)
		}
	}
	return Key{}, errors.New("its alg is none of HS256, RS256, ES256, EdDSA, or does not fit its kty")
}

// parseStored reads a file. What the decoders say may quote it, and is left
// out.
func parseStored(file []byte) ([]stored, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if len(file) > maxKeyFile || json.Unmarshal(file, &set) != nil || set.Keys == nil {
		return nil, errors.New(`jwt: the file is no JSON Web Key Set: {"keys": […]}`)
	}
	all := make([]stored, len(set.Keys))
	for i, raw := range set.Keys {
		var place struct {
			Latchkey string `json:"latchkey"`
		}
		if all[i].UnmarshalJSON(raw) != nil || json.Unmarshal(raw, &place) != nil {
			return nil, fmt.Errorf("jwt: key %d of the file is no JSON Web Key", i+1)
		}
		all[i].next = place.Latchkey == placeNext
	}
	return all, nil
}

// placeNext is the value of a key's member "latchkey" until it signs.
const placeNext = "next"

// formatStored writes a file, a key a line.
func formatStored(all []stored) ([]byte, error) {
	file := []byte("{\"keys\": [\n")
	for i, s := range all {
		line, err := s.MarshalJSON()
		if err != nil {
			return nil, errors.New("jwt: a key cannot be written")
		}
		if s.next {
			line = append(line[:len(line)-1], `,"latchkey":"`+placeNext+`"}`...)
		}
		file = append(append(file, "  "...), line...)
		if i < len(all)-1 {
			file = append(file, ',')
		}
		file = append(file, '\n')
	}
	return append(file, "]}\n"...), nil
}
