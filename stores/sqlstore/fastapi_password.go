package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// A user without a password has an empty hash, which the service cannot read: a
// login there would be a failure of the service. So such a user has a hash in
// the table that is one, with the service's parameters, and that no password
// has: its tag is made from its salt by SHA-256, not by Argon2id. By that it is
// known again, with no column of its own, until either side sets a password.
const unusableParams = "$argon2id$v=19$m=65536,t=3,p=4$"

func unusable(salt [16]byte) core.PasswordHash {
	b64 := base64.RawStdEncoding
	tag := sha256.Sum256(append([]byte("latchkey: no password"), salt[:]...))
	return core.PasswordHash(unusableParams + b64.EncodeToString(salt[:]) + "$" + b64.EncodeToString(tag[:]))
}

// usable is a hash as it is read: "" for an unusable one.
func usable(hash core.PasswordHash) core.PasswordHash {
	if !strings.HasPrefix(string(hash), unusableParams) {
		return hash
	}
	salt, _, _ := strings.Cut(string(hash[len(unusableParams):]), "$")
	raw, err := base64.RawStdEncoding.DecodeString(salt)
	if err == nil && len(raw) == 16 && unusable([16]byte(raw)) == hash {
		return ""
	}
	return hash
}

// hash is a user's hash as the table has it. An unusable one stays the same as
// long as the user does, since a reset token of the service's is bound to it.
func (a *adoption) hash(u *core.User) (core.PasswordHash, error) {
	if a == nil || u.HashedPassword != "" {
		return u.HashedPassword, nil
	}
	digest := core.Digest("latchkey: no password of " + u.ID)
	salt := [16]byte(digest[:16])
	if u.ID == "" { // the database is going to make one
		if _, err := io.ReadFull(a.s.opts.Random, salt[:]); err != nil {
			return "", wrap("make a hash", err)
		}
	}
	return unusable(salt), nil
}

// fillHashes sets the hash of users whom an earlier release made without a
// password.
func (a *adoption) fillHashes(ctx context.Context) error {
	var ids []string
	err := a.s.each(ctx, a.withoutHash, nil, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	for _, id := range ids {
		if err != nil {
			return err
		}
		var hash core.PasswordHash
		if hash, err = a.hash(&core.User{ID: id}); err == nil {
			_, err = a.s.exec(ctx, a.setHash, string(hash), a.s.opts.IDs.arg(id))
		}
	}
	if err != nil {
		return fmt.Errorf("sqlstore: users without a password: %w", err)
	}
	return nil
}
