package newcomer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/newcomer"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// editing is an Events whose hook edits the user.
type editing struct {
	core.Events
	edit func(*core.User)
}

func (e editing) Begin(ctx context.Context, event *core.Event) (core.Commit, error) {
	e.edit(event.User.Base())
	return e.Events.Begin(ctx, event)
}

func TestIntroduce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verified bool
		edit     func(*core.User)
		key      string
		still    bool // verified
	}{
		"as they are":                  {true, func(*core.User) {}, "ada@example.org", true},
		"another spelling":             {true, func(u *core.User) { u.Email = " Ada@Example.org " }, "ada@example.org", true},
		"another address":              {true, func(u *core.User) { u.Email = "eve@example.org" }, "eve@example.org", false},
		"not verified":                 {false, func(*core.User) {}, "ada@example.org", false},
		"the application vouches":      {false, func(u *core.User) { u.IsVerified = true }, "ada@example.org", true},
		"the application vouches, too": {false, func(u *core.User) { u.Email, u.IsVerified = "eve@example.org", true }, "eve@example.org", true},
		"no address":                   {true, func(u *core.User) { u.Email = "eve" }, "", false},
	} {
		s := servicetest.New(t)
		s.Events = editing{s.Events, c.edit}
		u := &servicetest.Account{User: core.User{
			Email: "ada@example.org", EmailKey: "ada@example.org", IsVerified: c.verified,
		}}
		commit, err := newcomer.Introduce(t.Context(), s.Services, &core.Event{Kind: core.EventRegistered, User: u})
		if c.key == "" {
			if e, ok := errors.AsType[*core.Error](err); !ok || e.Status != 422 {
				t.Errorf("%s: got %v, want 422", name, err)
			}
			continue
		}
		if err == nil {
			err = commit(t.Context(), func(ctx context.Context) error { return s.Store.Create(ctx, u) })
		}
		if err != nil || u.EmailKey != c.key || u.IsVerified != c.still {
			t.Errorf("%s: %q, verified %t, %v; want %q, %t", name, u.EmailKey, u.IsVerified, err, c.key, c.still)
		}
		if kinds := s.Happened(); len(kinds) != 1 {
			t.Errorf("%s: %v has happened", name, kinds)
		}
	}
	s := servicetest.New(t)
	s.Refuse = core.Refuse("NOT_NOW")
	_, err := newcomer.Introduce(t.Context(), s.Services, &core.Event{User: &servicetest.Account{}})
	if !errors.Is(err, core.Refuse("NOT_NOW")) {
		t.Errorf("refused: got %v", err)
	}
}
