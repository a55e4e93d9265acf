package adding_test

import (
	"context"
	"errors"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/adding"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

var errLate = errors.New("the commit has failed")

// kept are credentials, whose deletion fails as often as it says.
type kept struct {
	*memstore.Credentials
	fails int
}

func (k *kept) Delete(ctx context.Context, kind, owner, id string) error {
	if k.fails--; k.fails >= 0 {
		return errors.New("down")
	}
	return k.Credentials.Delete(ctx, kind, owner, id)
}

// queue keeps jobs.
type queue struct{ jobs []func(context.Context) error }

func (q *queue) Enqueue(_ string, do func(context.Context) error)     { q.jobs = append(q.jobs, do) }
func (q *queue) EnqueueMail(_ string, do func(context.Context) error) { q.jobs = append(q.jobs, do) }

// commits returns a Commit whose runs end so, each after what it was given.
func commits(ends ...error) core.Commit {
	return func(ctx context.Context, do func(context.Context) error) (err error) {
		for _, end := range ends {
			if err = do(ctx); err == nil {
				err = end
			}
		}
		return err
	}
}

func TestCommit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		commit core.Commit
		fails  int // deletions
		err    error
		left   int
		later  int // once the jobs have run
	}{
		"it succeeds":                       {commit: commits(nil), left: 1, later: 1},
		"it fails at the end":               {commit: commits(errLate), err: errLate},
		"it is run again":                   {commit: commits(errLate, nil), left: 1, later: 1},
		"it is run again, and fails":        {commit: commits(errLate, errLate), err: errLate},
		"it fails, and so does the undoing": {commit: commits(errLate), fails: 1, err: errLate, left: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, jobs := &kept{memstore.NewCredentials(nil), c.fails}, &queue{}
			svc := &core.Services{Credentials: store, Jobs: jobs}
			var id string
			err := adding.Commit(t.Context(), svc, c.commit, func(ctx context.Context, create adding.Create) (err error) {
				id, err = create(ctx, core.Credential{Owner: "ada", Kind: "totp", Key: "ada"}, 1)
				return err
			})
			if !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			left := func(want int) {
				t.Helper()
				all, err := store.List(t.Context(), "totp", "ada")
				if err != nil || len(all) != want || want == 1 && all[0].ID != id {
					t.Errorf("%v are left, %v; want %d", all, err, want)
				}
			}
			left(c.left)
			for _, job := range jobs.jobs {
				if err := job(t.Context()); err != nil {
					t.Error(err)
				}
			}
			left(c.later)
		})
	}
}

// What was there before stays.
func TestCommitTakesBackWhatItHasStoredAlone(t *testing.T) {
	t.Parallel()
	store := memstore.NewCredentials(nil)
	svc := &core.Services{Credentials: store, Jobs: &queue{}}
	c := core.Credential{Owner: "ada", Kind: "totp", Key: "ada"}
	before := c
	if err := store.Create(t.Context(), &before, 0); err != nil {
		t.Fatal(err)
	}
	err := adding.Commit(t.Context(), svc, commits(nil), func(ctx context.Context, create adding.Create) error {
		_, err := create(ctx, c, 0)
		return err
	})
	if !errors.Is(err, core.ErrTaken) {
		t.Errorf("got %v", err)
	}
	if _, err := store.Find(t.Context(), "totp", "ada"); err != nil {
		t.Errorf("what was there: %v", err)
	}
}
