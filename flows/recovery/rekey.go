package recovery

import (
	"context"
	"encoding/json"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/rekey"
	"github.com/latchkey-go/latchkey/internal/seal"
)

// Rekey implements core.Rekeyer. Digests whose key is gone are an error.
func (f Flow) Rekey(ctx context.Context) (resealed int, err error) {
	if f.ring, err = seal.New(f.svc.Vault...); err != nil {
		return 0, err
	}
	return rekey.Run(ctx, f.svc.Credentials, kind, func(c *core.Credential) (bool, error) {
		var data row
		if err := json.Unmarshal(c.Data, &data); err != nil {
			return false, err
		}
		if f.ring.Current(data.Sealed) {
			return false, nil
		}
		digests, err := f.digests(c)
		if err != nil {
			return false, err
		}
		c.Data, err = f.data(c.Owner, digests)
		return true, err
	})
}
