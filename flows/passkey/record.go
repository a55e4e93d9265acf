package passkey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/naming"
)

// Kind is that of the passkeys' core.Credential. Its Key is the hexadecimal
// SHA-256 of the credential ID.
const Kind = "passkey"

// record is what is kept of a passkey, as the Data of its credential. It is of
// this package, so that it stays what it is when the library's own changes.
type record struct {
	Version   int    `json:"v"`
	ID        []byte `json:"id"`
	PublicKey []byte `json:"key"` // COSE_Key, RFC 9052
	Count     uint32 `json:"n,omitempty"`
	// Verified: it has verified its user once at least.
	Verified bool `json:"uv,omitempty"`
	// Synced and BackedUp are the flags BE and BS.
	Synced   bool `json:"be,omitempty"`
	BackedUp bool `json:"bs,omitempty"`
	// Hidden: the client said that it cannot be found without its ID.
	Hidden     bool     `json:"hidden,omitempty"`
	Transports []string `json:"via,omitempty"`
	Model      []byte   `json:"aaguid,omitempty"`
	// Born is when its owner was created, in microseconds. A user of the
	// same ID who was created later is somebody else.
	Born int64 `json:"born,omitempty"`
}

const recordVersion = 1

// Bounds of what is kept, so that a record is below core's 8 KiB: a credential
// ID by WebAuthn 3, section 4; the key of RSA with 8,192 bits is half of that.
const (
	maxID, maxPublicKey = 1023, 2048
	maxTransports       = 8
)

func (r record) encode() ([]byte, error) {
	r.Version = recordVersion
	return json.Marshal(r)
}

func decode(data []byte) (r record, err error) {
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("passkey: a credential cannot be read: %w", err)
	}
	if r.Version != recordVersion {
		return r, fmt.Errorf("passkey: a credential has the unknown version %d", r.Version)
	}
	return r, nil
}

// keyOf is the Key of the credential with that ID.
func keyOf(id []byte) string {
	sum := sha256.Sum256(id)
	return hex.EncodeToString(sum[:])
}

// handleOf is the user handle of a user: opaque, and of 32 bytes whatever an ID
// is (WebAuthn 3, section 14.6.1).
func handleOf(userID string) []byte {
	sum := sha256.Sum256([]byte("latchkey passkey v1\x00" + userID))
	return sum[:]
}

// of reports whether the passkey is that user's, and not one's who had the ID
// before.
func (r record) of(u *core.User) bool {
	return r.Born == 0 || u.CreatedAt.IsZero() || u.CreatedAt.UnixMicro() <= r.Born
}

// library returns the record as the library wants it.
func (r record) library() webauthn.Credential {
	c := webauthn.Credential{
		ID: r.ID, PublicKey: r.PublicKey,
		Flags:         webauthn.CredentialFlags{UserVerified: r.Verified, BackupEligible: r.Synced, BackupState: r.BackedUp},
		Authenticator: webauthn.Authenticator{AAGUID: r.Model, SignCount: r.Count},
	}
	for _, t := range r.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// owner is a user as the library wants them, with some of their passkeys.
type owner struct {
	id, name string
	keys     []webauthn.Credential
}

func ownerOf(u core.AnyUser, keys ...record) owner {
	o := owner{id: u.Base().ID, name: naming.Of(u)}
	for _, k := range keys {
		o.keys = append(o.keys, k.library())
	}
	return o
}

func (o owner) WebAuthnID() []byte                         { return handleOf(o.id) }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// descriptors list the passkeys for a browser.
func (o owner) descriptors() []protocol.CredentialDescriptor {
	return webauthn.Credentials(o.keys).CredentialDescriptors()
}

// passkeys returns those of a user.
func passkeys(ctx context.Context, store core.CredentialStore, u core.AnyUser) ([]record, error) {
	rows, err := store.List(ctx, Kind, u.Base().ID)
	if err != nil {
		return nil, err
	}
	var all []record
	for _, row := range rows {
		r, err := decode(row.Data)
		if err != nil {
			return nil, err
		}
		if r.of(u.Base()) {
			all = append(all, r)
		}
	}
	return all, nil
}

// purge removes all credentials of the kinds, and returns how many there were.
func purge(ctx context.Context, store core.CredentialStore, userID string, kinds ...string) (removed int, err error) {
	rows, err := store.List(ctx, "", userID)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if !slices.Contains(kinds, row.Kind) {
			continue
		}
		switch err := store.Delete(ctx, row.Kind, row.Owner, row.ID); {
		case err == nil:
			removed++
		case !errors.Is(err, core.ErrNotFound):
			return removed, err
		}
	}
	return removed, nil
}
