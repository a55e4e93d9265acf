// Package rekey seals the credentials of a kind anew, page by page.
//
//	n, err := rekey.Run(ctx, store, "totp",
//		func(c *core.Credential) (changed bool, err error) { … })
package rekey

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

const page = 100

// Run calls reseal for each credential of a kind, in an Update of it where it
// returned true for a copy. It returns how many it changed. One that is removed
// meanwhile is passed over. One that cannot be sealed anew is core.ErrInvalid,
// once all others have been.
func Run(
	ctx context.Context, store core.CredentialStore, kind string, reseal func(*core.Credential) (changed bool, err error),
) (n int, err error) {
	pager, ok := core.As[core.CredentialPager](store)
	if !ok {
		return 0, errors.New("rekey: the credential store is no core.CredentialPager")
	}
	var left error
	for after := ""; ; {
		all, err := pager.Page(ctx, kind, after, page)
		if err != nil || len(all) == 0 {
			return n, errors.Join(err, left)
		}
		for _, c := range all {
			after = c.Key
			changed, err := reseal(c)
			if err != nil {
				left = fmt.Errorf("%w: %s of user %s: %w", core.ErrInvalid, kind, c.Owner, err)
			}
			if err != nil || !changed {
				continue
			}
			_, err = store.Update(ctx, kind, c.Owner, c.ID, func(c *core.Credential) error {
				_, err := reseal(c)
				return err
			})
			if errors.Is(err, core.ErrNotFound) {
				continue
			}
			if err != nil {
				return n, err
			}
			n++
		}
	}
}
