// Package adding commits changes that add a credential, and takes back what one
// has stored that is undone: also where the credentials are in another database
// than the users, so that no transaction of the users takes it back.
//
//	commit, err := svc.Events.Begin(ctx, event)
//	…
//	err = adding.Commit(ctx, svc, commit,
//		func(ctx context.Context, create adding.Create) (err error) {
//			… // the user's row first: little is left to go wrong
//			event.Target, err = create(ctx, credential, 0)
//			return err
//		})
package adding

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// Create is CredentialStore.Create for one run of a change. It returns the ID.
type Create func(ctx context.Context, c core.Credential, max int) (id string, err error)

// Commit runs do in commit, and again where that does. The credentials that a
// run has stored are deleted before the next one, and after an error: by a job,
// where they cannot be at once.
func Commit(
	ctx context.Context, svc *core.Services, commit core.Commit, do func(context.Context, Create) error,
) error {
	var stored []core.Credential
	err := commit(ctx, func(ctx context.Context) error {
		if err := takeBack(ctx, svc, stored); err != nil {
			return err
		}
		stored = nil
		return do(ctx, func(ctx context.Context, c core.Credential, max int) (string, error) {
			if err := svc.Credentials.Create(ctx, &c, max); err != nil {
				return "", err
			}
			stored = append(stored, c)
			return c.ID, nil
		})
	})
	if err == nil || len(stored) == 0 {
		return err
	}
	if failed := takeBack(context.WithoutCancel(ctx), svc, stored); failed != nil {
		svc.Jobs.Enqueue("a credential to be taken back", func(ctx context.Context) error {
			return takeBack(ctx, svc, stored)
		})
	}
	return err
}

func takeBack(ctx context.Context, svc *core.Services, stored []core.Credential) error {
	for _, c := range stored {
		err := svc.Credentials.Delete(ctx, c.Kind, c.Owner, c.ID)
		if err != nil && !errors.Is(err, core.ErrNotFound) { // a transaction has undone it, or the user is gone
			return err
		}
	}
	return nil
}
