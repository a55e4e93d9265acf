package latchkey

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// withCredentials deletes a user's credentials before the user. Where they are
// in the user store's database, that is part of its transaction; elsewhere a
// crash between the two leaves a user without credentials, never the reverse.
type withCredentials struct {
	core.Users
	credentials core.CredentialStore
}

// Delete implements core.Users. A user whose credentials cannot be deleted
// stays.
func (w withCredentials) Delete(ctx context.Context, id string) error {
	if err := deleteCredentials(ctx, w.credentials, id); err != nil {
		return err
	}
	return w.Users.Delete(ctx, id)
}

// leftovers deletes what a request that was under way has added to the
// credentials of a user while they were deleted.
type leftovers struct{ credentials core.CredentialStore }

// On implements core.Listener.
func (l leftovers) On(_ context.Context, svc *core.Services, e core.Event) {
	if e.Kind != core.EventDeleted {
		return
	}
	id := e.User.Base().ID
	svc.Jobs.Enqueue("delete credentials", func(ctx context.Context) error {
		return deleteCredentials(ctx, l.credentials, id)
	})
}

func deleteCredentials(ctx context.Context, s core.CredentialStore, owner string) error {
	all, err := s.List(ctx, "", owner)
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := s.Delete(ctx, c.Kind, c.Owner, c.ID); err != nil && !errors.Is(err, core.ErrNotFound) {
			return err
		}
	}
	return nil
}
