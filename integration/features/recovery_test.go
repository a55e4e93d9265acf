package features_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// recovery is a factor that never asks: ten codes, each of which replaces a
// lost thing once. One row has the digests of all, so that a use and a new set
// are one atomic write each.
type recovery struct{ svc *core.Services }

const recoveryCodes = 10

func (*recovery) Name() string     { return core.MethodRecovery }
func (*recovery) PerBackend() bool { return true }
func (*recovery) Method() string   { return core.MethodRecovery }

func (*recovery) Asks(context.Context, core.AnyUser, []core.Proof) (bool, error) { return false, nil }

// Offers itself while codes are left.
func (f *recovery) Offers(ctx context.Context, u core.AnyUser, _ []core.Proof) (bool, error) {
	c, err := f.svc.Credentials.Find(ctx, core.MethodRecovery, u.Base().ID)
	if errors.Is(err, core.ErrNotFound) {
		return false, nil
	}
	return err == nil && len(c.Data) > 0, err
}

func (f *recovery) Routes(svc *core.Services) ([]core.Route, error) {
	f.svc = svc
	name := "recovery:" + svc.Backend.Name
	return []core.Route{
		{
			Name: name + ".codes", Method: http.MethodPost, Pattern: "/recovery-codes",
			Guards: []core.Guard{svc.Security.Secure()},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				codes, err := f.renew(ctx, svc, core.CurrentFrom(ctx).User)
				if err != nil {
					return nil, err
				}
				return core.JSON(http.StatusOK, map[string][]string{"codes": codes})
			},
		},
		{
			Name: name + ".prove", Method: http.MethodPost, Pattern: "/recovery", Public: true,
			Handle: with(func(ctx context.Context, r *core.Request, in core.Object) (core.Admission, error) {
				return svc.Gate.Continue(ctx, text(in, "pending"), r, f.prove(svc, in))
			}),
		},
	}, nil
}

// renew replaces a user's codes by new ones.
func (f *recovery) renew(ctx context.Context, svc *core.Services, u core.AnyUser) (codes []string, err error) {
	var digests []byte
	for range recoveryCodes {
		raw, digest, err := core.NewSecret(svc.Env.Random)
		if err != nil {
			return nil, err
		}
		codes, digests = append(codes, raw), append(digests, digest[:]...)
	}
	id := u.Base().ID
	e := &core.Event{Kind: "factor.added", Method: core.MethodRecovery, User: u}
	return codes, svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		c, err := svc.Credentials.Find(ctx, core.MethodRecovery, id)
		if errors.Is(err, core.ErrNotFound) {
			return svc.Credentials.Create(ctx, &core.Credential{
				Owner: id, Kind: core.MethodRecovery, Key: id, Data: digests, Created: svc.Env.Now(),
			}, 1)
		}
		if err != nil {
			return err
		}
		_, err = svc.Credentials.Update(ctx, c.Kind, c.Owner, c.ID, func(c *core.Credential) error {
			c.Data = digests
			return nil
		})
		return err
	})
}

// prove takes a code out of the row under its lock.
func (f *recovery) prove(svc *core.Services, in core.Object) core.Prove {
	return func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		digest := core.Digest(text(in, "code"))
		c, err := svc.Credentials.Find(ctx, core.MethodRecovery, u.Base().ID)
		if err == nil {
			_, err = svc.Credentials.Update(ctx, c.Kind, c.Owner, c.ID, func(c *core.Credential) error {
				for i := 0; i < len(c.Data); i += len(digest) {
					if bytes.Equal(c.Data[i:i+len(digest)], digest[:]) {
						c.Data = append(c.Data[:i:i], c.Data[i+len(digest):]...)
						return nil
					}
				}
				return core.Refuse("FACTOR_BAD_CODE")
			})
		}
		if errors.Is(err, core.ErrNotFound) {
			err = core.Refuse("FACTOR_BAD_CODE")
		}
		return core.Proof{Method: core.MethodRecovery, At: svc.Env.Now()}, err
	}
}
