package totp

import (
	"context"
	"encoding/json"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/rekey"
	"github.com/latchkey-go/latchkey/internal/seal"
)

// Rekey implements core.Rekeyer. A secret whose key is gone is an error.
func (f Flow) Rekey(ctx context.Context) (resealed int, err error) {
	ring, err := seal.New(f.svc.Vault...)
	if err != nil {
		return 0, err
	}
	return rekey.Run(ctx, f.svc.Credentials, kind, func(c *core.Credential) (bool, error) {
		var data row
		if err := json.Unmarshal(c.Data, &data); err != nil {
			return false, err
		}
		if ring.Current(data.Secret) {
			return false, nil
		}
		secret, err := ring.Open(data.Secret, place(c.Owner))
		if err != nil {
			return false, err
		}
		data.Secret = ring.Seal(secret, place(c.Owner))
		c.Data, err = json.Marshal(data)
		return true, err
	})
}
