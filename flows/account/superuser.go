package account

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// errGone says that the superuser who was to stay is none any more.
var errGone = errors.New("the other superuser is gone")

// leaveTries bound how many superusers may leave while one is found who stays.
const leaveTries = 10

// writer runs do by commit. leaves reports whether a superuser would be none,
// or inactive, after it.
type writer func(ctx context.Context, e *core.Event, commit core.Commit, leaves bool,
	do func(context.Context) error) error

// unbound is the writer of changes that keep no superuser.
func unbound(ctx context.Context, _ *core.Event, commit core.Commit, _ bool, do func(context.Context) error) error {
	return commit(ctx, do)
}

// keeper keeps the last active superuser from leaving: 409 LAST_SUPERUSER. One
// who removes another stays, so only those who leave themselves are looked at.
type keeper struct {
	svc *core.Services
	// leaving is held while somebody leaves or is removed, where no
	// transaction keeps another from leaving too. (Between processes over
	// such a store nothing does.)
	leaving sync.Mutex
}

func (k *keeper) write(
	ctx context.Context, e *core.Event, commit core.Commit, leaves bool, do func(context.Context) error,
) error {
	c, svc := core.CurrentFrom(ctx), k.svc
	if leaves && !svc.Users.Atomic() {
		k.leaving.Lock()
		defer k.leaving.Unlock()
	}
	id := e.User.Base().ID
	if !leaves || c.Session.UserID != id || !c.User.Base().IsSuperuser {
		return commit(ctx, do)
	}
	for range leaveTries {
		other, err := another(ctx, svc, id)
		if err != nil {
			return err
		}
		e.Locks = []string{other}
		err = commit(ctx, func(ctx context.Context) error {
			u, err := svc.Users.Find(ctx, core.ByID(other))
			if err != nil {
				return err
			}
			if b := u.Base(); b.Blocked(svc.Env.Now()) || !b.IsSuperuser {
				return errGone
			}
			return do(ctx)
		})
		if !errors.Is(err, errGone) && !errors.Is(err, core.ErrNotFound) { // the caller's absence is a 401
			return err
		}
	}
	return core.Unavailable(errGone)
}

// another returns the ID of an active superuser beside the one with that ID.
func another(ctx context.Context, svc *core.Services, id string) (string, error) {
	users, _, err := svc.Users.List(ctx, core.Query{Active: new(true), Superuser: new(true), Limit: 100})
	if err != nil {
		return "", err
	}
	for _, u := range users {
		if b := u.Base(); b.ID != id && !b.Blocked(svc.Env.Now()) {
			return u.Base().ID, nil
		}
	}
	return "", &core.Error{Status: http.StatusConflict, Code: core.CodeLastSuperuser}
}
