package refresh

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// token is a refresh token taken apart.
type token struct {
	raw    string
	family [32]byte // digest of the family's secret: the session's key
	// present is the digest of the token's own secret, zero for the first
	// token of a family, which has none.
	present [32]byte
	prefix  string // up to and including the family's secret
}

// parse returns false for what does not have the shape of a refresh token.
func (s *Strategy) parse(raw string) (t token, ok bool) {
	secrets, ok := strings.CutPrefix(raw, s.options.Prefix)
	if !ok || len(secrets) != core.SecretLen && len(secrets) != 2*core.SecretLen {
		return t, false
	}
	family, present := secrets[:core.SecretLen], secrets[core.SecretLen:]
	if _, ok := decode(family); !ok {
		return t, false
	}
	t = token{raw: raw, family: core.Digest(family), prefix: s.options.Prefix + family}
	if present != "" {
		if _, ok := decode(present); !ok {
			return t, false
		}
		t.present = core.Digest(present)
	}
	return t, true
}

var encoding = base64.RawURLEncoding.Strict()

// decode returns a secret's bytes. It returns false for any other spelling than
// an encoder's: Strict refuses bits that are left over, and the decoder skips
// line breaks, which leave less than 32 bytes.
func decode(secret string) (b [32]byte, ok bool) {
	decoded, err := encoding.DecodeString(secret)
	return b, err == nil && copy(b[:], decoded) == len(b)
}

// successor is a new secret with what the session keeps of it.
type successor struct {
	secret         string
	digest, sealed [32]byte
}

// next returns a new successor of t.
func (t token) next(random io.Reader) (successor, error) {
	var secret [32]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return successor{}, fmt.Errorf("refresh: random source: %w", err)
	}
	text := encoding.EncodeToString(secret[:])
	return successor{text, core.Digest(text), t.pad(secret)}, nil
}

// unseal returns the present secret of a rotation that has replaced t. It
// returns false where it was sealed for another token.
func (t token) unseal(r core.Rotation) (secret string, ok bool) {
	opened := t.pad(r.Sealed)
	secret = encoding.EncodeToString(opened[:])
	digest := core.Digest(secret)
	return secret, subtle.ConstantTimeCompare(digest[:], r.Secret[:]) == 1
}

// pad encrypts, and decrypts, by XOR with a key that is used for nothing else:
// a token seals one successor, as a rotation that loses is never stored.
func (t token) pad(b [32]byte) (sealed [32]byte) {
	// Its errors are of lengths over 8 KiB.
	key, _ := hkdf.Key(sha256.New, []byte(t.raw), nil, "latchkey refresh token: successor", len(b))
	subtle.XORBytes(sealed[:], b[:], key)
	return sealed
}

// parseID turns a Session.ID back into the store's key. ok is false for an ID
// made by another strategy.
func parseID(id string) (d [32]byte, ok bool) {
	if len(id) != hex.EncodedLen(len(d)) {
		return d, false
	}
	_, err := hex.Decode(d[:], []byte(id))
	return d, err == nil
}
